"""Faults of the network between a server, its database and its object storage.

Whatever is acknowledged is right, whatever is not says so, both in bounded time; and once the
line is well, so is the server.
"""

from __future__ import annotations

import hashlib
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import httpx
import pytest

from tests.support.api_user import ApiUser
from tests.support.deadlines import wait_until
from tests.support.faulty_line import Fault, FaultyLine
from tests.support.home import Home
from tests.support.object_storage import SECRET, Bucket
from tests.support.postgresql import PASSWORD, postgresql
from tests.support.server import Server, running_server
from tests.support.silent_line import SilentLine
from tests.support.stores import POSTGRESQL, store_address
from tests.support.world import MARCH, World

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.answers import Job
    from tests.support.api_user import Family
    from tests.support.tcp_line import TcpLine

BODIES: dict[Family, dict[str, object]] = {
    "activities": {"filter": {"createdAt": MARCH}},
    "leads": {"filter": {"createdAt": MARCH}, "fields": ["id", "email", "firstName"]},
}
FAMILIES = tuple(BODIES)

#: More than the server has threads for calls.
CALLS_AT_ONCE = 20

#: What says that nobody knows, or that it was not done.
UNAVAILABLE = ("608", "API Temporarily Unavailable")
NOT_TAKEN = "The object storage did not take the export file"


@dataclass(frozen=True, slots=True)
class Service:
    """A server at the end of a line, and somebody who calls it and waits no longer than a minute."""

    server: Server
    user: ApiUser
    line: FaultyLine
    #: What exports are when nothing is wrong.
    expected: dict[Family, bytes]

    @classmethod
    @contextmanager
    def running(
        cls, world: World, line: FaultyLine, environment: dict[str, str], secret: str
    ) -> Generator[Service]:
        with (
            running_server(world.home, environment=environment) as server,
            ApiUser(server.base_url, world.main) as user,
        ):
            user.http.timeout = 60
            expected: dict[Family, bytes] = {
                family: user.export(family, BODIES[family]).content for family in FAMILIES
            }
            yield cls(server, user, line, expected)
            assert secret not in server.log()

    def assert_well(self) -> None:
        for family in FAMILIES:
            assert self.user.export(family, BODIES[family]).content == self.expected[family]

    def assert_file_is_right(self, family: Family, job: Job) -> None:
        content = self.user.file(family, job["exportId"]).content
        assert content == self.expected[family]
        assert job["fileChecksum"] == "sha256:" + hashlib.sha256(content).hexdigest()


@contextmanager
def struck_line(service: Service, fault: Fault) -> Generator[None]:
    """The line has the fault, and something met it.

    Who is refused a connection is not counted, and connections that are kept do not close.
    """
    before = service.line.strikes
    with service.line.with_fault(fault):
        yield
    assert service.line.strikes > before or fault in (Fault.DOWN, Fault.SLOW_CLOSE)


# The database.


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.build(Home(tmp_path_factory.mktemp("line") / "home", POSTGRESQL))


def store_by(line: TcpLine, world: World) -> dict[str, str]:
    """What a server on the world must be told for its store to be at the end of the line."""
    address = urlsplit(store_address(world.home.path, POSTGRESQL) or "")
    by_line = address._replace(netloc=address.netloc.rpartition(":")[0] + f":{line.port}")
    return {"TAILRACE_STORE": by_line.geturl()}


@pytest.fixture(scope="module")
def on_database(world: World) -> Generator[Service]:
    with FaultyLine(postgresql().port) as line:
        environment = {**store_by(line, world), "TAILRACE_MAXIMUM_ATTEMPTS": "1000"}
        with Service.running(world, line, environment, PASSWORD) as service:
            yield service


@pytest.mark.parametrize("fault", Fault)
def test_fault_on_the_way_to_the_database__loses_no_job_and_is_told(
    on_database: Service, fault: Fault
) -> None:
    user = on_database.user
    enqueued: list[tuple[Family, str]] = []
    with struck_line(on_database, fault):
        for family in FAMILIES:
            export_id = created_or_refused(user, family)
            if export_id is None:
                continue
            if is_enqueued_or_refused(user, family, export_id):
                enqueued.append((family, export_id))
    if fault in (Fault.LATENCY, Fault.BANDWIDTH, Fault.SLICE):
        assert len(enqueued) == len(FAMILIES), "what is only slow is no error"
    assert not enqueued or fault is not Fault.DOWN
    for family, export_id in enqueued:
        job = user.finished(family, export_id)
        assert job["status"] == "Completed", job
        on_database.assert_file_is_right(family, job)
    on_database.assert_well()


