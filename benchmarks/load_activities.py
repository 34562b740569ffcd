"""Loading activities: the CSV of a month in order of time, as a bulk extract writes it.

Each round runs `tailrace load activities` in a fresh process on a fresh home. Between the rounds a
fixed piece of work is timed, which tells how much of the spread is the machine's.

    .venv/bin/python -m benchmarks.load_activities --rows 2000000 --rounds 5

The aim is at least 300,000 rows a second on two cores, in memory that does not grow with the rows.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import shutil
import statistics
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measurement import measured

if TYPE_CHECKING:
    from collections.abc import Sequence

    from benchmarks.measurement import Measurement

# Heavy libraries are imported in the process that needs them: the parent's memory would count
# as its children's.

UNTIL = datetime(2026, 11, 1, tzinfo=UTC)
DAYS = 31
LEADS = 100_000
TARGET_ROWS_PER_SECOND = 300_000
FIXED_WORK_BYTES = 512 * 1024 * 1024


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=2_000_000, help="activities in the file")
    parser.add_argument("--rounds", type=int, default=5, help="loads")
    parser.add_argument("--directory", type=Path, help="keep the file here and use it again")
    parser.add_argument("--generate", type=Path, help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.generate is not None:
        generate(arguments.generate, arguments.rows)
        return
    with tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as temporary:
        directory = arguments.directory or Path(temporary)
        load_again_and_again(directory, arguments.rows, arguments.rounds)


def load_again_and_again(directory: Path, rows: int, rounds: int) -> None:
    """Make the file unless it is there, load it into one home after the other, print the table."""
    file = directory / f"activities-{rows}.csv"
    if not file.exists():
        module = [sys.executable, "-m", "benchmarks.load_activities", "--rows", str(rows)]
        measured([*module, "--generate", str(file)])
    size = file.stat().st_size
    print(f"{rows:,} rows, {size / 1e6:,.0f} MB, {size / rows:.0f} bytes a row")
    runs: list[Measurement] = []
    fixed_work = [_fixed_work_seconds()]
    for _ in range(rounds):
        runs.append(_load(directory / "home", file))
        fixed_work.append(_fixed_work_seconds())
        print(
            f"  {runs[-1].wall_seconds:6.2f} s {rows / runs[-1].wall_seconds:10,.0f} rows a second"
            f"   fixed work {fixed_work[-1]:.2f} s"
        )
    _print_summary(rows, runs, fixed_work)


def _load(home: Path, file: Path) -> Measurement:
    command = [str(Path(sys.executable).parent / "tailrace"), "load", "activities", str(file)]
    # The sample's own activity types are not in a fresh home.
    options = ["--home", str(home), "--register-types", "--json"]
    try:
        return measured([*command, *options])
    finally:
        shutil.rmtree(home)
        os.sync()


def _fixed_work_seconds() -> float:
    block = bytes(1024 * 1024)
    started = time.perf_counter()
    digest = hashlib.sha256()
    for _ in range(FIXED_WORK_BYTES // len(block)):
        digest.update(block)
    return time.perf_counter() - started


def _print_summary(rows: int, runs: Sequence[Measurement], fixed_work: Sequence[float]) -> None:
    rates = sorted(rows / run.wall_seconds for run in runs)
    cpu_seconds = statistics.median(run.cpu_seconds for run in runs)
    peak = max(run.peak_megabytes for run in runs)
    print(
        f"median {statistics.median(rates):,.0f} rows a second"
        f" ({rates[0]:,.0f} to {rates[-1]:,.0f}), start of the process included"
    )
    print(
        f"processor seconds for a million rows {cpu_seconds / rows * 1e6:.1f}, peak {peak:.0f} MB"
    )
    noise = max(fixed_work) / min(fixed_work)
    print(f"the same fixed work took up to {noise:.2f} times its shortest time meanwhile")
    print(f"aim: at least {TARGET_ROWS_PER_SECOND:,} rows a second")


def generate(file: Path, rows: int) -> None:
    """A file of sample activities in the columns of a bulk extract."""
    from tailrace.app import open_application
    from tailrace.domain.export_request import DEFAULT_ACTIVITY_FIELDS
    from tailrace.sample.assets import make_assets
    from tailrace.sample.happenings import Happenings
    from tailrace.sample.people import People
    from tailrace.sample.plan import SeedPlan
    from tailrace.settings import Settings

    plan = SeedPlan(leads=LEADS, activities=rows, days=DAYS, until=UNTIL)
    with tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as home:
        application = open_application(Settings(home=Path(home)))
        subscription_id = application.subscriptions.default_id()
        with application.database.write() as connection:
            assets = make_assets(connection, subscription_id, plan)
        application.close()
    people = People(plan, 1, [one.id for one in assets.programs], len(assets.static_lists))
    part = file.with_suffix(".part")
    with part.open("wb") as out:
        out.write(",".join(DEFAULT_ACTIVITY_FIELDS).encode() + b"\n")
        for frame in Happenings(plan, people, assets, first_guid=1).frames():
            frame.select(DEFAULT_ACTIVITY_FIELDS).sort("marketoGUID").write_csv(
                out,
                include_header=False,
                null_value="null",
                datetime_format="%Y-%m-%dT%H:%M:%SZ",
            )
    part.rename(file)


if __name__ == "__main__":
    main()
