"""The client against a real server: every call, and what its errors say."""

from __future__ import annotations

import csv
import hashlib
from typing import TYPE_CHECKING

import pytest

from tailrace.client import (
    ApiError,
    CredentialsError,
    DownloadError,
    ExtractClient,
    JobEndedError,
    UnreachableError,
    WaitTimeoutError,
)
from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.job_state import JobState
from tests.client.conftest import SEEDED_LEADS
from tests.client.requests import ACTIVITIES_REQUEST, LEADS_REQUEST
from tests.support.server import free_port

if TYPE_CHECKING:
    from pathlib import Path

    from tests.client.conftest import Sample
    from tests.support.server import Server

LEADS, ACTIVITIES = ObjectFamily.LEADS, ObjectFamily.ACTIVITIES
UNKNOWN_ID = "00000000-0000-4000-8000-000000000000"


def test_token__is_the_services_and_stays_the_same(client: ExtractClient, sample: Sample) -> None:
    token = client.token()
    assert token.scope == sample.service.user
    assert token.is_fresh
    assert client.token() is token


def test_token__wrong_secret_says_so(server: Server, sample: Sample) -> None:
    with (
        ExtractClient(server.base_url, sample.service.client_id, "wrong") as stranger,
        pytest.raises(CredentialsError) as caught,
    ):
        stranger.token()
    assert caught.value.error == "invalid_client"
    assert str(caught.value) == "No access token: Bad client credentials (invalid_client)."


def test_export__from_create_to_file(client: ExtractClient, tmp_path: Path) -> None:
    job = client.create(LEADS, LEADS_REQUEST)
    assert (job.state, job.queued_at, job.file) == (JobState.CREATED, None, None)
    assert client.enqueue(LEADS, job.export_id).state is JobState.QUEUED
    seen: list[JobState] = []
    done = client.wait(LEADS, job.export_id, on_status=lambda job: seen.append(job.state))
    assert seen[-1] is JobState.COMPLETED

    target = tmp_path / "leads.csv"
    progress: list[int] = []
    client.download(LEADS, done, target, on_bytes=progress.append)
    assert done.file is not None
    content = target.read_bytes()
    assert (len(content), hashlib.sha256(content).hexdigest()) == (
        done.file.size_bytes,
        done.file.sha256,
    )
    assert progress[-1] == done.file.size_bytes
    header, *rows = csv.reader(content.decode().splitlines())
    assert header == ["id", "E-Mail"]
    assert len(rows) == done.file.row_count == SEEDED_LEADS
    assert list(tmp_path.iterdir()) == [target]


def test_default_columns__are_asked_for_by_none(client: ExtractClient, tmp_path: Path) -> None:
    job = client.create(ACTIVITIES, ACTIVITIES_REQUEST)
    client.enqueue(ACTIVITIES, job.export_id)
    target = tmp_path / "activities.csv"
    client.download(ACTIVITIES, client.wait(ACTIVITIES, job.export_id), target)
    with target.open(encoding="utf-8", newline="") as file:
        assert next(csv.reader(file))[:2] == ["marketoGUID", "leadId"]


def test_list__follows_pages_and_filters_by_state(client: ExtractClient) -> None:
    created = [client.create(LEADS, LEADS_REQUEST).export_id for _ in range(3)]
    cancelled = client.cancel(LEADS, created[0])
    assert cancelled.state is JobState.CANCELLED
    waiting = [job.export_id for job in client.list(LEADS, [JobState.CREATED])]
    assert waiting[:2] == [created[2], created[1]]
    assert created[0] not in waiting
    assert created[0] in [job.export_id for job in client.list(LEADS)]


def test_wait__for_a_cancelled_job_raises(client: ExtractClient) -> None:
    job = client.create(LEADS, LEADS_REQUEST)
    client.cancel(LEADS, job.export_id)
    with pytest.raises(JobEndedError) as caught:
        client.wait(LEADS, job.export_id)
    assert str(caught.value) == f"Export job {job.export_id} ended as Cancelled."


def test_wait__no_longer_than_told(client: ExtractClient) -> None:
    job = client.create(LEADS, LEADS_REQUEST)
    with pytest.raises(WaitTimeoutError, match="is Created after 0 seconds"):
        client.wait(LEADS, job.export_id, timeout_seconds=0.1)


def test_refusal__carries_code_message_and_request_id(client: ExtractClient) -> None:
    with pytest.raises(ApiError) as caught:
        client.status(LEADS, UNKNOWN_ID)
    assert (caught.value.code, caught.value.message) == ("1013", "Object not found")
    assert "#" in caught.value.request_id


def test_enqueue__twice_is_refused(client: ExtractClient) -> None:
    job = client.create(LEADS, LEADS_REQUEST)
    client.enqueue(LEADS, job.export_id)
    with pytest.raises(ApiError, match="1029: Job already queued"):
        client.enqueue(LEADS, job.export_id)


def test_download__of_an_unfinished_job_is_refused(client: ExtractClient, tmp_path: Path) -> None:
    job = client.create(LEADS, LEADS_REQUEST)
    with pytest.raises(DownloadError, match="the job is Created"):
        client.download(LEADS, job, tmp_path / "none.csv")
    assert list(tmp_path.iterdir()) == []


def test_rotated_secret__ends_the_token_and_says_so(server: Server, sample: Sample) -> None:
    made = sample.home.create_service("rotating@example.com")
    with ExtractClient(server.base_url, made.client_id, made.client_secret) as client:
        list(client.list(LEADS))
        sample.home.command("service", "rotate", made.client_id)
        with pytest.raises(CredentialsError, match="Bad client credentials"):
            list(client.list(LEADS))


def test_no_server__is_unreachable_once_patience_is_over() -> None:
    url = f"http://127.0.0.1:{free_port()}"
    with (
        ExtractClient(url, "id", "secret", patience_seconds=0.5) as client,
        pytest.raises(UnreachableError, match="No usable answer from"),
    ):
        client.token()
