"""Activity exports through the API against DuckDB on the same files, and against the floor."""

from __future__ import annotations

import json
import os
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks.activity_data import ASSET_IDS, ASSET_TYPE, ONE_TYPE, days, lake_files
from benchmarks.exports import MeasuredExports, file_of
from benchmarks.measurement import measured
from benchmarks.outcome import Outcome, Side, alternate, at_most
from benchmarks.peers import own_program, program_of
from benchmarks.serving import served
from benchmarks.step import result_of
from benchmarks.workbench import remove
from tailrace.domain.export_request import DEFAULT_ACTIVITY_FIELDS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Mapping

    from benchmarks.measurement import Measurement
    from benchmarks.workbench import Workbench

TAILRACE = "Tailrace"
DUCKDB = "DuckDB"
FLOOR = "floor"

#: For a server that takes nothing from earlier exports.
RENDERED_ANEW = {"TAILRACE_KNOWN_FRAGMENTS": "0"}

ALL_FIELDS = DEFAULT_ACTIVITY_FIELDS
SOME_FIELDS = ("leadId", "activityDate", "activityTypeId")
_SAMPLE_BYTES = 8 * 1024 * 1024
_ONE_DAY = 15


@dataclass(frozen=True, slots=True)
class Query:
    """An export, as a request of ours and as SQL."""

    case: str
    fields: tuple[str, ...] = ALL_FIELDS
    format: str = "CSV"
    filter: dict[str, Any] | None = None
    where: str = ""

    @property
    def body(self) -> dict[str, Any]:
        wanted = {"createdAt": days(), **(self.filter or {})}
        return {"format": self.format, "fields": list(self.fields), "filter": wanted}

    @property
    def delimiter(self) -> str:
        return "\t" if self.format == "TSV" else ","


WHOLE = (
    Query("all types, one month"),
    Query("three fields of eight", fields=SOME_FIELDS),
    Query("TSV", format="TSV"),
)


def _selective() -> tuple[Query, ...]:
    day = days(_ONE_DAY, 1)
    ids = ", ".join(map(str, ASSET_IDS))
    return (
        Query(
            "one type of forty",
            filter={"activityTypeIds": [ONE_TYPE]},
            where=f'"activityTypeId" = {ONE_TYPE}',
        ),
        Query(
            "eight primary attribute ids",
            filter={"activityTypeIds": [ASSET_TYPE], "primaryAttributeValueIds": list(ASSET_IDS)},
            where=f'"activityTypeId" = {ASSET_TYPE} AND "primaryAttributeValueId" IN ({ids})',
        ),
        Query(
            "one day of 31",
            filter={"createdAt": day},
            where=f"\"activityDate\" BETWEEN '{day['startAt']}' AND '{day['endAt']}'",
        ),
    )


def whole_exports(bench: Workbench) -> Generator[Outcome]:
    """All types of a month: all columns, some of them, and with tabs."""
    home = bench.lake(bench.scale.lake)
    for query in WHOLE:
        with activity_exports(home) as exports:
            sample = bench.scratch("sample")
            floor = _floor_side(bench, exports, query, sample)
            outcome = _compared(bench, exports, query, [floor])
        outcome.reached += [
            at_most("wall / DuckDB + sha256sum", outcome.wall_ratio(TAILRACE, DUCKDB), 0.55),
            at_most("CPU / DuckDB + sha256sum", outcome.cpu_ratio(TAILRACE, DUCKDB), 0.65),
            at_most("wall / floor", outcome.wall_ratio(TAILRACE, FLOOR), 2.0),
        ]
        yield outcome


def selective_exports(bench: Workbench) -> Generator[Outcome]:
    """Few of the rows: what cannot match is not read."""
    home = bench.lake(bench.scale.lake)
    with activity_exports(home) as exports:
        for query in _selective():
            outcome = _compared(bench, exports, query, [])
            outcome.reached.append(
                at_most("wall / DuckDB + sha256sum", outcome.wall_ratio(TAILRACE, DUCKDB), 1.0)
            )
            outcome.notes += _read_and_skipped(exports, query)
            yield outcome


