"""The whole log as CSV with its SHA-256, by everything that can make one from the same rows.

The lake is the small one: some of the peers take minutes for more.
"""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING
from urllib.parse import urlencode

from benchmarks import peer_servers
from benchmarks.activity_data import lake_files
from benchmarks.activity_exports import (
    ALL_FIELDS,
    DUCKDB,
    TAILRACE,
    Query,
    activity_exports,
    checksum,
    duckdb_export,
    request_file,
)
from benchmarks.measurement import ProcessTree, measured
from benchmarks.outcome import Outcome, Side, alternate
from benchmarks.peers import PeerMissingError, environment_of, executable, own_program, program_of
from benchmarks.step import result_of
from benchmarks.workbench import remove

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from benchmarks.exports import MeasuredExports
    from benchmarks.measurement import Measurement
    from benchmarks.workbench import Workbench

_QUERY = Query("all types")


def peer_exports(bench: Workbench) -> Generator[Outcome]:
    """One round of everybody after the other."""
    home = bench.lake(bench.scale.small_lake)
    with activity_exports(home) as exports, ExitStack() as servers:
        sides = [Side(TAILRACE, lambda: exports.run(_QUERY.body), exports.clear)]
        notes: list[str] = []
        # Each sets its side up, with servers that run as long as the stack.
        for peer in (_duckdb, _chdb, _postgres, _sqlite, _roapi, _datasette):
            try:
                sides.append(peer(bench, home, servers))
            except PeerMissingError as reason:
                notes.append(f"skipped: {reason}")
        runs = alternate(sides, bench.rounds)
        notes.insert(0, _size(exports))
    outcome = Outcome("activity export, every peer", runs, notes=notes)
    outcome.notes += [
        f"{side.name}: {outcome.wall_ratio(side.name, TAILRACE):.1f} times as long as Tailrace"
        for side in sides[1:]
    ]
    yield outcome


def _size(exports: MeasuredExports) -> str:
    assert exports.last is not None
    return f"{exports.last.row_count:,} rows, {exports.last.size_bytes / 1e6:,.1f} MB"


def _duckdb(bench: Workbench, home: Path, servers: ExitStack) -> Side:  # noqa: ARG001 - no server
    environment_of("duckdb")
    out = bench.scratch("peer-duckdb.csv")
    return Side(DUCKDB, lambda: duckdb_export(bench, home, _QUERY, out), lambda: remove(out))


def _chdb(bench: Workbench, home: Path, servers: ExitStack) -> Side:  # noqa: ARG001 - no server
    environment_of("chdb")
    out = bench.scratch("peer-chdb.csv")

    def run() -> Measurement:
        request = request_file(bench, home, _QUERY, out)
        return measured(program_of("chdb", "chdb_outfile.py", request)) + checksum(out)

    return Side("chDB", run, lambda: remove(out))


def _postgres(bench: Workbench, home: Path, servers: ExitStack) -> Side:
    server = servers.enter_context(peer_servers.postgres(bench.directory / "postgres"))
    table = f"activities_{bench.scale.small_lake}"
    if not (bench.directory / f"{table}.made").exists():
        _fill_postgres(bench, home, server, table)
    columns = ", ".join(
        'to_char("activityDate" AT TIME ZONE \'UTC\', \'YYYY-MM-DD"T"HH24:MI:SS"Z"\')'
        ' AS "activityDate"'
        if field == "activityDate"
        else f'"{field}"'
        for field in ALL_FIELDS
    )
    copy = server.command(
        f"COPY (SELECT {columns} FROM {table}) TO STDOUT (FORMAT csv, HEADER, NULL 'null')"
    )
    out = bench.scratch("peer-postgres.csv")

    def run() -> Measurement:
        with out.open("wb") as file:
            return measured(copy, stdout=file, server=server.tree) + checksum(out)

    return Side("PostgreSQL", run, lambda: remove(out))


def _fill_postgres(bench: Workbench, home: Path, server: peer_servers.Postgres, table: str) -> None:
    file = bench.scratch("fill.csv")
    duckdb_export(bench, home, _QUERY, file)
    types = {"activityDate": "timestamptz", "primaryAttributeValue": "text", "attributes": "text"}
    columns = ", ".join(f'"{field}" {types.get(field, "bigint")}' for field in ALL_FIELDS)
    for statement in (
        f"DROP TABLE IF EXISTS {table}",
        f"CREATE TABLE {table} ({columns})",
        f"\\copy {table} FROM '{file}' (FORMAT csv, HEADER, NULL 'null')",
        f"VACUUM ANALYZE {table}",
    ):
        measured(server.command(statement))
    remove(file)
    (bench.directory / f"{table}.made").touch()


def _sqlite(bench: Workbench, home: Path, servers: ExitStack) -> Side:  # noqa: ARG001 - no server
    database = _sqlite_table(bench, home)
    out = bench.scratch("peer-sqlite.csv")
    command = own_program("sqlite_csv.py", database, out, *ALL_FIELDS)
    return Side("sqlite3 + csv", lambda: measured(command) + checksum(out), lambda: remove(out))


def _sqlite_table(bench: Workbench, home: Path) -> Path:
    database = bench.directory / f"activities-{bench.scale.small_lake}.db"
    done = database.with_suffix(".made")
    if not done.exists():
        remove(database)
        measured(own_program("sqlite_table.py", database, *result_of(lake_files, home)))
        done.touch()
    return database


def _roapi(bench: Workbench, home: Path, servers: ExitStack) -> Side:
    links = bench.scratch("roapi")
    links.mkdir()
    for number, path in enumerate(result_of(lake_files, home)):
        (links / f"{number:06}.parquet").symlink_to(path)
    server = servers.enter_context(peer_servers.roapi(links))
    columns = ", ".join(f'"{field}"' for field in ALL_FIELDS)
    request = ("-H", "Accept: application/csv", "-d", f"SELECT {columns} FROM activities")
    return _over_http(bench, "ROAPI", (f"{server.base_url}/api/sql", *request), server.tree)


def _datasette(bench: Workbench, home: Path, servers: ExitStack) -> Side:
    server = servers.enter_context(peer_servers.datasette(_sqlite_table(bench, home)))
    parameters = [("_stream", "1"), ("_size", "max"), *(("_col", field) for field in ALL_FIELDS)]
    name = f"activities-{bench.scale.small_lake}"
    url = f"{server.base_url}/{name}/activities.csv?{urlencode(parameters)}"
    return _over_http(bench, "Datasette", (url,), server.tree)


def _over_http(bench: Workbench, name: str, request: tuple[str, ...], server: ProcessTree) -> Side:
    out = bench.scratch(f"peer-{name}.csv")
    command = [executable("curl", "curl"), "--silent", "--fail", "--output", str(out), *request]
    return Side(name, lambda: measured(command, server=server) + checksum(out), lambda: remove(out))
