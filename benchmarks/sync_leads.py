"""Sync Leads over HTTP: new leads in batches of 300, and look-ups as the subscription grows.

A server runs on a fresh home. Each round sends new leads, activities included; between the rounds
the subscription is filled up in SQL to the next size, and leads are looked up by e-mail address.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks import figures
from benchmarks.measurement import measured
from benchmarks.outcome import Outcome, at_least, at_most
from benchmarks.scale import ScaleName
from benchmarks.serving import served
from benchmarks.step import step

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    import httpx

    from benchmarks.workbench import Workbench

_SIZES = {
    ScaleName.FULL: (10_000, 100_000, 1_000_000, 5_000_000),
    ScaleName.SMALL: (2_000, 20_000),
}
_NEW_LEADS = 30_000
_BATCH = 300
_LOOK_UPS = 600
_CHUNK = 100_000
_GOAL_LEADS_A_SECOND = 2_000
_GOAL_GROWTH = 1.3


def sync_leads(bench: Workbench) -> Generator[Outcome]:
    """The slowest rate of new leads at any size, and how a look-up grows."""
    sizes = _SIZES[bench.scale.name]
    home = bench.scratch("sync-leads")
    outcome = Outcome("sync leads, look-ups")
    rates: list[float] = []
    look_ups: list[float] = []
    held = 0
    for size in sizes:
        measured(step(fill, home, held, size))
        held = size
        with served(home) as server, server.client() as client:
            look_ups.append(_look_up(client, size))
            rates.append(_create(client, size))
        outcome.notes.append(
            f"{size:,} leads: look-up by e-mail {look_ups[-1] * 1000:.2f} ms,"
            f" {rates[-1]:,.0f} new leads a second"
        )
    outcome.reached += [
        at_least("new leads a second", min(rates), _GOAL_LEADS_A_SECOND),
        at_most(
            f"look-up at {sizes[-1]:,} / {sizes[0]:,}", look_ups[-1] / look_ups[0], _GOAL_GROWTH
        ),
    ]
    yield outcome


def fill(path: str, held: int, size: int) -> None:
    """Leads straight into the store, until there are `size`."""
    from tailrace.app import open_application
    from tailrace.settings import Settings
    from tailrace.store.lead_batch import insert_leads, next_lead_id

    application = open_application(Settings(home=Path(path)))
    subscription_id = application.subscriptions.default_id()
    for start in range(held, size, _CHUNK):
        with application.database.write() as connection:
            first = next_lead_id(connection, subscription_id) - start
            numbers = range(start, min(start + _CHUNK, size))
            leads = [_lead(first + number, number) for number in numbers]
            insert_leads(connection, subscription_id, leads)
    application.close()


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


def _look_up(client: httpx.Client, size: int) -> float:
    """Median seconds of a look-up of one address, spread over the subscription."""
    seconds: list[float] = []
    for number in range(_LOOK_UPS):
        address = f"person-{number * 7919 % size}@example.com"
        parameters = {"filterType": "email", "filterValues": address}
        started = time.perf_counter()
        answer = client.get("/rest/v1/leads.json", params=parameters)
        seconds.append(time.perf_counter() - started)
        assert len(answer.json()["result"]) == 1, answer.text
    # The first ones meet a cold server.
    return figures.median(seconds[_LOOK_UPS // 6 :])


def _create(client: httpx.Client, size: int) -> float:
    """New leads a second."""
    started = time.perf_counter()
    for batch in _batches(size, _NEW_LEADS):
        answer = client.post("/rest/v1/leads.json", json={"input": batch}).json()
        assert all(one["status"] == "created" for one in answer["result"]), answer
    return _NEW_LEADS / (time.perf_counter() - started)


def _batches(size: int, leads: int) -> Iterator[list[dict[str, object]]]:
    for start in range(0, leads, _BATCH):
        yield [
            {
                "email": f"new-{size}-{number}@example.com",
                "firstName": "New",
                "lastName": f"Lead {number}",
                "company": "Example & Sons",
                "leadScore": number % 100,
                "unsubscribed": number % 7 == 0,
            }
            for number in range(start, min(start + _BATCH, leads))
        ]
