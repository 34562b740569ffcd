"""The demo's two exports: what is asked for, how they are run, and how the files are checked."""

from __future__ import annotations

import csv
import hashlib
import json
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.cli.errors import CommandError
from tailrace.client import columns
from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.export_request import (
    ActivityFilter,
    CreatedLeads,
    ExportRequest,
    InstantRange,
)
from tailrace.domain.file_format import FileFormat
from tailrace.domain.job_state import FINAL_STATES

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.cli.progress import Bars
    from tailrace.client import ExtractClient, FileDescription, Job

_LEAD_FIELDS = ("id", "email", "firstName", "lastName", "company", "country", "createdAt")
_SHOWN_ROWS = 3


@dataclass(frozen=True, slots=True)
class DemoExport:
    name: str
    family: ObjectFamily
    request: ExportRequest
    #: What was counted while the sample data was made.
    made_rows: int


@dataclass(frozen=True, slots=True)
class DemoResult:
    export: DemoExport
    export_id: str
    path: Path
    file: FileDescription
    #: From enqueue to the last byte on disk.
    seconds: float
    #: The header and the first rows, as they stand in the file.
    first_lines: tuple[str, ...]


def demo_exports(
    month: InstantRange, activity_type_ids: tuple[int, ...], truth_path: Path
) -> list[DemoExport]:
    """One activity export of some types, and one of the leads created in the same time."""
    truth = json.loads(truth_path.read_text(encoding="utf-8"))
    return [
        DemoExport(
            "activities",
            ObjectFamily.ACTIVITIES,
            ExportRequest(FileFormat.CSV, (), ActivityFilter(month, activity_type_ids)),
            sum(truth["activities"][str(one)] for one in activity_type_ids),
        ),
        DemoExport(
            "leads",
            ObjectFamily.LEADS,
            ExportRequest(FileFormat.CSV, columns(*_LEAD_FIELDS), CreatedLeads(month)),
            truth["leads"],
        ),
    ]


def run_export(
    client: ExtractClient, export: DemoExport, directory: Path, bars: Bars
) -> DemoResult:
    """Create, enqueue, poll and download; then hold the file against what the server said of it.

    Raises CommandError for a file that is not what was reported.
    """
    created = client.create(export.family, export.request)
    began = time.perf_counter()
    client.enqueue(export.family, created.export_id)
    path = directory / f"{export.name}.csv"
    job = _wait(client, export, created, bars)
    assert job.file is not None, "a completed job has a file"
    on_bytes = bars.begin(f"Downloading {export.name}", job.file.size_bytes, is_bytes=True)
    client.download(export.family, job, path, on_bytes=on_bytes)
    seconds = time.perf_counter() - began
    _verify(path, job.file, export.made_rows)
    return DemoResult(
        export, job.export_id, path, job.file, seconds, first_lines=_first_lines(path)
    )


def _wait(client: ExtractClient, export: DemoExport, created: Job, bars: Bars) -> Job:
    bar = bars.begin_wait(f"Exporting {export.name}")

    def show(job: Job) -> None:
        bar(job.state.value, is_last=job.state in FINAL_STATES)

    return client.wait(export.family, created.export_id, longest_poll_seconds=0.5, on_status=show)


def _verify(path: Path, reported: FileDescription, made_rows: int) -> None:
    """Read the file again, with nothing of the client's: size, SHA-256 and rows."""
    if reported.row_count != made_rows:
        raise CommandError(
            f"{path.name}: the server reported {reported.row_count} rows, {made_rows} were made."
        )
    found = {
        "size": (path.stat().st_size, reported.size_bytes),
        "SHA-256": (_sha256(path), reported.sha256),
        "row count": (_row_count(path), reported.row_count),
    }
    for what, (is_, should) in found.items():
        if is_ != should:
            raise CommandError(f"{path.name}: {what} is {is_}, the server reported {should}.")


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def _row_count(path: Path) -> int:
    with path.open(encoding="utf-8", newline="") as file:
        return sum(1 for _ in csv.reader(file)) - 1


def _first_lines(path: Path) -> tuple[str, ...]:
    with path.open(encoding="utf-8", newline="") as file:
        return tuple(
            line.rstrip("\n") for _, line in zip(range(1 + _SHOWN_ROWS), file, strict=False)
        )
