"""Lead export: one million leads by createdAt, ten fields of which three are the subscription's own.

Each round runs one export job, from claim to Completed, in a fresh process on SQLite.

    .venv/bin/python -m benchmarks.lead_export --rows 1000000 --rounds 5

The aim is at least 250,000 rows a second, with memory that does not grow with the rows.
"""

from __future__ import annotations

import argparse
import json
import random
import sqlite3
import statistics
import sys
import tempfile
import time
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.measurement import measured

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.app import Application

MONTH_START = datetime(2026, 10, 1, tzinfo=UTC)
DAYS = 31
FIELDS = (
    "id",
    "email",
    "firstName",
    "lastName",
    "company",
    "createdAt",
    "leadScore",
    "loyaltyPoints",
    "isVip",
    "favouriteColour",
)
COLUMNS = ("id", "email", "firstName", "lastName", "company", "leadScore", "phone", "country")
TARGET_ROWS_PER_SECOND = 250_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=1_000_000, help="leads in the store")
    parser.add_argument("--rounds", type=int, default=5, help="exports")
    parser.add_argument("--home", type=Path, help="keep the data here and use it again")
    parser.add_argument("--step", choices=("generate", "export"), help=argparse.SUPPRESS)
    arguments = parser.parse_args()
    if arguments.step is not None:
        {"generate": generate, "export": export}[arguments.step](arguments.home, arguments.rows)
        return
    with tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as temporary:
        compare(arguments.home or Path(temporary), arguments.rows, arguments.rounds)


def compare(home: Path, rows: int, rounds: int) -> None:
    """Generates the data unless it is there, then measures the exports."""
    home.mkdir(parents=True, exist_ok=True)
    if not (home / f"generated-{rows}").exists():
        measured(_step("generate", home, rows))
    rates: list[float] = []
    for _ in range(rounds):
        run = measured(_step("export", home, rows))
        seconds = float((home / "seconds").read_text(encoding="utf-8"))
        rates.append(rows / seconds)
        print(f"  {seconds:6.2f} s  {rates[-1]:10,.0f} rows/s  peak {run.peak_megabytes:.0f} MB")
    print(f"median {statistics.median(rates):,.0f} rows/s (aim: {TARGET_ROWS_PER_SECOND:,})")


def _step(step: str, home: Path, rows: int) -> list[str]:
    module = [sys.executable, "-m", "benchmarks.lead_export"]
    return [*module, "--step", step, "--home", str(home), "--rows", str(rows)]


def export(home: Path, rows: int) -> None:
    """One job, from enqueue to Completed."""
    from tailrace.domain.caller import Caller
    from tailrace.domain.export_job import ApiUserId, ObjectFamily
    from tailrace.domain.job_state import JobState

    application = _application(home)
    subscription_id = application.subscriptions.default_id()
    caller = Caller(subscription_id, ApiUserId(1), "benchmark@example.com", frozenset())
    month = {"startAt": "2026-10-01T00:00:00Z", "endAt": "2026-10-31T23:59:59Z"}
    body = {"fields": list(FIELDS), "filter": {"createdAt": month}}
    job = application.jobs.create(caller, ObjectFamily.LEADS, body)
    started = time.perf_counter()
    application.jobs.enqueue(caller, ObjectFamily.LEADS, job.export_id)
    application.runner.run_pending()
    (home / "seconds").write_text(str(time.perf_counter() - started), encoding="utf-8")
    finished = application.jobs.status(caller, ObjectFamily.LEADS, job.export_id)
    assert finished.state is JobState.COMPLETED, finished.failure
    assert finished.result is not None
    assert finished.result.row_count == rows
    application.files.delete(subscription_id, finished.result.name)


def generate(home: Path, rows: int) -> None:
    """Leads in the order of their creation, written past the product's own checks."""
    from tailrace.domain.lead_fields import DataType

    application = _application(home)
    subscription_id = application.subscriptions.default_id()
    application.first_service()
    application.subscriptions.set(subscription_id, "quota_megabytes", "0")
    own = {
        "loyaltyPoints": DataType.INTEGER,
        "isVip": DataType.BOOLEAN,
        "favouriteColour": DataType.STRING,
    }
    for name, data_type in own.items():
        application.subscriptions.create_lead_field(
            subscription_id, name=name, display_name=name, data_type=data_type
        )
    names = ", ".join(f'"{name}"' for name in COLUMNS)
    statement = (
        f'INSERT INTO lead (subscription_id, "createdAt", "updatedAt", changed_at, custom, {names})'
        f" VALUES ({', '.join('?' * (5 + len(COLUMNS)))})"
    )
    with closing(sqlite3.connect(application.database.path)) as connection, connection:
        connection.executemany(statement, _leads(subscription_id, rows))
    (home / f"generated-{rows}").touch()


def _leads(subscription_id: int, rows: int) -> Iterator[tuple[object, ...]]:
    draw = random.Random(1)
    step = timedelta(days=DAYS) / (rows + 1)
    for number in range(1, rows + 1):
        moment = (MONTH_START + number * step).strftime("%Y-%m-%dT%H:%M:%SZ")
        own = {
            "loyaltyPoints": number % 1000,
            "isVip": number % 2 == 0,
            "favouriteColour": draw.choice(("red", "green", 'blue, "dark"')),
        }
        yield (
            subscription_id,
            moment,
            moment,
            moment,
            json.dumps(own),
            number,
            f"lead{number}@example.com",
            f"First{number % 1000}",
            'O"Neil' if number % 50 == 0 else "Miller",
            "Acme, Inc" if number % 3 == 0 else "Initech",
            number % 100,
            None if number % 3 else "+1 555 0100",
            "Germany",
        )


def _application(home: Path) -> Application:
    from tailrace.app import open_application
    from tailrace.settings import Settings

    return open_application(Settings(home=home))


if __name__ == "__main__":
    main()
