"""Taking activities in over HTTP: batches of lines to a server, each acknowledged when durable.

The server settles meanwhile, as it always does; the time ends with the last acknowledgement.
"""

from __future__ import annotations

import json
import random
import threading
import time
from datetime import UTC, datetime, timedelta
from queue import Empty, SimpleQueue
from typing import TYPE_CHECKING

from benchmarks import figures
from benchmarks.outcome import Outcome, at_least
from benchmarks.serving import ServedHome, served

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from benchmarks.workbench import Workbench

_GOAL_ROWS_A_SECOND = 30_000
_BATCHES = 30
_BATCH_ROWS = 20_000
_CONNECTIONS = 2
_SINCE = datetime(2026, 10, 1, tzinfo=UTC)


def ingest(bench: Workbench) -> Generator[Outcome]:
    """Activities a second over two connections, each round on a fresh home."""
    bodies = [_body(_BATCH_ROWS, seed) for seed in range(_BATCHES)]
    outcome = Outcome("activities taken in over HTTP")
    outcome.notes.append(
        f"{_BATCHES} batches of {_BATCH_ROWS:,} activities,"
        f" {figures.median([len(body) for body in bodies]) / 1e6:.1f} MB each"
    )
    rates: list[float] = []
    for _ in range(bench.rounds):
        rate, note = _round(bodies, bench.scratch("ingest"))
        rates.append(rate)
        outcome.notes.append(note)
    outcome.reached.append(
        at_least("activities a second", figures.median(rates), _GOAL_ROWS_A_SECOND)
    )
    yield outcome


def _round(bodies: list[bytes], home: Path) -> tuple[float, str]:
    """Activities a second, and what else is to be said."""
    waiting: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
    for numbered in enumerate(bodies):
        waiting.put(numbered)
    seconds: list[float] = []
    with served(home) as server:
        arguments = (server, waiting, seconds)
        threads = [threading.Thread(target=_send, args=arguments) for _ in range(_CONNECTIONS)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = len(bodies) * _BATCH_ROWS / (time.perf_counter() - began)
        peak_megabytes = server.peak_megabytes()
    assert len(seconds) == len(bodies), "a call failed"
    return rate, (
        f"{rate:,.0f} a second; a call took {figures.median(seconds):.2f} s, at most"
        f" {max(seconds):.2f} s; peak memory {peak_megabytes:.0f} MB"
    )


def _send(
    server: ServedHome, waiting: SimpleQueue[tuple[int, bytes]], seconds: list[float]
) -> None:
    with server.client() as client:
        while True:
            try:
                number, body = waiting.get_nowait()
            except Empty:
                return
            began = time.perf_counter()
            answer = client.post(
                "/tailrace/v1/activities.ndjson",
                content=body,
                headers={
                    "Content-Type": "application/x-ndjson",
                    "Idempotency-Key": f"batch-{number}",
                },
            ).json()
            assert answer["result"][0]["accepted"] == _BATCH_ROWS, answer
            seconds.append(time.perf_counter() - began)


def _body(rows: int, seed: int) -> bytes:
    """Web visits, opens and clicks of one day, as an application would send them."""
    draw = random.Random(seed)
    day = _SINCE + timedelta(days=seed % 31)
    return b"".join(_line(draw, day) for _ in range(rows))


def _line(draw: random.Random, day: datetime) -> bytes:
    page = draw.randrange(2000)
    activity = {
        "leadId": draw.randrange(1, 100_000),
        "activityDate": f"{day + timedelta(seconds=draw.randrange(86_400)):%Y-%m-%dT%H:%M:%SZ}",
        "activityTypeId": draw.choice((1, 10, 11)),
        "campaignId": draw.randrange(1000, 1100),
        "primaryAttributeValueId": page,
        "primaryAttributeValue": f"www.example.com/pages/{page}.html",
        "attributes": {
            "Client IP Address": f"10.0.{draw.randrange(256)}.{draw.randrange(256)}",
            "User Agent": "Mozilla/5.0 (X11; Linux x86_64) Chrome/126.0",
        },
    }
    return json.dumps(activity, separators=(",", ":")).encode() + b"\n"
