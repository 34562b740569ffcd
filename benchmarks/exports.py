"""Export jobs of a running server, as a client has them made: create, enqueue, poll."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from benchmarks.measurement import measured_work

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import httpx

    from benchmarks.measurement import Measurement
    from benchmarks.serving import ServedHome

ACTIVITIES = "activities"
LEADS = "leads"

#: Pauses between polls: short against the job, so that its end is seen, and few, as they cost.
_LEAST_PAUSE, _MOST_PAUSE, _PAUSE_SHARE = 0.004, 0.05, 0.02


@dataclass(frozen=True, slots=True)
class Export:
    """A job that is Completed."""

    export_id: str
    #: From the enqueue call to the status call that said so.
    seconds: float
    size_bytes: int
    row_count: int
    checksum: str


def create(client: httpx.Client, family: str, body: Mapping[str, Any]) -> str:
    """The id of a new job."""
    return str(_result(client.post(f"/bulk/v1/{family}/export/create.json", json=body))["exportId"])


def enqueue(client: httpx.Client, family: str, export_id: str) -> None:
    _result(client.post(f"/bulk/v1/{family}/export/{export_id}/enqueue.json"))


def status(client: httpx.Client, family: str, export_id: str) -> dict[str, Any]:
    return _result(client.get(f"/bulk/v1/{family}/export/{export_id}/status.json"))


def finish(client: httpx.Client, family: str, export_id: str, began: float) -> Export:
    """Wait for a job that was enqueued at `began` on the clock of `time.perf_counter`."""
    while True:
        now = status(client, family, export_id)
        elapsed = time.perf_counter() - began
        if now["status"] == "Completed":
            return Export(
                export_id, elapsed, now["fileSize"], now["numberOfRecords"], now["fileChecksum"]
            )
        assert now["status"] in ("Queued", "Processing"), now
        time.sleep(min(_MOST_PAUSE, max(_LEAST_PAUSE, elapsed * _PAUSE_SHARE)))


def run_export(client: httpx.Client, family: str, body: Mapping[str, Any]) -> Export:
    """Create a job and wait for its end; timed from enqueue."""
    export_id = create(client, family, body)
    began = time.perf_counter()
    enqueue(client, family, export_id)
    return finish(client, family, export_id, began)


@dataclass(slots=True)
class MeasuredExports:
    """Exports of one server, each measured with all that the server's processes use for it."""

    server: ServedHome
    client: httpx.Client
    family: str = ACTIVITIES
    #: The newest one.
    last: Export | None = None

    def run(self, body: Mapping[str, Any]) -> Measurement:
        """One export from enqueue to Completed."""

        def work() -> float:
            self.last = run_export(self.client, self.family, body)
            return self.last.seconds

        return measured_work(self.server.tree, work)

    def clear(self) -> None:
        """Deletes the result files: the next side shall not write them back."""
        delete_files(self.server.home)


def file_of(home: Path, export_id: str) -> Path:
    """The result file of a job."""
    return next((home / "files").glob(f"*/{export_id}.*.csv"))


def delete_files(home: Path, *, but: str = "none") -> None:
    """The result files of a home but for one job's, under a server that is not asked for them."""
    for file in (home / "files").glob("*/*"):
        if file.is_file() and not file.name.startswith(but):
            file.unlink(missing_ok=True)


def _result(answer: httpx.Response) -> dict[str, Any]:
    document: dict[str, Any] = answer.raise_for_status().json()
    assert document["success"] is True, document
    result: dict[str, Any] = document["result"][0]
    return result
