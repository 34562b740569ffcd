"""The JSON envelope and the job inside it (contract sections 2.4 and 3.2)."""

from __future__ import annotations

import re
from dataclasses import replace
from datetime import UTC, datetime

import pytest

from tailrace.api.envelope import failure_response, new_request_id, success_response
from tailrace.api.job_document import job_document
from tailrace.domain.export_job import (
    ApiUserId,
    ExportId,
    ExportJob,
    ObjectFamily,
    ResultFile,
    SubscriptionId,
)
from tailrace.domain.export_request import Column, CreatedLeads, ExportRequest, InstantRange
from tailrace.domain.file_format import FileFormat
from tailrace.domain.job_state import JobState

CREATED = datetime(2021, 5, 5, 20, 12, 1, 999_999, tzinfo=UTC)
QUEUED = datetime(2021, 5, 5, 20, 13, 32, tzinfo=UTC)
STARTED = datetime(2021, 5, 5, 20, 14, 15, tzinfo=UTC)
FINISHED = datetime(2021, 5, 5, 20, 14, 28, tzinfo=UTC)

COMPLETED = ExportJob(
    export_id=ExportId("f2c03f1d-226f-47c1-a557-357af8c2b32a"),
    subscription_id=SubscriptionId(1),
    api_user_id=ApiUserId(1),
    family=ObjectFamily.LEADS,
    request=ExportRequest(
        FileFormat.CSV, (Column("id", "id"),), CreatedLeads(InstantRange(CREATED, CREATED))
    ),
    state=JobState.COMPLETED,
    created_at=CREATED,
    queued_at=QUEUED,
    started_at=STARTED,
    finished_at=FINISHED,
    result=ResultFile("f.1.csv", 182, "fa" * 32, 3),
    failure=None,
    fence=1,
    attempts=1,
    state_changed_at=FINISHED,
)


def body(response: object) -> bytes:
    return bytes(getattr(response, "body"))  # noqa: B009 - the body of any kind of response


def test_request_id__ends_in_the_epoch_milliseconds() -> None:
    request_id = new_request_id(0x161D8E4BA72)
    assert re.fullmatch(r"[0-9a-f]{1,5}#161d8e4ba72", request_id)


def test_success__has_its_members_in_order() -> None:
    assert body(success_response("1#2", [])) == b'{"requestId":"1#2","result":[],"success":true}'
    assert body(success_response("1#2", [], next_page_token="T=")) == (
        b'{"requestId":"1#2","result":[],"success":true,"nextPageToken":"T="}'
    )


def test_failure__has_its_members_in_order() -> None:
    response = failure_response("1#2", "601", "Access token invalid", http_status=200)
    assert response.headers["content-type"] == "application/json;charset=UTF-8"
    assert body(response) == (
        b'{"requestId":"1#2","success":false,'
        b'"errors":[{"code":"601","message":"Access token invalid"}]}'
    )


def test_completed_job__is_the_documented_sample() -> None:
    assert list(job_document(COMPLETED).items()) == [
        ("exportId", "f2c03f1d-226f-47c1-a557-357af8c2b32a"),
        ("format", "CSV"),
        ("status", "Completed"),
        ("createdAt", "2021-05-05T20:12:01Z"),
        ("queuedAt", "2021-05-05T20:13:32Z"),
        ("startedAt", "2021-05-05T20:14:15Z"),
        ("finishedAt", "2021-05-05T20:14:28Z"),
        ("numberOfRecords", 3),
        ("fileSize", 182),
        ("fileChecksum", "sha256:" + "fa" * 32),
    ]


@pytest.mark.parametrize(
    ("state", "members"),
    [
        (JobState.CREATED, []),
        (JobState.QUEUED, ["queuedAt"]),
        (JobState.PROCESSING, ["queuedAt", "startedAt"]),
        (
            JobState.COMPLETED,
            [
                "queuedAt",
                "startedAt",
                "finishedAt",
                "numberOfRecords",
                "fileSize",
                "fileChecksum",
            ],
        ),
        (JobState.FAILED, ["queuedAt", "startedAt", "finishedAt", "errorMsg"]),
        (JobState.CANCELLED, ["queuedAt", "startedAt"]),
    ],
)
def test_state__decides_which_members_there_are(state: JobState, members: list[str]) -> None:
    job = replace(COMPLETED, state=state, failure="why")
    assert list(job_document(job))[4:] == members


def test_step_that_was_never_reached__is_left_out() -> None:
    job = replace(COMPLETED, state=JobState.CANCELLED, queued_at=None, started_at=None)
    assert list(job_document(job)) == ["exportId", "format", "status", "createdAt"]


def test_cancelled__has_two_l() -> None:
    assert job_document(replace(COMPLETED, state=JobState.CANCELLED))["status"] == "Cancelled"
