"""What grows with the lake and what must not: one day's time, memory; two exports at once; repeats."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from benchmarks import exports as jobs
from benchmarks.activity_data import days
from benchmarks.activity_exports import TAILRACE, WHOLE, activity_exports
from benchmarks.exports import ACTIVITIES, MeasuredExports, delete_files, file_of
from benchmarks.measurement import Measurement, measured, measured_work
from benchmarks.outcome import Outcome, Side, alternate, at_least, at_most
from benchmarks.peers import own_program
from benchmarks.workbench import remove

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from benchmarks.workbench import Workbench

_DAY = 15
_MOST_MEGABYTES = 512
_HALF = 0.5


def one_day_in_large_lake(bench: Workbench) -> Generator[Outcome]:
    """A day of the large lake, against a lake that has only that day."""
    large = bench.lake(bench.scale.large_lake)
    day = bench.lake(bench.scale.large_lake, first_day=_DAY, days=1)
    body = {"filter": {"createdAt": days(_DAY, 1)}}
    with activity_exports(large) as of_large, activity_exports(day) as of_day:
        sides = [
            Side("of all days", lambda: of_large.run(body), of_large.clear),
            Side("of that day alone", lambda: of_day.run(body), of_day.clear),
        ]
        runs = alternate(sides, bench.rounds)
        assert of_large.last is not None
        assert of_day.last is not None
        assert of_large.last.checksum == of_day.last.checksum
    outcome = Outcome("one day, in a lake of 31 days and of one", runs)
    ratio = outcome.wall_ratio(sides[0].name, sides[1].name)
    outcome.reached.append(at_most("wall / in the lake of one day", ratio, 1.1))
    outcome.notes.append(f"{of_large.last.row_count:,} rows of {bench.scale.large_lake:,}")
    yield outcome


def memory_growth(bench: Workbench) -> Generator[Outcome]:
    """The same export of a small and of a large lake: its memory must not tell which it was."""
    body = WHOLE[0].body
    small, large = (bench.lake(rows) for rows in (bench.scale.small_lake, bench.scale.large_lake))
    with activity_exports(small) as of_small, activity_exports(large) as of_large:
        sides = [
            Side(f"{bench.scale.small_lake:,} rows", lambda: of_small.run(body), of_small.clear),
            Side(f"{bench.scale.large_lake:,} rows", lambda: of_large.run(body), of_large.clear),
        ]
        runs = alternate(sides, bench.rounds)
    outcome = Outcome("peak memory of an export", runs)
    peaks = [outcome.peak_megabytes(side.name) for side in sides]
    outcome.reached += [
        at_most("MB", max(peaks), _MOST_MEGABYTES),
        at_most("peak / of the small lake", peaks[1] / peaks[0], 1.05),
    ]
    yield outcome


def two_at_once(bench: Workbench) -> Generator[Outcome]:
    """Two exports at the same time, against the same two one after the other."""
    with activity_exports(bench.lake(bench.scale.lake)) as exports:
        # Two halves of the month: different files, as of two clients.
        bodies = [
            {"filter": {"createdAt": days(first, count)}} for first, count in ((0, 15), (15, 15))
        ]
        progress: list[bool] = []
        sides = [
            Side("at once", lambda: _at_once(exports, bodies, progress), exports.clear),
            Side("one after the other", lambda: _in_turn(exports, bodies), exports.clear),
        ]
        runs = alternate(sides, bench.rounds)
    outcome = Outcome("two exports", runs)
    ratio = outcome.wall_ratio(sides[0].name, sides[1].name)
    outcome.reached += [
        at_most("wall / one after the other", ratio, 1.15),
        at_least("share of runs in which both made progress", sum(progress) / len(progress), 1.0),
    ]
    yield outcome


def _in_turn(exports: MeasuredExports, bodies: list[dict[str, Any]]) -> Measurement:
    def work() -> float:
        return sum(jobs.run_export(exports.client, ACTIVITIES, body).seconds for body in bodies)

    return measured_work(exports.server.tree, work)


def _at_once(
    exports: MeasuredExports, bodies: list[dict[str, Any]], progress: list[bool]
) -> Measurement:
    client = exports.client

    def work() -> float:
        ids = [jobs.create(client, ACTIVITIES, body) for body in bodies]
        began = time.perf_counter()
        for export_id in ids:
            jobs.enqueue(client, ACTIVITIES, export_id)
        first = jobs.finish(client, ACTIVITIES, ids[0], began)
        # By the time that one is done the other has gone far, unless it had to wait for it.
        shares = _written(exports.server.home, ids[1]) / first.size_bytes
        progress.append(shares > _HALF)
        return jobs.finish(client, ACTIVITIES, ids[1], began).seconds

    return measured_work(exports.server.tree, work)


def _written(home: Path, export_id: str) -> int:
    """Bytes of the job's file so far, published or not."""
    return max(
        (file.stat().st_size for file in (home / "files").glob(f"*/{export_id}.*")), default=0
    )


def repeated_export(bench: Workbench) -> Generator[Outcome]:
    """The same window again, when nothing has changed, against hashing and copying its file."""
    with activity_exports(bench.lake(bench.scale.lake), environment={}) as exports:
        exports.run(WHOLE[0].body)
        assert exports.last is not None
        checksums = {exports.last.checksum}
        source = bench.scratch("repeated.csv")
        source.hardlink_to(file_of(exports.server.home, exports.last.export_id))
        copy = bench.scratch("copy.csv")

        def again() -> Measurement:
            run = exports.run(WHOLE[0].body)
            assert exports.last is not None
            checksums.add(exports.last.checksum)
            # The next one is served from this one's file.
            delete_files(exports.server.home, but=exports.last.export_id)
            return run

        sides = [
            Side(TAILRACE, again),
            Side(
                "SHA-256 + copy",
                lambda: measured(own_program("hash_copy.py", source, copy)),
                lambda: remove(copy),
            ),
        ]
        runs = alternate(sides, bench.rounds)
        remove(source)
        exports.clear()
    outcome = Outcome("repeated export of an unchanged window", runs)
    ratio = outcome.wall_ratio(TAILRACE, "SHA-256 + copy")
    outcome.reached += [
        at_most("different files", len(checksums), 1),
        at_most("wall / SHA-256 + copy", ratio, 1.3),
    ]
    yield outcome
