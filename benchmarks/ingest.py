"""Taking activities in over HTTP: batches of lines to a server, each acknowledged when durable.

The server settles meanwhile, as it always does; the time ends with the last acknowledgement.

    .venv/bin/python -m benchmarks.ingest --rows 600000 --batch 20000 --connections 2

The aim is at least 30,000 activities a second.
"""

from __future__ import annotations

import argparse
import json
import random
import statistics
import tempfile
import threading
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path
from queue import Empty, SimpleQueue

from benchmarks.serving import ServedHome, served

TARGET_ROWS_PER_SECOND = 30_000
SINCE = datetime(2026, 10, 1, tzinfo=UTC)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=600_000, help="activities in all")
    parser.add_argument("--batch", type=int, default=20_000, help="activities of one call")
    parser.add_argument("--connections", type=int, default=2, help="calls at once")
    parser.add_argument("--rounds", type=int, default=3, help="runs, each on a fresh home")
    arguments = parser.parse_args()
    bodies = [
        _body(arguments.batch, seed) for seed in range(max(1, arguments.rows // arguments.batch))
    ]
    megabytes = statistics.mean(map(len, bodies)) / 1e6
    print(f"{len(bodies)} batches of {arguments.batch:,} activities, {megabytes:.1f} MB each")
    rates = [
        _round(bodies, arguments.batch, arguments.connections) for _ in range(arguments.rounds)
    ]
    print(
        f"median {statistics.median(rates):,.0f} activities a second"
        f" ({min(rates):,.0f} to {max(rates):,.0f})"
    )
    print(f"aim: at least {TARGET_ROWS_PER_SECOND:,}")


def _round(bodies: list[bytes], batch: int, connections: int) -> float:
    waiting: SimpleQueue[tuple[int, bytes]] = SimpleQueue()
    for numbered in enumerate(bodies):
        waiting.put(numbered)
    seconds: list[float] = []
    with (
        tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as directory,
        served(Path(directory) / "home") as server,
    ):
        arguments = (server, waiting, seconds, batch)
        threads = [threading.Thread(target=_send, args=arguments) for _ in range(connections)]
        began = time.perf_counter()
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        rate = len(bodies) * batch / (time.perf_counter() - began)
        peak_megabytes = server.peak_megabytes()
    assert len(seconds) == len(bodies), "a call failed"
    print(
        f"  {rate:8,.0f} a second; a call took {statistics.median(seconds):.2f} s, at most"
        f" {max(seconds):.2f} s; peak memory {peak_megabytes:.0f} MB"
    )
    return rate


def _send(
    server: ServedHome, waiting: SimpleQueue[tuple[int, bytes]], seconds: list[float], batch: int
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
            assert answer["result"][0]["accepted"] == batch, answer
            seconds.append(time.perf_counter() - began)


def _body(rows: int, seed: int) -> bytes:
    """Web visits, opens and clicks of one day, as an application would send them."""
    draw = random.Random(seed)
    day = SINCE + timedelta(days=seed % 31)
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


if __name__ == "__main__":
    main()
