"""Activity export against DuckDB: one month, all types, from the same Parquet files.

Each round runs, each in a fresh process:
  tailrace  `write_export` from the lake into a published result file (read, sort, render, hash, sync)
  duckdb    `COPY (SELECT …) TO csv` from the same files, unsorted, then `sha256sum`

    .venv/bin/python -m benchmarks.activity_export --rows 10000000 --rounds 5

Take the ratio, not the seconds: it should be at most 0.7, with at most 600 MB of memory.
"""

from __future__ import annotations

import argparse
import os
import shutil
import statistics
import sys
import tempfile
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measurement import measured

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from benchmarks.measurement import Measurement
    from tailrace.domain.export_request import ExportRequest

# Heavy libraries are imported in the processes that need them: the parent's memory would count
# as its children's.

MONTH_START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 31
SECONDS_PER_DAY = 86_400
BATCH_ROWS = 330_000
TARGET_RATIO = 0.7
TARGET_MEGABYTES = 600


def main() -> None:
    arguments = _arguments()
    if arguments.step is not None:
        {"generate": generate, "tailrace": export, "duckdb": copy}[arguments.step](
            arguments.home, arguments.rows
        )
        return
    with tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as temporary:
        home = arguments.home or Path(temporary)
        compare(home, arguments.rows, arguments.rounds)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--rows", type=int, default=10_000_000, help="activities in the lake")
    parser.add_argument("--rounds", type=int, default=5, help="runs of each side, alternating")
    parser.add_argument("--home", type=Path, help="keep the data here and use it again")
    parser.add_argument(
        "--step", choices=("generate", "tailrace", "duckdb"), help=argparse.SUPPRESS
    )
    return parser.parse_args()


def compare(home: Path, rows: int, rounds: int) -> None:
    """Generates the data unless it is there, alternates the two sides, prints the table."""
    if not (home / f"generated-{rows}").exists():
        generated = _measured_step("generate", home, rows)
        print(f"generated {rows:,} activities in {generated.wall_seconds:.1f} s")
        print(f"  peak memory of generating {generated.peak_megabytes:.0f} MB")
    ours: list[Measurement] = []
    theirs: list[Measurement] = []
    for _ in range(rounds):
        _clear(home)
        ours.append(_measured_step("tailrace", home, rows))
        _clear(home)
        theirs.append(_measured_step("duckdb", home, rows) + measured(_checksum_command(home)))
        print(
            f"  tailrace {ours[-1].wall_seconds:6.2f} s   duckdb {theirs[-1].wall_seconds:6.2f} s"
        )
    _print_table(ours, theirs)


def _print_table(ours: list[Measurement], theirs: list[Measurement]) -> None:
    print(f"\n{'':10}{'median s':>10}{'min-max s':>16}{'CPU s':>8}{'peak MB':>9}")
    for name, runs in (("tailrace", ours), ("duckdb", theirs)):
        walls = [run.wall_seconds for run in runs]
        cpu = statistics.median(run.cpu_seconds for run in runs)
        peak = max(run.peak_megabytes for run in runs)
        spread = f"{min(walls):.2f}-{max(walls):.2f}"
        print(f"{name:10}{statistics.median(walls):10.2f}{spread:>16}{cpu:8.1f}{peak:9.0f}")
    ratio = statistics.median(
        mine.wall_seconds / yours.wall_seconds for mine, yours in zip(ours, theirs, strict=True)
    )
    print(f"median ratio of a round {ratio:.2f} (aim: at most {TARGET_RATIO})")
    print(f"memory aim: at most {TARGET_MEGABYTES} MB")


def _clear(home: Path) -> None:
    """Neither side pays for deleting or writing back what the other has left."""
    shutil.rmtree(home / "files", ignore_errors=True)
    _duckdb_file(home).unlink(missing_ok=True)
    os.sync()


def _measured_step(step: str, home: Path, rows: int) -> Measurement:
    module = [sys.executable, "-m", "benchmarks.activity_export"]
    return measured([*module, "--step", step, "--home", str(home), "--rows", str(rows)])


# The two sides.


def export(home: Path, _rows: int) -> None:
    """One export job's work: from the lake into a published file."""
    from tailrace.domain.export_job import ExportId, SubscriptionId
    from tailrace.extract.activity_source import ActivitySource
    from tailrace.extract.pipeline import write_export
    from tailrace.files.directory import FileDirectory
    from tailrace.lake.activity_log import ActivityLog

    directory = FileDirectory(home / "files")
    source = ActivitySource(ActivityLog(_lake(home)).snapshot(), _request(), frozenset())
    with directory.writer(SubscriptionId(1), ExportId("benchmark"), fence=1) as out:
        write_export(source, _request(), ",", out, checkpoint=lambda: None)
        print(out.publish())