def _compared(
    bench: Workbench, exports: MeasuredExports, query: Query, more: list[Side]
) -> Outcome:
    duckdb_file = bench.scratch("duckdb.csv")
    sides = [
        Side(TAILRACE, lambda: exports.run(query.body), exports.clear),
        Side(
            DUCKDB,
            lambda: duckdb_export(bench, exports.server.home, query, duckdb_file),
            lambda: remove(duckdb_file),
        ),
        *more,
    ]
    runs = alternate(sides, bench.rounds)
    assert exports.last is not None
    note = f"{exports.last.row_count:,} rows, {exports.last.size_bytes / 1e6:,.1f} MB"
    return Outcome(f"activity export, {query.case}", runs, notes=[note])


@contextmanager
def activity_exports(
    home: Path, environment: Mapping[str, str] = RENDERED_ANEW
) -> Generator[MeasuredExports]:
    """A server on the home that has done what it does by itself."""
    with served(home, environment) as server, server.client() as client:
        server.tree.wait_until_idle()
        yield MeasuredExports(server, client)


def duckdb_export(bench: Workbench, home: Path, query: Query, out: Path) -> Measurement:
    """The same file by DuckDB, then its SHA-256. Raises PeerMissingError."""
    request = request_file(bench, home, query, out)
    return measured(program_of("duckdb", "duckdb_copy.py", request)) + checksum(out)


def checksum(file: Path) -> Measurement:
    """What it costs to tell the SHA-256 of a file."""
    return measured(["sha256sum", str(file)])


@cache
def files_of(home: Path) -> list[str]:
    """The files of a lake at rest: whoever begins with them finds the same rows all the time."""
    return result_of(lake_files, home)


def request_file(bench: Workbench, home: Path, query: Query, out: Path, **more: object) -> Path:
    """What a peer's program is asked for, on the files that the lake has now."""
    path = bench.scratch("request.json")
    document = {
        "paths": files_of(home),
        "columns": query.fields,
        "where": query.where,
        "delimiter": query.delimiter,
        "out": str(out),
        **more,
    }
    path.write_text(json.dumps(document), encoding="utf-8")
    return path


def _floor_side(bench: Workbench, exports: MeasuredExports, query: Query, sample: Path) -> Side:
    out = bench.scratch("floor.csv")

    def run() -> Measurement:
        assert exports.last is not None
        request = request_file(
            bench,
            exports.server.home,
            query,
            out,
            sample=str(sample),
            bytes=exports.last.size_bytes,
        )
        return measured(own_program("floor.py", request))

    exports.run(query.body)
    assert exports.last is not None
    with file_of(exports.server.home, exports.last.export_id).open("rb") as result:
        sample.write_bytes(result.read(_SAMPLE_BYTES))
    exports.clear()
    return Side(FLOOR, run, lambda: remove(out))


def _read_and_skipped(exports: MeasuredExports, query: Query) -> Iterator[str]:
    """What the server counts, and what comes from the disk when nothing of the lake is in memory."""
    files = [Path(path) for path in files_of(exports.server.home)]
    for file in files:
        _forget(file)
    run = exports.run(query.body)
    exports.clear()
    assert exports.last is not None
    counted = exports.server.logged("export_reads", exports.last.export_id)
    yield (
        f"read {counted['files_read']} of {counted['files']} files,"
        f" {counted['row_groups_read']} of {counted['row_groups']} row groups"
    )
    whole = sum(file.stat().st_size for file in files) / (1024 * 1024)
    yield (
        f"with a cold cache {run.megabytes_read:.1f} of {whole:.1f} MB come from the disk"
        f" ({run.megabytes_read / whole:.1%})"
    )


def _forget(file: Path) -> None:
    """The page cache drops a file; its pages are on the disk."""
    with file.open("rb") as opened:
        os.fsync(opened.fileno())
        os.posix_fadvise(opened.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
