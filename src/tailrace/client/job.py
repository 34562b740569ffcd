"""An export job as the API shows it (contract section 3.2)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.domain.file_format import FileFormat
from tailrace.domain.instants import parse_instant
from tailrace.domain.job_state import JobState

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

_CHECKSUM_PREFIX = "sha256:"


@dataclass(frozen=True, slots=True)
class FileDescription:
    """What the server says about a completed job's file."""

    #: Data rows, header line excluded.
    row_count: int
    size_bytes: int
    #: 64 lower-case hexadecimal digits.
    sha256: str


@dataclass(frozen=True, slots=True)
class Job:
    export_id: str
    format: FileFormat
    state: JobState
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    #: Only of a completed job.
    file: FileDescription | None
    #: Why it failed; empty otherwise.
    failure: str


def job_of(members: Mapping[str, object]) -> Job:
    """The job that one element of `result` describes.

    Raises KeyError or ValueError for one that breaks the contract.
    """
    return Job(
        export_id=str(members["exportId"]),
        format=FileFormat(str(members["format"]).upper()),
        state=_state(str(members["status"])),
        created_at=parse_instant(members["createdAt"]),
        queued_at=_instant(members.get("queuedAt")),
        started_at=_instant(members.get("startedAt")),
        finished_at=_instant(members.get("finishedAt")),
        file=_file(members),
        failure=str(members.get("errorMsg") or ""),
    )


def _state(status: str) -> JobState:
    # Marketo's own pages spell it both ways (contract section 0, rule 2).
    return JobState({"Canceled": "Cancelled"}.get(status, status))


def _instant(value: object) -> datetime | None:
    return None if value is None else parse_instant(value)


def _file(members: Mapping[str, object]) -> FileDescription | None:
    if members.get("fileChecksum") is None:
        return None
    return FileDescription(
        row_count=int(str(members["numberOfRecords"])),
        size_bytes=int(str(members["fileSize"])),
        sha256=str(members["fileChecksum"]).removeprefix(_CHECKSUM_PREFIX),
    )
