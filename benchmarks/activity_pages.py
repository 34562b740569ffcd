"""Pages of activities over HTTP: 300 of them, at random places and one after the other.

The log holds a month of activities, made as for `benchmarks.activity_export`; a thousand more are
hot. Each page names some activity types. "Random" jumps anywhere each time, so nothing that was
read before helps; "sequential" follows `nextPageToken`, as clients do. The same is told of the
first, the middle and the last part of the month: how deep a page lies must not matter.

    .venv/bin/python -m benchmarks.activity_pages --rows 10000000 --pages 200

The aim is a median of at most 15 ms.
"""

from __future__ import annotations

import argparse
import random
import statistics
import sys
import tempfile
import time
from datetime import datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.activity_export import DAYS, MONTH_START
from benchmarks.measurement import measured
from benchmarks.serving import served

if TYPE_CHECKING:
    import httpx

TARGET_MILLISECONDS = 15

#: From the most frequent ones on.
TYPE_SETS = ((1,), (2, 6), (1, 2, 3), (30,), (1, 2, 3, 6, 7, 8, 9, 10, 11, 12))


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rows", type=int, default=10_000_000, help="activities in the lake")
    parser.add_argument("--pages", type=int, default=200, help="pages of each kind")
    parser.add_argument("--home", type=Path, help="keep the data here and use it again")
    arguments = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as temporary:
        home = arguments.home or Path(temporary)
        _generate(home, arguments.rows)
        with served(home) as server, server.client() as client:
            _add_hot(client)
            _measure(client, arguments.pages)
            print(f"peak memory of the server {server.peak_megabytes():.0f} MB")


def _generate(home: Path, rows: int) -> None:
    if not (home / f"generated-{rows}").exists():
        module = [sys.executable, "-m", "benchmarks.activity_export", "--step", "generate"]
        measured([*module, "--home", str(home), "--rows", str(rows)])


def _add_hot(client: httpx.Client) -> None:
    line = b'{"leadId":1,"activityDate":"2026-10-15T12:00:00Z","activityTypeId":1}\n'
    client.post("/tailrace/v1/activities.ndjson", content=line * 1000).raise_for_status()


def _measure(client: httpx.Client, pages: int) -> None:
    draw = random.Random(1)
    month = timedelta(days=DAYS)
    print(f"{'':28}{'median ms':>10}{'p90 ms':>8}{'max ms':>8}")
    every: list[float] = []
    for name, first in (("first third", 0.0), ("middle third", 1 / 3), ("last third", 2 / 3)):
        seconds = [
            _page(
                client, _token(client, MONTH_START + month * (first + draw.random() / 3.1)), types
            )[1]
            for _ in range(max(1, pages // 3 // len(TYPE_SETS)))
            for types in TYPE_SETS
        ]
        every += seconds
        _print_row(f"random, {name}", seconds)
    for types in TYPE_SETS:
        moments = (MONTH_START + month * draw.random() * 0.98 for _ in range(pages // 5))
        seconds = [_page(client, _token(client, moment), types)[1] for moment in moments]
        every += seconds
        _print_row(f"random, {len(types)} type(s) {types[0]}…", seconds)
    _print_row("random, all", every)
    for types in TYPE_SETS:
        _print_row(f"sequential, {len(types)} type(s) {types[0]}…", _follow(client, types, pages))
    print(f"aim: a median of at most {TARGET_MILLISECONDS} ms")


def _follow(client: httpx.Client, types: tuple[int, ...], pages: int) -> list[float]:
    token = _token(client, MONTH_START + timedelta(days=10))
    seconds: list[float] = []
    for _ in range(pages):
        page, elapsed = _page(client, token, types)
        seconds.append(elapsed)
        token = page["nextPageToken"]
    return seconds


def _token(client: httpx.Client, moment: datetime) -> str:
    parameters = {"sinceDatetime": f"{moment:%Y-%m-%dT%H:%M:%SZ}"}
    answer = client.get("/rest/v1/activities/pagingtoken.json", params=parameters).json()
    return str(answer["nextPageToken"])


def _page(client: httpx.Client, token: str, types: tuple[int, ...]) -> tuple[dict[str, Any], float]:
    parameters = {"nextPageToken": token, "activityTypeIds": ",".join(map(str, types))}
    began = time.perf_counter()
    answer = client.get("/rest/v1/activities.json", params=parameters)
    elapsed = time.perf_counter() - began
    page: dict[str, Any] = answer.json()
    assert page["success"] is True, page
    return page, elapsed


def _print_row(name: str, seconds: list[float]) -> None:
    ordered = sorted(one * 1000 for one in seconds)
    p90 = ordered[len(ordered) * 9 // 10]
    print(f"{name:28}{statistics.median(ordered):10.1f}{p90:8.1f}{ordered[-1]:8.1f}")


if __name__ == "__main__":
    main()
