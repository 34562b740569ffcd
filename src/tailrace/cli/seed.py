"""`tailrace seed`: sample data of any size."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, example

EPILOG = example("tailrace seed --leads 1000 --activities 20000 --days 31 --home ./tailrace-home")


def seed(
    home: HomeOption = None,
    is_json: JsonOption = False,
) -> None:
    """Sample data."""
