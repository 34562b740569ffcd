"""Bulk import of a 10 MB CSV over HTTP: new leads, then the same file again, which changes nothing.

Each round runs a server on a fresh home. The time is from the upload to the status Complete.

    .venv/bin/python -m benchmarks.bulk_import --rounds 3

The aim is at least 20,000 rows a second.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
import time
from pathlib import Path
from typing import TYPE_CHECKING

from benchmarks.serving import served

if TYPE_CHECKING:
    import httpx

UPLOAD_BYTES = 10 * 1024 * 1024
TARGET_ROWS_PER_SECOND = 20_000


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="fresh homes")
    arguments = parser.parse_args()
    content, rows = make_file()
    print(f"{rows:,} rows, {len(content) / 1e6:.1f} MB")
    rates: list[float] = []
    for _ in range(arguments.rounds):
        with tempfile.TemporaryDirectory(prefix="tailrace-benchmark-") as temporary:
            home = Path(temporary) / "home"
            with served(home) as server, server.client() as client:
                new = import_file(client, content, rows)
                same = import_file(client, content, rows)
        rates.append(rows / new)
        print(
            f"  new leads {new:6.2f} s {rows / new:10,.0f} rows a second;"
            f" the same again {same:6.2f} s {rows / same:10,.0f} rows a second"
        )
    print(f"median {statistics.median(rates):,.0f} rows a second of new leads")
    print(f"aim: at least {TARGET_ROWS_PER_SECOND:,} rows a second")


def make_file() -> tuple[bytes, int]:
    """A CSV of as many rows as an upload may hold."""
    pieces = [b"email,firstName,lastName,company,leadScore\n"]
    size, rows = len(pieces[0]), 0
    while True:
        row = f'person-{rows}@example.com,First,Last {rows},"Example, Sons & Co.",{rows % 100}\n'
        size += len(row)
        if size > UPLOAD_BYTES:
            return b"".join(pieces), rows
        pieces.append(row.encode())
        rows += 1


def import_file(client: httpx.Client, content: bytes, rows: int) -> float:
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


if __name__ == "__main__":
    main()
