"""`tailrace load assets`: a whole subscription out of YAML or CSV files."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example
from tailrace.domain.asset_entries import EntryKind

if TYPE_CHECKING:
    from tailrace.ingest.assets import AssetLoadReport

Files = Annotated[
    list[Path],
    typer.Argument(
        help="YAML, or CSV of one kind that the name tells: programs.csv, list-members.csv.",
        show_default=False,
    ),
]

KindOption = Annotated[
    EntryKind | None,
    typer.Option("--kind", help="What CSV files hold whose names do not tell."),
]

EPILOG = example(
    "tailrace load assets subscription.yaml --home ./tailrace-home",
    "tailrace load assets programs.csv forms.csv --home ./tailrace-home --json",
)


def assets(
    files: Files,
    home: HomeOption = None,
    store: StoreOption = None,
    kind: KindOption = None,
    is_json: JsonOption = False,
) -> None:
    """Load fields, channels, programs, campaigns, lists, forms, smart lists and members.

    What is there already, by its name and program, is changed where it differs; what a file leaves
    out stays. Loading the same file again changes nothing. A file is loaded whole or not at all: a
    bad entry is told with its line, its field and what is wrong.
    """
    from tailrace.cli.home import opened_home
    from tailrace.ingest.assets import load_assets

    with opened_home(home, store=store) as application:
        report = load_assets(application, files, kind)
    _print_report(report, is_json=is_json)


def _print_report(report: AssetLoadReport, *, is_json: bool) -> None:
    from tailrace.cli.output import print_json, print_table
    from tailrace.domain.asset_entries import Outcome

    counts = {
        kind.value: {outcome.value: found[outcome] for outcome in Outcome}
        for kind, found in report.counts.items()
    }
    if is_json:
        print_json(counts)
        return
    headings = ("KIND", *(outcome.value.upper() for outcome in Outcome))
    print_table(headings, [(kind, *found.values()) for kind, found in counts.items()])
