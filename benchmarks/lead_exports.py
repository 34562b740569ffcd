"""Lead export through the API against the best direct readers of the same SQLite database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from benchmarks.activity_data import days
from benchmarks.activity_exports import TAILRACE
from benchmarks.exports import LEADS, MeasuredExports
from benchmarks.lead_data import CUSTOM_FIELDS, STANDARD_FIELDS
from benchmarks.measurement import measured
from benchmarks.outcome import Outcome, Side, alternate, at_most
from benchmarks.peers import PeerMissingError, program_of
from benchmarks.serving import served
from benchmarks.workbench import remove

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.workbench import Workbench

_BODY = {
    "fields": [*STANDARD_FIELDS, *CUSTOM_FIELDS],
    "filter": {"createdAt": days()},
}
_READERS = {
    "ADBC": ("adbc", "adbc_leads.py"),
    "DuckDB's scanner": ("duckdb-scanner", "duckdb_leads.py"),
}


def lead_exports(bench: Workbench) -> Generator[Outcome]:
    """All leads by createdAt, ten fields of which three are the subscription's own."""
    home = bench.leads()
    notes: list[str] = []
    readers: list[Side] = []
    for name, (environment, script) in _READERS.items():
        try:
            readers.append(_reader(bench, name, environment, script))
        except PeerMissingError as reason:
            notes.append(f"skipped: {reason}")
    with served(home) as server, server.client() as client:
        exports = MeasuredExports(server, client, LEADS)
        ours = Side(TAILRACE, lambda: exports.run(_BODY), exports.clear)
        runs = alternate([ours, *readers], bench.rounds)
        assert exports.last is not None
        assert exports.last.row_count == bench.scale.leads
    outcome = Outcome("lead export", runs, notes=notes)
    if readers:
        # The faster reader is the one that we are slower against.
        worst = max(outcome.wall_ratio(TAILRACE, reader.name) for reader in readers)
        outcome.reached.append(at_most("wall / the best direct reader", worst, 1.0))
    yield outcome


def _reader(bench: Workbench, name: str, environment: str, script: str) -> Side:
    out = bench.scratch(f"leads-{environment}.csv")
    custom = [f"{field}:{kind}" for field, kind in CUSTOM_FIELDS.items()]
    arguments = (bench.leads() / "tailrace.db", out, *STANDARD_FIELDS, "--", *custom)
    command = program_of(environment, script, *arguments)
    return Side(name, lambda: measured(command), lambda: remove(out))
