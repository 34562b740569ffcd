"""Options and help texts that several commands share."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

HomeOption = Annotated[
    Path | None,
    typer.Option(
        "--home",
        help="Home directory. Default: TAILRACE_HOME, else ./tailrace-home.",
        show_default=False,
        file_okay=False,
    ),
]

StoreOption = Annotated[
    str | None,
    typer.Option(
        "--store",
        help="PostgreSQL database that holds the store. Default: TAILRACE_STORE, else a file of the home.",
        metavar="URL",
        show_default=False,
    ),
]

LakeOption = Annotated[
    str | None,
    typer.Option(
        "--lake",
        help="Object storage for the activities. Default: TAILRACE_LAKE, else what the home remembers.",
        metavar="ADDRESS",
        show_default=False,
    ),
]

JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON document for scripts.")]


def group(help_text: str) -> typer.Typer:
    """A command of commands; called without one, it shows its help."""
    return typer.Typer(help=help_text, no_args_is_help=True, rich_markup_mode=None)


def example(*lines: str) -> str:
    """The end of a help text: what to type. The mark keeps its lines from being joined."""
    return "\n".join(("\b", "Example:", *(f"  {line}" for line in lines)))
