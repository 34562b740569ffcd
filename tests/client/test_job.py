"""Jobs as the API shows them, ours and Marketo's."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from tailrace.client import FileDescription
from tailrace.client.job import job_of
from tailrace.domain.file_format import FileFormat
from tailrace.domain.job_state import JobState

#: Contract section 3.2, the sample of the documentation.
COMPLETED = {
    "exportId": "f2c03f1d-226f-47c1-a557-357af8c2b32a",
    "format": "CSV",
    "status": "Completed",
    "createdAt": "2021-05-05T20:12:01Z",
    "queuedAt": "2021-05-05T20:13:32Z",
    "startedAt": "2021-05-05T20:14:15Z",
    "finishedAt": "2021-05-05T20:14:28Z",
    "numberOfRecords": 3,
    "fileSize": 182,
    "fileChecksum": "sha256:fac0cabc2352229c12e18b2fde03d1f24178bc71e9e926f520ae8d61bbe98c01",
}
CREATED = {name: COMPLETED[name] for name in ("exportId", "format", "createdAt")}


def test_completed_job__has_its_file() -> None:
    job = job_of(COMPLETED)
    assert job.state is JobState.COMPLETED
    assert job.format is FileFormat.CSV
    assert job.finished_at == datetime(2021, 5, 5, 20, 14, 28, tzinfo=UTC)
    assert job.file == FileDescription(
        3, 182, "fac0cabc2352229c12e18b2fde03d1f24178bc71e9e926f520ae8d61bbe98c01"
    )


@pytest.mark.parametrize("status", ["Cancelled", "Canceled"])
def test_both_spellings__are_cancelled(status: str) -> None:
    assert job_of({**CREATED, "status": status}).state is JobState.CANCELLED


def test_failed_job__says_why() -> None:
    job = job_of({**CREATED, "status": "Failed", "errorMsg": "List not found"})
    assert (job.state, job.failure, job.file) == (JobState.FAILED, "List not found", None)


def test_created_job__has_nothing_else() -> None:
    job = job_of({**CREATED, "status": "Created"})
    assert (job.queued_at, job.started_at, job.finished_at) == (None, None, None)
