"""`tailrace load`: leads and activities from files into a home."""

from __future__ import annotations

import gc
import os
import sys
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, LakeOption, StoreOption, example, group

if TYPE_CHECKING:
    from tailrace.ingest.loading import LoadReport
    from tailrace.ingest.source_format import SourceFormat

app = group(
    "Load leads or activities, or what they belong to (programs, lists, forms, members), from files."
)

Files = Annotated[
    list[Path],
    typer.Argument(
        help="CSV, TSV, SSV, NDJSON or Parquet, also with .gz; the name tells which.",
        show_default=False,
    ),
]

FormatOption = Annotated[
    str | None,
    typer.Option("--format", help="csv, tsv, ssv, ndjson or parquet, for names that do not tell."),
]

RejectsOption = Annotated[
    Path | None,
    typer.Option(
        "--rejects",
        help="Where rejected rows go, with line, field and reason. Default: a file in the home.",
        show_default=False,
        dir_okay=False,
    ),
]


@app.command(
    epilog=example(
        "tailrace load leads leads.csv --home ./tailrace-home --json",
        "tailrace load leads leads.csv --create-fields --rejects rejected-leads.csv",
    )
)
def leads(
    files: Files,
    home: HomeOption = None,
    store: StoreOption = None,
    file_format: FormatOption = None,
    rejects: RejectsOption = None,
    create_fields: Annotated[
        bool,
        typer.Option("--create-fields", help="Make custom text fields of unknown columns."),
    ] = False,
    is_json: JsonOption = False,
) -> None:
    """Load leads: columns by REST field name, or a file that a lead export wrote.

    A lead that is there already, by its id or else its e-mail address, is updated; `id`,
    `createdAt` and `updatedAt` are taken where the file has them. A row that cannot be loaded is
    rejected alone. Loading the same file again loads nothing twice.
    """
    from tailrace.cli.home import opened_home
    from tailrace.cli.progress import progress_bars
    from tailrace.ingest.leads import load_leads
    from tailrace.ingest.loading import LoadOptions

    options = LoadOptions(
        format=_format(file_format), reject_path=rejects, create_fields=create_fields
    )
    with opened_home(home, store=store) as application, progress_bars() as bars:
        bar = bars.begin_load("Loading leads")
        report = load_leads(application, files, options=options, progress=bar)
    _print_report("leads", report, is_json=is_json)


@app.command(
    epilog=example(
        "tailrace load activities activities.ndjson --home ./tailrace-home --json",
        "tailrace load activities activities.ndjson --register-types",
    )
)
def activities(
    files: Files,
    home: HomeOption = None,
    store: StoreOption = None,
    lake: LakeOption = None,
    file_format: FormatOption = None,
    rejects: RejectsOption = None,
    register_types: Annotated[
        bool,
        typer.Option("--register-types", help="Make activity types of unknown type ids."),
    ] = False,
    is_json: JsonOption = False,
) -> None:
    """Load activities: the columns of an activity export, or a file that one wrote.

    An activity that is there already, by its marketoGUID, is passed over. In NDJSON, `attributes`
    is an object. A row that cannot be loaded is rejected alone. Loading the same file again loads
    nothing twice.
    """
    _suit_memory_to_batches()
    from tailrace.cli.home import opened_home
    from tailrace.cli.progress import progress_bars
    from tailrace.ingest.activities import load_activities
    from tailrace.ingest.loading import LoadOptions

    options = LoadOptions(
        format=_format(file_format), reject_path=rejects, register_types=register_types
    )
    with opened_home(home, store=store, lake=lake) as application, progress_bars() as bars:
        bar = bars.begin_load("Loading activities")
        report = load_activities(application, files, options=options, progress=bar)
    _print_report("activities", report, is_json=is_json)


def _suit_memory_to_batches() -> None:
    """Make memory suit a process that does the same work with batch after batch of columns.

    To be called before Polars is imported, for that is when its allocator reads its variable.
    """
    # What one batch frees the next one takes: unless it was handed back to the system in between,
    # as is done after half a second without this, at a tenth of all the processor time.
    os.environ.setdefault("_RJEM_MALLOC_CONF", "dirty_decay_ms:5000,muzzy_decay_ms:5000")
    # Batches leave no cycles behind, and the many objects of libraries need no looking through.
    gc.set_threshold(100_000)


def _format(name: str | None) -> SourceFormat | None:
    from tailrace.ingest.source_format import SourceFormat

    if name is None:
        return None
    try:
        return SourceFormat(name.lower())
    except ValueError as error:
        raise typer.BadParameter(f"'{name}' is none of {', '.join(SourceFormat)}.") from error


def _print_report(kind: str, report: LoadReport, *, is_json: bool) -> None:
    from tailrace.cli.output import print_json, print_line

    if is_json:
        print_json(
            {
                "loaded": report.loaded,
                "rejected": report.rejected,
                "alreadyThere": report.already_there,
                "created": report.created,
                "updated": report.updated,
                "seconds": round(report.seconds, 3),
                "rowsPerSecond": round(report.rows_per_second),
                "rejectFile": None if report.reject_file is None else str(report.reject_file),
            }
        )
    else:
        changed = f" ({report.updated:,} of them changed)" if report.updated else ""
        print_line(
            f"Loaded {report.loaded:,} {kind}{changed};"
            f" {report.already_there:,} were there already; {report.rejected:,} rejected;"
            f" {report.seconds:.1f} s, {report.rows_per_second:,.0f} rows a second."
        )
    if report.reject_file is not None:
        sys.stderr.write(f"Rejected rows, with line, field and reason: {report.reject_file}\n")
