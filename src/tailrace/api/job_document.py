"""An export job as its API user sees it: only the members that its state has (contract 3.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.instants import format_instant
from tailrace.domain.job_state import JobState

if TYPE_CHECKING:
    from datetime import datetime

    from tailrace.domain.export_job import ExportJob

_ALWAYS = frozenset({"exportId", "format", "status", "createdAt"})
_IF_REACHED = frozenset({"queuedAt", "startedAt"})
_FILE = frozenset({"numberOfRecords", "fileSize", "fileChecksum"})

#: Members by state. A member that has no value is left out all the same, never null.
JOB_MEMBERS: dict[JobState, frozenset[str]] = {
    JobState.CREATED: _ALWAYS,
    JobState.QUEUED: _ALWAYS | {"queuedAt"},
    JobState.PROCESSING: _ALWAYS | _IF_REACHED,
    JobState.COMPLETED: _ALWAYS | _IF_REACHED | {"finishedAt"} | _FILE,
    JobState.FAILED: _ALWAYS | _IF_REACHED | {"finishedAt", "errorMsg"},
    JobState.CANCELLED: _ALWAYS | _IF_REACHED,
}


def job_document(job: ExportJob) -> dict[str, object]:
    """The job's members in the order that Marketo sends them."""
    result = job.result
    values: dict[str, object] = {
        "exportId": job.export_id,
        "format": job.request.format.value,
        "status": job.state.value,
        "createdAt": format_instant(job.created_at),
        "queuedAt": _instant(job.queued_at),
        "startedAt": _instant(job.started_at),
        "finishedAt": _instant(job.finished_at),
        "numberOfRecords": None if result is None else result.row_count,
        "fileSize": None if result is None else result.size_bytes,
        "fileChecksum": None if result is None else f"sha256:{result.sha256}",
        "errorMsg": job.failure,
    }
    shown = JOB_MEMBERS[job.state]
    return {name: value for name, value in values.items() if name in shown and value is not None}


def _instant(instant: datetime | None) -> str | None:
    return None if instant is None else format_instant(instant)
