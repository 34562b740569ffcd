"""Sync Leads over HTTP: new leads in batches of 300, and look-ups as the subscription grows.

A server runs on a fresh home. Each round sends new leads, activities included; between the rounds
the subscription is filled up in SQL to the next size, and leads are looked up by e-mail address.

    .venv/bin/python -m benchmarks.sync_leads --leads 30000 --sizes 10000 100000 1000000 5000000

The aims: at least 2,000 new leads a second; a look-up at the largest size takes at most 1.3 times
what it takes at the smallest.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.serving import served

if TYPE_CHECKING:
    from collections.abc import Iterator

    import httpx

BATCH = 300
LOOKUPS = 600
CHUNK = 100_000
TARGET_LEADS_PER_SECOND = 2_000
TARGET_GROWTH = 1.3


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--leads", type=int, default=30_000, help="new leads of a round")
    parser.add_argument(
        "--sizes",
        type=int,
        nargs="+",
        default=[10_000, 100_000, 1_000_000, 5_000_000],
        help="leads in the subscription at each round",
    )
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as temporary:
        home = Path(temporary) / "home"
        medians: list[float] = []
        held = 0
        for size in arguments.sizes:
            held = fill(home, held, size)
            with served(home) as server, server.client() as client:
                medians.append(look_up(client, size))
                create(client, size, arguments.leads)
        print(f"look-up at {arguments.sizes[-1]:,} leads: {medians[-1] / medians[0]:.2f} times")
    print(f"aims: {TARGET_LEADS_PER_SECOND:,} leads a second, at most {TARGET_GROWTH} times")


def fill(home: Path, held: int, size: int) -> int:
    """Leads straight into the store, until there are `size`."""
    from tailrace.app import open_application
    from tailrace.settings import Settings
    from tailrace.store.lead_batch import insert_leads, next_lead_id

    application = open_application(Settings(home=home))
    subscription_id = application.subscriptions.default_id()
    for start in range(held, size, CHUNK):
        with application.database.write() as connection:
            first = next_lead_id(connection, subscription_id) - start
            numbers = range(start, min(start + CHUNK, size))
            leads = [_lead(first + number, number) for number in numbers]
            insert_leads(connection, subscription_id, leads)
    application.close()
    return size


def _lead(lead_id: int, number: int) -> dict[str, str | int | bool | None]:
    moment = "2026-01-01T00:00:00Z"
    return {
        "id": lead_id,
        "email": f"person-{number}@example.com",
        "firstName": f"First {number % 1000}",
        "lastName": f"Last {number % 5000}",
        "createdAt": moment,
        "updatedAt": moment,
        "changed_at": moment,
        "custom": "{}",
    }


def look_up(client: httpx.Client, size: int) -> float:
    """Median seconds of a look-up of one address, spread over the subscription."""
    seconds: list[float] = []
    for number in range(LOOKUPS):
        address = f"person-{number * 7919 % size}@example.com"
        parameters = {"filterType": "email", "filterValues": address}
        started = time.perf_counter()
        answer = client.get("/rest/v1/leads.json", params=parameters)
        seconds.append(time.perf_counter() - started)
        assert len(answer.json()["result"]) == 1, answer.text
    # The first ones meet a cold server.
    median = statistics.median(seconds[LOOKUPS // 6 :])
    print(f"{size:>10,} leads: look-up by e-mail {median * 1000:6.2f} ms (median)")
    return median


def create(client: httpx.Client, size: int, leads: int) -> None:
    """Send new leads and print how fast they were taken."""
    started = time.perf_counter()
    for batch in _batches(size, leads):
        answer = client.post("/rest/v1/leads.json", json={"input": batch}).json()
        assert all(one["status"] == "created" for one in answer["result"]), answer
    seconds = time.perf_counter() - started
    print(f"{size:>10,} leads: {leads / seconds:10,.0f} new leads a second")


def _batches(size: int, leads: int) -> Iterator[list[dict[str, object]]]:
    for start in range(0, leads, BATCH):
        yield [
            {
                "email": f"new-{size}-{number}@example.com",
                "firstName": "New",
                "lastName": f"Lead {number}",
                "company": "Example & Sons",
                "leadScore": number % 100,
                "unsubscribed": number % 7 == 0,
            }
            for number in range(start, min(start + BATCH, leads))
        ]


if __name__ == "__main__":
    main()
