"""Section 3.8 with `TAILRACE_FILES_REDIRECT_SECONDS`: bytes come from the storage, the rest from us."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx
import pytest

from tailrace.client import ExtractClient
from tailrace.domain.export_job import ObjectFamily
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.job_states import BODIES
from tests.support.object_storage import SECRET, Bucket
from tests.support.server import Server, running_server

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.answers import Answer, Job
    from tests.support.api_user import ApiUser
    from tests.support.world import World


@pytest.fixture(scope="module")
def server(world: World, s3_server: str) -> Iterator[Server]:
    bucket = Bucket(s3_server)
    bucket.make()
    environment = {
        **bucket.environment,
        "TAILRACE_FILES": bucket.address,
        "TAILRACE_FILES_REDIRECT_SECONDS": "60",
    }
    with running_server(world.home, environment=environment) as running:
        yield running


@pytest.fixture(scope="module")
def done(main: ApiUser) -> Job:
    return main.finished("leads", main.enqueued("leads", BODIES["leads"]))


def fetch(user: ApiUser, job: Job, method: str = "GET", **headers: str) -> Answer:
    path = f"/bulk/v1/leads/export/{job['exportId']}/file.json"
    named = {name.replace("_", "-"): value for name, value in headers.items()}
    return user.call(method, path, headers=named)


def test_file__is_at_a_signed_address(main: ApiUser, done: Job, s3_server: str) -> None:
    answer = fetch(main, done)
    address = answer.headers["Location"]
    assert (answer.status, answer.content) == (307, b"")
    assert answer.headers["Cache-Control"] == "no-store"
    assert address.startswith(s3_server)
    assert SECRET not in address
    whole = httpx.get(address, timeout=DEADLINE_SECONDS, trust_env=False)
    assert len(whole.content) == done["fileSize"]
    headers = {"Range": "bytes=2-4"}
    part = httpx.get(address, headers=headers, timeout=DEADLINE_SECONDS, trust_env=False)
    assert (part.status_code, part.content) == (206, whole.content[2:5])


def test_what_needs_no_bytes__is_answered_at_once(main: ApiUser, done: Job) -> None:
    head = fetch(main, done, "HEAD")
    assert (head.status, head.headers["Content-Length"]) == (200, str(done["fileSize"]))
    tag = head.headers["ETag"]
    assert fetch(main, done, If_None_Match=tag).status == 304
    assert fetch(main, done, If_Match='"other"').status == 412
    assert fetch(main, done, Range=f"bytes={done['fileSize']}-").status == 416


def test_file_of_another__is_not_there(other: ApiUser, done: Job) -> None:
    answer = fetch(other, done)
    assert answer.status == 404
    assert "Location" not in answer.headers


def test_our_client__follows_to_the_storage(
    server: Server, world: World, done: Job, tmp_path: Path
) -> None:
    service, target = world.main, tmp_path / "leads.csv"
    with ExtractClient(server.base_url, service.client_id, service.client_secret) as client:
        job = client.status(ObjectFamily.LEADS, done["exportId"])
        target.with_name("leads.csv.part").write_bytes(b"i")
        client.download(ObjectFamily.LEADS, job, target)
    assert target.stat().st_size == done["fileSize"]
