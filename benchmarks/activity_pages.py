"""Pages of activities over HTTP, at random places and one after the other.

The log holds a month of activities; a thousand more are hot. Each page names some activity types.
"Random" jumps anywhere each time, so nothing that was read before helps; "sequential" follows
`nextPageToken`, as clients do. The same is told of the first, the middle and the last part of the
month: how deep a page lies must not matter.
"""

from __future__ import annotations

import random
import time
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from benchmarks import figures
from benchmarks.activity_data import DAYS, MONTH_START
from benchmarks.outcome import Outcome, at_most
from benchmarks.serving import served

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import httpx

    from benchmarks.workbench import Workbench

_GOAL_MILLISECONDS = 15
#: Pages of each kind and round.
_PAGES = 40

#: From the most frequent ones on.
_TYPE_SETS = ((1,), (2, 6), (1, 2, 3), (30,), (1, 2, 3, 6, 7, 8, 9, 10, 11, 12))


def activity_pages(bench: Workbench) -> Generator[Outcome]:
    """The median of a page's time, wherever it lies."""
    # It grows by what is hot: no other case reads it.
    home = bench.lake(bench.scale.lake, purpose="-pages")
    with served(home) as server, server.client() as client:
        _add_hot(client)
        seconds = _seconds(client, _PAGES * bench.rounds)
        peak = server.peak_megabytes()
    outcome = Outcome("pages of activities")
    at_random = [one for name, ones in seconds.items() if "random" in name for one in ones]
    outcome.reached.append(
        at_most("ms, median of random pages", figures.median(at_random) * 1000, _GOAL_MILLISECONDS)
    )
    outcome.notes.append(f"peak memory of the server {peak:.0f} MB")
    outcome.notes += [_told(name, ones) for name, ones in seconds.items()]
    yield outcome


def _add_hot(client: httpx.Client) -> None:
    line = b'{"leadId":1,"activityDate":"2026-10-15T12:00:00Z","activityTypeId":1}\n'
    client.post("/tailrace/v1/activities.ndjson", content=line * 1000).raise_for_status()


def _seconds(client: httpx.Client, pages: int) -> dict[str, list[float]]:
    """What each page took, by kind."""
    draw = random.Random(1)
    month = timedelta(days=DAYS)
    seconds: dict[str, list[float]] = {}
    for name, first in (("first third", 0.0), ("middle third", 1 / 3), ("last third", 2 / 3)):
        seconds[f"random, {name}"] = [
            _page(
                client, _token(client, MONTH_START + month * (first + draw.random() / 3.1)), types
            )[1]
            for _ in range(max(1, pages // 3 // len(_TYPE_SETS)))
            for types in _TYPE_SETS
        ]
    for types in _TYPE_SETS:
        moments = (MONTH_START + month * draw.random() * 0.98 for _ in range(pages // 5))
        seconds[f"random, {len(types)} type(s), {types[0]}…"] = [
            _page(client, _token(client, moment), types)[1] for moment in moments
        ]
    for types in _TYPE_SETS:
        name = f"sequential, {len(types)} type(s), {types[0]}…"
        seconds[name] = _follow(client, types, pages)
    return seconds


def _told(name: str, seconds: Sequence[float]) -> str:
    median, p90 = (figures.percentile(seconds, share) * 1000 for share in (0.5, 0.9))
    return f"{name}: median {median:.1f} ms, p90 {p90:.1f}, at most {max(seconds) * 1000:.1f}"


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