def copy(home: Path, _rows: int) -> None:
    """The same file by DuckDB, as its user would write it."""
    import duckdb

    from tailrace.domain.export_request import DEFAULT_ACTIVITY_FIELDS
    from tailrace.lake.activity_log import ActivityLog

    paths = [file.path for file in ActivityLog(_lake(home)).snapshot().files]
    connection = duckdb.connect()
    connection.execute("SET TimeZone = 'UTC'")
    columns = ", ".join(f'"{field}"' for field in DEFAULT_ACTIVITY_FIELDS)
    connection.execute(
        f"COPY (SELECT {columns} FROM read_parquet({paths!r}))"
        f" TO '{_duckdb_file(home)}' (FORMAT csv, HEADER, NULLSTR 'null',"
        " TIMESTAMPFORMAT '%Y-%m-%dT%H:%M:%SZ')"
    )


def _checksum_command(home: Path) -> list[str]:
    return ["sha256sum", str(_duckdb_file(home))]


def _duckdb_file(home: Path) -> Path:
    return home / "duckdb.csv"


def _lake(home: Path) -> Path:
    return home / "lake" / "1" / "activities"


def _request() -> ExportRequest:
    from tailrace.domain.export_request import (
        DEFAULT_ACTIVITY_FIELDS,
        ActivityFilter,
        Column,
        ExportRequest,
        InstantRange,
    )
    from tailrace.domain.file_format import FileFormat

    month = InstantRange(MONTH_START, MONTH_START + timedelta(days=DAYS, seconds=-1))
    columns = tuple(Column(field, field) for field in DEFAULT_ACTIVITY_FIELDS)
    return ExportRequest(FileFormat.CSV, columns, ActivityFilter(month))


# The data.


def generate(home: Path, rows: int) -> None:
    """Fills the lake day by day in batches of bounded size."""
    from tailrace.lake.activity_log import ActivityLog

    shutil.rmtree(home / "lake", ignore_errors=True)
    log = ActivityLog(_lake(home))
    for batch in _batches(rows):
        log.append(batch)
    (home / f"generated-{rows}").touch()


def _batches(rows: int) -> Iterator[pl.DataFrame]:
    guid = 1
    for day in range(DAYS):
        day_rows = rows * (day + 1) // DAYS - rows * day // DAYS
        parts = max(1, -(-day_rows // BATCH_ROWS))
        for part in range(parts):
            count = day_rows * (part + 1) // parts - day_rows * part // parts
            start = SECONDS_PER_DAY * part // parts
            length = SECONDS_PER_DAY * (part + 1) // parts - start
            yield _activities(guid, count, MONTH_START + timedelta(days=day, seconds=start), length)
            guid += count


def _activities(first_guid: int, count: int, start: datetime, seconds: int) -> pl.DataFrame:
    import polars as pl

    from tailrace.lake.activity_rows import ACTIVITY_SCHEMA

    def draw(seed: int, below: int) -> pl.Expr:
        return (pl.col("marketoGUID").hash(seed) % below).cast(pl.Int64)

    awkward = pl.Series(
        ['Say "hello", twice', "two\nlines", "Größe #1; ok", "null", "Ünïcødé, 日本"]
    )
    # Low numbers are frequent: from a fifth of all activities down to one in a hundred.
    type_id = ((draw(2, 1000) * draw(3, 1000)) // 25_000 + 1).cast(pl.Int32)
    microseconds = int(start.timestamp()) * 1_000_000
    return (
        pl.DataFrame({"marketoGUID": pl.int_range(first_guid, first_guid + count, eager=True)})
        .with_columns(
            leadId=draw(1, 1_000_000) + 1,
            activityTypeId=type_id,
            activityDate=(draw(4, seconds).sort() * 1_000_000 + microseconds).cast(
                pl.Datetime("us", "UTC")
            ),
            campaignId=pl.when(draw(5, 10) >= 3).then(draw(6, 900) + 1000),
            primaryAttributeValueId=type_id.cast(pl.Int64) * 1000 + draw(7, 350),
            actionResult=pl.lit("succeeded"),
        )
        .with_columns(
            primaryAttributeValue=pl.when(draw(8, 200) == 0)
            .then(pl.lit(awkward).gather(draw(9, awkward.len())))
            .otherwise(pl.format("Program {}.Asset {}", draw(10, 40), "primaryAttributeValueId")),
            attributes=_attributes(draw),
        )
        .select(*ACTIVITY_SCHEMA)
    )


def _attributes(draw: Callable[[int, int], pl.Expr]) -> pl.Expr:
    import polars as pl

    comment = pl.when(draw(20, 100) == 0).then(pl.lit(r',"Comment":"a \"quoted\", word"'))
    return pl.format(
        '{{"Client IP Address":"{}.{}.{}.{}","Query Parameters":"utm_source=mail&utm_id={}",'
        '"Referrer URL":"https://www.example.com/news/{}","User Agent":"Mozilla/5.0 (Windows NT '
        '10.0; Win64; x64) AppleWebKit/537.36 Chrome/{}.0","Webpage ID":{},"Step ID":{}{}}}',
        draw(11, 223) + 1,
        draw(12, 256),
        draw(13, 256),
        draw(14, 256),
        draw(15, 100_000),
        draw(16, 5000),
        draw(17, 40) + 100,
        draw(18, 3000),
        draw(19, 1_000_000),
        comment.otherwise(pl.lit("")),
    )


if __name__ == "__main__":
    main()
