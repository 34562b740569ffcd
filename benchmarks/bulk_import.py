"""Bulk import of a 10 MB CSV over HTTP: new leads, then the same file again, which changes nothing.

Each round runs a server on a fresh home. The time is from the upload to the status Complete.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

from benchmarks import figures
from benchmarks.outcome import Outcome, at_least
from benchmarks.serving import served

if TYPE_CHECKING:
    from collections.abc import Generator

    import httpx

    from benchmarks.workbench import Workbench

_UPLOAD_BYTES = 10 * 1024 * 1024
_GOAL_ROWS_A_SECOND = 20_000


def bulk_imports(bench: Workbench) -> Generator[Outcome]:
    """Rows a second of new leads, with their activities."""
    content, rows = _make_file()
    new: list[float] = []
    same: list[float] = []
    for _ in range(bench.rounds):
        with served(bench.scratch("imports")) as server, server.client() as client:
            new.append(rows / _import_file(client, content, rows))
            same.append(rows / _import_file(client, content, rows))
    outcome = Outcome("bulk import of leads")
    outcome.reached.append(
        at_least("rows a second, new leads", figures.median(new), _GOAL_ROWS_A_SECOND)
    )
    outcome.notes += [
        f"{rows:,} rows, {len(content) / 1e6:.1f} MB",
        f"the same file again: {figures.median(same):,.0f} rows a second",
    ]
    yield outcome


def _make_file() -> tuple[bytes, int]:
    """A CSV of as many rows as an upload may hold."""
    pieces = [b"email,firstName,lastName,company,leadScore\n"]
    size, rows = len(pieces[0]), 0
    while True:
        row = f'person-{rows}@example.com,First,Last {rows},"Example, Sons & Co.",{rows % 100}\n'
        size += len(row)
        if size > _UPLOAD_BYTES:
            return b"".join(pieces), rows
        pieces.append(row.encode())
        rows += 1


def _import_file(client: httpx.Client, content: bytes, rows: int) -> float:
    """Seconds from the upload to the end of the import."""
    started = time.perf_counter()
    answer = client.post(
        "/bulk/v1/leads.json", params={"format": "csv"}, files={"file": ("leads.csv", content)}
    ).json()
    path = f"/bulk/v1/leads/batch/{answer['result'][0]['batchId']}.json"
    while True:
        (record,) = client.get(path).json()["result"]
        if record["status"] in ("Complete", "Failed"):
            break
        time.sleep(0.25)
    assert record["numOfLeadsProcessed"] == rows, record
    return time.perf_counter() - started
