"""A server whose result files are on object storage: killed, refused, cut off; never a wrong file."""

from __future__ import annotations

import hashlib
import os
import signal
import subprocess
import sys
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import pytest

from tailrace.crash_points import POINTS
from tailrace.domain.export_job import ExportId, SubscriptionId
from tailrace.files.result_files import part_name, result_name
from tests.support.api_user import ApiUser
from tests.support.deadlines import wait_until
from tests.support.object_storage import SECRET, Bucket, files_in
from tests.support.server import Server, running_server
from tests.support.storage_line import StorageLine, line_to_storage

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.world import World

SUBSCRIPTION = SubscriptionId(1)
EXPORT = ExportId("5fd8a7f4-7a57-4f4b-9a4f-3a8d1ad7a9c1")

#: The first piece is more than a part.
CONTENT = bytes(6_000_000) + b"the rest"

PUBLISH = """
import sys
from tests.support.object_storage import files_in

address, subscription, export = sys.argv[1:]
with files_in(address).writer(int(subscription), export, 1) as out:
    out.write(bytes(6_000_000))
    out.write(b"the rest")
    out.publish()
"""


@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("upload.")])
def test_killed_upload__leaves_an_upload_or_the_whole_file(bucket: Bucket, point: str) -> None:
    killed = subprocess.run(
        [sys.executable, "-c", PUBLISH, bucket.address, str(SUBSCRIPTION), EXPORT],
        env={**os.environ, "TAILRACE_CRASH_POINT": point},
        timeout=60,
    )
    assert killed.returncode == -signal.SIGKILL
    files = files_in(bucket.address)
    if point == "upload.completed":
        assert files.names(SUBSCRIPTION) == {result_name(EXPORT, 1)}
        with files.open(SUBSCRIPTION, result_name(EXPORT, 1)) as file:
            assert file.read(0, file.size_bytes) == CONTENT
    else:
        assert files.names(SUBSCRIPTION) == {part_name(EXPORT, 1)}
        files.delete(SUBSCRIPTION, part_name(EXPORT, 1))
        assert (bucket.keys(), bucket.upload_keys()) == (set(), set())


# A whole server, on a line to its storage that can fail.

_ROWS = 12_000

BULKY = {
    "filter": {"createdAt": {"startAt": "2024-06-01T00:00:00Z", "endAt": "2024-06-30T00:00:00Z"}}
}


@dataclass(frozen=True, slots=True)
class Service:
    """A server, and somebody who calls it."""

    server: Server
    user: ApiUser


@pytest.fixture(scope="module")
def world(make_world: Callable[[], World]) -> World:
    """A world with one export of about 7 MB in it."""
    world = make_world()
    world.home.load(
        "activities",
        [
            {
                "marketoGUID": str(1_000_000 + number),
                "leadId": 1,
                "activityDate": f"2024-06-{1 + number % 20:02}T00:00:00Z",
                "activityTypeId": 1,
                "attributes": {"Webpage URL": "x" * 500},
            }
            for number in range(_ROWS)
        ],
    )
    return world


@pytest.fixture(scope="module")
def line(s3_server: str) -> Generator[StorageLine]:
    with line_to_storage(s3_server) as line:
        yield line


@pytest.fixture(scope="module")
def place(line: StorageLine, s3_server: str) -> Bucket:
    """A bucket of which the servers here are told no more than the line to it."""
    Bucket(s3_server, "bucket-of-servers").make()
    return Bucket(line.base_url, "bucket-of-servers")


@pytest.fixture(scope="module")
def environment(place: Bucket) -> dict[str, str]:
    return {
        **place.environment,
        "TAILRACE_FILES": place.address,
        "TAILRACE_FILES_PART_MEGABYTES": "5",
        "TAILRACE_FILES_RETRY_SECONDS": "1",
    }


@pytest.fixture(scope="module")
def interrupted(world: World, environment: dict[str, str]) -> str:
    """Id of an export whose server was killed before its upload was completed."""
    crash = {"TAILRACE_CRASH_POINT": "upload.all_written"}
    server = Server(world.home, environment={**environment, **crash})
    server.start()
    with ApiUser(server.base_url, world.main) as user:
        export_id = user.enqueued("activities", BULKY)
        server.wait_for_crash()
    return export_id


@pytest.fixture(scope="module")
def left_behind(interrupted: str, place: Bucket) -> set[str]:
    """Keys of the uploads that were there after the kill."""
    return place.upload_keys()


@pytest.fixture(scope="module")
def service(
    world: World, environment: dict[str, str], left_behind: set[str], interrupted: str
) -> Generator[Service]:
    """The next server on the same home, once it has run again what was interrupted."""
    with (
        running_server(world.home, environment=environment) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        # Before any test lets the storage fail.
        user.finished("activities", interrupted)
        yield Service(server, user)
    assert SECRET not in server.log()


def test_killed_while_uploading__job_completes_after_restart_and_no_upload_stays(
    service: Service, place: Bucket, interrupted: str, left_behind: set[str]
) -> None:
    assert left_behind == {f"1/{interrupted}.1.csv"}
    job = service.user.finished("activities", interrupted)
    assert job["status"] == "Completed"
    content = service.user.file("activities", interrupted).content
    assert job["fileChecksum"] == "sha256:" + hashlib.sha256(content).hexdigest()
    wait_until(lambda: not place.upload_keys(), "the unfinished upload is swept")
    assert place.keys() == {f"1/{interrupted}.2.csv"}


def test_storage_that_refuses__fails_the_job_alone_and_the_next_succeeds(
    service: Service, line: StorageLine, place: Bucket
) -> None:
    line.is_unavailable = True
    export_id = service.user.enqueued("activities", BULKY)
    job = service.user.finished("activities", export_id)
    assert (job["status"], job["errorMsg"]) == (
        "Failed",
        "The object storage did not take the export file",
    )
    line.is_unavailable = False
    assert service.user.export("activities", BULKY).job["numberOfRecords"] == _ROWS
    wait_until(lambda: not place.upload_keys(), "nothing half there stays")


def test_storage_that_fails_in_a_download__breaks_the_connection_and_the_client_resumes(
    service: Service, line: StorageLine
) -> None:
    done = service.user.export("activities", BULKY)
    path = f"/bulk/v1/activities/export/{done.job['exportId']}/file.json"
    headers = {"Authorization": f"Bearer {service.user.token}"}
    line.cut_after = 100_000
    received = b""
    with service.user.http.stream("GET", path, headers=headers) as answer:
        assert answer.headers["Content-Length"] == str(len(done.content))
        with pytest.raises(httpx.RemoteProtocolError):
            for piece in answer.iter_raw():
                received += piece
    assert len(received) < len(done.content)
    part = service.user.file("activities", done.job["exportId"], "bytes=0-99")
    assert part.content == done.content[:100]
    line.is_unavailable = True
    refused = service.user.file("activities", done.job["exportId"])
    assert refused.error() == ("608", "API Temporarily Unavailable")
    line.is_unavailable, line.cut_after = False, None
    rest = service.user.file("activities", done.job["exportId"], f"bytes={len(received)}-")
    assert received + rest.content == done.content
