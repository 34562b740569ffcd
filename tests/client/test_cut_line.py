"""Connections that break: downloads go on where they were, and calls are repeated when they may."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tailrace.client import DownloadError
from tailrace.client.job import FileDescription, Job
from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.job_state import JobState
from tests.client.line import Line
from tests.client.requests import ACTIVITIES_REQUEST, LEADS_REQUEST
from tests.support.deadlines import wait_until

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tailrace.client import ExtractClient
    from tests.client.conftest import Sample
    from tests.support.server import Server

ACTIVITIES, LEADS = ObjectFamily.ACTIVITIES, ObjectFamily.LEADS


@pytest.fixture
def line(server: Server) -> Iterator[Line]:
    with Line(server.port) as made:
        yield made


@pytest.fixture
def far_client(line: Line, sample: Sample) -> Iterator[ExtractClient]:
    """A client that reaches the server by the line only."""
    with sample.client_at(line.base_url) as made:
        yield made


@pytest.fixture(scope="module")
def completed(server: Server, sample: Sample) -> tuple[Job, FileDescription]:
    """An activity export of some megabytes."""
    with sample.client_at(server.base_url) as near:
        job = near.create(ACTIVITIES, ACTIVITIES_REQUEST)
        near.enqueue(ACTIVITIES, job.export_id)
        done = near.wait(ACTIVITIES, job.export_id)
    assert done.file is not None
    assert done.file.size_bytes > 2_000_000
    return done, done.file


def sha256_of(path: Path) -> str:
    return hashlib.sha256(path.read_bytes()).hexdigest()


def test_download__resumes_after_every_cut(
    far_client: ExtractClient,
    line: Line,
    completed: tuple[Job, FileDescription],
    tmp_path: Path,
) -> None:
    job, file = completed
    target = tmp_path / "activities.csv"
    far_client.token()
    line.cut_after = file.size_bytes // 3
    far_client.download(ACTIVITIES, job, target)
    assert line.cuts >= 3
    assert sha256_of(target) == file.sha256


def test_download__takes_up_what_an_earlier_process_left(
    client: ExtractClient,
    far_client: ExtractClient,
    line: Line,
    completed: tuple[Job, FileDescription],
    tmp_path: Path,
) -> None:
    job, file = completed
    target = tmp_path / "activities.csv"
    client.download(ACTIVITIES, job, target)
    content = target.read_bytes()
    target.unlink()
    target.with_name("activities.csv.part").write_bytes(content[:1_000_000])
    # Only the rest fits through the line.
    line.cut_after = file.size_bytes - 900_000
    progress: list[int] = []
    far_client.download(ACTIVITIES, job, target, on_bytes=progress.append)
    assert progress[0] == 1_000_000
    assert line.cuts == 0
    assert sha256_of(target) == file.sha256


@pytest.mark.parametrize("left", [b"not this file", b"x" * 20_000_000], ids=["other", "longer"])
def test_download__a_wrong_part_is_fetched_anew(
    far_client: ExtractClient,
    completed: tuple[Job, FileDescription],
    tmp_path: Path,
    left: bytes,
) -> None:
    job, file = completed
    target = tmp_path / "activities.csv"
    target.with_name("activities.csv.part").write_bytes(left)
    far_client.download(ACTIVITIES, job, target)
    assert sha256_of(target) == file.sha256
    assert list(tmp_path.iterdir()) == [target]


@pytest.mark.parametrize(
    ("size_change", "sha256", "reason"),
    [(0, "0" * 64, "its SHA-256 is not the one reported"), (1, None, "were reported")],
    ids=["other checksum", "other size"],
)
def test_download__another_file_than_reported_is_refused(
    far_client: ExtractClient,
    completed: tuple[Job, FileDescription],
    tmp_path: Path,
    size_change: int,
    sha256: str | None,
    reason: str,
) -> None:
    job, file = completed
    said = FileDescription(file.row_count, file.size_bytes + size_change, sha256 or file.sha256)
    wrong = Job(
        export_id=job.export_id,
        format=job.format,
        state=job.state,
        created_at=job.created_at,
        queued_at=job.queued_at,
        started_at=job.started_at,
        finished_at=job.finished_at,
        file=said,
        failure="",
    )
    target = tmp_path / "activities.csv"
    with pytest.raises(DownloadError, match=reason):
        far_client.download(ACTIVITIES, wrong, target)
    assert not target.exists()


def test_status__is_asked_again_until_the_server_is_back(
    far_client: ExtractClient, line: Line
) -> None:
    job = far_client.create(LEADS, LEADS_REQUEST)
    line.cut_after = 0

    def mend() -> None:
        wait_until(lambda: line.cuts > 0, "the first cut")
        line.cut_after = None

    import threading

    mender = threading.Thread(target=mend)
    mender.start()
    assert far_client.status(LEADS, job.export_id).state is JobState.CREATED
    mender.join()


def test_enqueue__whose_answer_is_lost_has_happened(far_client: ExtractClient, line: Line) -> None:
    job = far_client.create(LEADS, LEADS_REQUEST)
    line.cut_after = 0

    def mend() -> None:
        wait_until(lambda: line.cuts > 0, "the first cut")
        line.cut_after = None

    import threading

    mender = threading.Thread(target=mend)
    mender.start()
    enqueued = far_client.enqueue(LEADS, job.export_id)
    mender.join()
    assert enqueued.state in (JobState.QUEUED, JobState.PROCESSING, JobState.COMPLETED)
    far_client.wait(LEADS, job.export_id)
