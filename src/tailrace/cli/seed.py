"""`tailrace seed`: sample data of any size."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from tailrace.cli.options import HomeOption, JsonOption, LakeOption, StoreOption, example

if TYPE_CHECKING:
    from datetime import datetime

    from tailrace.sample.plan import SeedReport

TruthOption = Annotated[
    Path | None,
    typer.Option("--truth", help="Write what was made, as JSON.", dir_okay=False),
]


LeadsOption = Annotated[int, typer.Option("--leads", min=0, help="Leads to make.")]
ActivitiesOption = Annotated[int, typer.Option("--activities", min=0, help="Activities to make.")]
DaysOption = Annotated[
    int, typer.Option("--days", min=1, help="Days over which all of it happened.")
]
UntilOption = Annotated[
    str | None,
    typer.Option(
        "--until",
        help="When it ended, as an ISO 8601 instant. Default: last midnight, UTC.",
        metavar="TIME",
    ),
]


def _asset_option(name: str, what: str) -> Any:
    # Typer's own type of an option is not public.
    return typer.Option(name, min=0, help=f"{what} to make, at the least those there always are.")


ListsOption = Annotated[int, _asset_option("--lists", "Static lists")]
ProgramsOption = Annotated[int, _asset_option("--programs", "Programs")]
CampaignsOption = Annotated[int, _asset_option("--campaigns", "Smart campaigns")]
SmartListsOption = Annotated[int, _asset_option("--smart-lists", "Smart lists")]
FormsOption = Annotated[int, _asset_option("--forms", "Forms")]

EPILOG = example(
    "tailrace seed --leads 1000 --activities 20000 --days 31 --home ./tailrace-home",
    "tailrace seed --leads 500 --activities 5000 --until 2026-02-01T00:00:00Z --seed 7 \\",
    "    --lists 350 --programs 250 --truth truth.json --json",
)


def seed(
    leads: LeadsOption = 1000,
    activities: ActivitiesOption = 20_000,
    days: DaysOption = 31,
    until: UntilOption = None,
    lists: ListsOption = 0,
    programs: ProgramsOption = 0,
    campaigns: CampaignsOption = 0,
    smart_lists: SmartListsOption = 0,
    forms: FormsOption = 0,
    number: Annotated[int, typer.Option("--seed", help="The same number makes the same data.")] = 0,
    truth: TruthOption = None,
    home: HomeOption = None,
    store: StoreOption = None,
    lake: LakeOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make sample data of any size in constant memory.

    Leads and activities with realistic attributes, and programs, campaigns, forms, static and
    smart lists to filter by; awkward names and values are among them. `--truth` writes counts of
    leads, of activities by type id, the lists and their members, to hold answers against.
    """
    from tailrace.cli.home import opened_home
    from tailrace.cli.progress import progress_bars
    from tailrace.sample.plan import SeedPlan
    from tailrace.sample.seeding import seed as make_sample_data

    plan = SeedPlan(
        leads=leads,
        activities=activities,
        days=days,
        until=_instant(until),
        seed=number,
        lists=lists,
        programs=programs,
        campaigns=campaigns,
        smart_lists=smart_lists,
        forms=forms,
    )
    with opened_home(home, store=store, lake=lake) as application, progress_bars() as bars:
        bar = bars.begin("Making sample data")
        report = make_sample_data(application, plan, truth_path=truth, progress=bar)
    _print_report(report, is_json=is_json)


def _instant(text: str | None) -> datetime:
    from datetime import UTC, datetime

    from tailrace.domain.errors import ScalarTypeError
    from tailrace.domain.instants import parse_instant

    if text is None:
        return datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    try:
        return parse_instant(text)
    except ScalarTypeError as error:
        raise typer.BadParameter(f"'{text}' is not an ISO 8601 instant.") from error


def _print_report(report: SeedReport, *, is_json: bool) -> None:
    from tailrace.cli.output import print_json, print_line

    if is_json:
        print_json(
            {
                "leads": report.leads,
                "activities": report.activities,
                "programs": report.programs,
                "forms": report.forms,
                "staticLists": report.static_lists,
                "campaigns": report.campaigns,
                "smartLists": report.smart_lists,
                "seconds": round(report.seconds, 3),
                "truthFile": None if report.truth_path is None else str(report.truth_path),
            }
        )
        return
    print_line(
        f"Made {report.leads:,} leads, {report.activities:,} activities, {report.programs} programs,"
        f" {report.campaigns} campaigns, {report.forms} forms, {report.static_lists} static and"
        f" {report.smart_lists} smart lists"
        f" in {report.seconds:.1f} s."
    )
