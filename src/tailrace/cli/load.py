"""`tailrace load`: leads and activities from files into a home."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, example, group

app = group("Load leads or activities from files.")

Files = Annotated[
    list[Path], typer.Argument(help="Files to load, in order.", show_default=False)
]


@app.command(epilog=example("tailrace load leads leads.csv --home ./tailrace-home --json"))
def leads(files: Files, home: HomeOption = None, is_json: JsonOption = False) -> None:
    """Load leads by REST field name."""


@app.command(
    epilog=example("tailrace load activities activities.ndjson --home ./tailrace-home --json")
)
def activities(files: Files, home: HomeOption = None, is_json: JsonOption = False) -> None:
    """Load activities."""