def created_or_refused(user: ApiUser, family: Family) -> str | None:
    answer = user.create(family, BODIES[family])
    if answer.envelope()["success"]:
        return answer.job()["exportId"]
    assert answer.error() == UNAVAILABLE
    return None


def is_enqueued_or_refused(user: ApiUser, family: Family, export_id: str) -> bool:
    answer = user.enqueue(family, export_id)
    if not answer.envelope()["success"]:
        assert answer.error() == UNAVAILABLE
        return False
    return True


def test_database_that_goes_silent__holds_no_call_and_is_found_again(world: World) -> None:
    """Connections stay, and what was struck stays silent for ever."""
    quick = {"TAILRACE_STORE_ANSWER_SECONDS": "2"}
    with (
        SilentLine(postgresql().port) as line,
        running_server(world.home, environment={**store_by(line, world), **quick}) as server,
        ApiUser(server.base_url, world.main) as user,
        ThreadPoolExecutor(CALLS_AT_ONCE) as threads,
    ):
        expected = user.export("leads", BODIES["leads"]).content
        with line.silence():
            calls = [threads.submit(user.list, "leads") for _ in range(CALLS_AT_ONCE)]
            readiness = user.http.get("/readyz")
            assert user.http.get("/healthz").status_code == 200
            assert {call.result().error() for call in calls} == {UNAVAILABLE}
            assert (readiness.status_code, readiness.json()["checks"]["store"]) == (503, False)
            assert user.grant().error() == UNAVAILABLE
        assert line.strikes
        wait_until(lambda: user.http.get("/readyz").status_code == 200, "readiness")
        assert user.export("leads", BODIES["leads"]).content == expected
        assert PASSWORD not in server.log()


# Object storage.


@pytest.fixture(scope="module")
def on_storage(make_world: Callable[[], World], s3_server: str) -> Generator[Service]:
    upstream = urlsplit(s3_server).port
    assert upstream is not None
    Bucket(s3_server, "bucket-at-a-line").make()
    with FaultyLine(upstream) as line:
        place = Bucket(f"http://127.0.0.1:{line.port}", "bucket-at-a-line")
        environment = {
            **place.environment,
            "TAILRACE_FILES": place.address,
            "TAILRACE_FILES_RETRY_SECONDS": "3",
        }
        with Service.running(make_world(), line, environment, SECRET) as service:
            yield service


@pytest.mark.parametrize("fault", Fault)
def test_fault_on_the_way_to_object_storage__gives_the_right_file_or_says_why_not(
    on_storage: Service, fault: Fault
) -> None:
    user = on_storage.user
    done = user.export("activities", BODIES["activities"]).job
    with struck_line(on_storage, fault):
        ended = user.finished("leads", user.enqueued("leads", BODIES["leads"]))
        received = downloaded_or_refused(user, done["exportId"])
    assert received in (None, on_storage.expected["activities"])
    if fault in (Fault.LATENCY, Fault.BANDWIDTH, Fault.SLICE):
        assert ended["status"] == "Completed", "what is only slow is no error"
        assert received is not None
    if fault is Fault.DOWN:
        assert (ended["status"], received) == ("Failed", None)
    if ended["status"] == "Completed":
        on_storage.assert_file_is_right("leads", ended)
    else:
        assert (ended["status"], ended["errorMsg"]) == ("Failed", NOT_TAKEN)
    on_storage.assert_well()


def downloaded_or_refused(user: ApiUser, export_id: str) -> bytes | None:
    """The file; None if the server says that it cannot be had, or breaks off."""
    try:
        answer = user.file("activities", export_id)
    except httpx.RemoteProtocolError:
        return None
    if answer.headers["Content-Type"].startswith("application/json"):
        assert answer.error() == UNAVAILABLE
        return None
    assert answer.status == 200
    return answer.content
