"""A server killed at every named point of an export job's life: what a restart then finds.

What was acknowledged is there, nothing is half there, an interrupted job runs again to the same
bytes, and no temporary file stays.
"""

from __future__ import annotations

import hashlib
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from tailrace.crash_points import POINTS
from tests.support.api_user import ApiUser
from tests.support.deadlines import wait_until
from tests.support.job_states import BODIES
from tests.support.server import Server
from tests.support.world import DOOMED_LIST

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.answers import Job
    from tests.support.world import World

DOOMED_EXPORT = {"fields": ["id"], "filter": {"staticListId": DOOMED_LIST}}

#: Points between the claim of a job and its end, when it runs well.
RUN_POINTS = [
    point
    for point in POINTS
    if point.startswith(("publish.", "export.", "job.claim.", "job.complete."))
]


@contextmanager
def server_that_dies(world: World, point: str) -> Generator[Server]:
    """A server that kills itself at `point`; stopped in any case at the end of the block."""
    server = Server(world.home, environment={"TAILRACE_CRASH_POINT": point})
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def restarted(world: World) -> Generator[ApiUser]:
    """A caller of a healthy server on the same home."""
    server = Server(world.home)
    server.start()
    try:
        with ApiUser(server.base_url, world.main) as user:
            yield user
    finally:
        server.stop()


def enqueue_in_last_moment(user: ApiUser, export_id: str) -> None:
    """Enqueue; the answer may be lost, as the server may die before it is sent."""
    with suppress(httpx.TransportError):
        user.enqueue("leads", export_id)


def events_of(world: World, export_id: str) -> list[str]:
    with world.home.sql() as connection:
        rows = connection.execute(
            "SELECT event FROM job_event WHERE export_id = ? ORDER BY id", (export_id,)
        )
        return [event for (event,) in rows]


def result_names(world: World) -> set[str]:
    return {path.name for path in (world.home.path / "files").rglob("*") if path.is_file()}


def assert_complete(user: ApiUser, job: Job, expected: bytes) -> None:
    """The job's file is there, is what its status says, and holds what it must."""
    content = user.file("leads", job["exportId"]).content
    assert content == expected
    assert job["fileSize"] == len(content)
    assert job["fileChecksum"] == "sha256:" + hashlib.sha256(content).hexdigest()


@pytest.fixture(scope="module")
def expected(make_world: Callable[[], World]) -> bytes:
    """The bytes of the export when nothing goes wrong."""
    with restarted(make_world()) as user:
        return user.export("leads", BODIES["leads"]).content


@pytest.mark.parametrize("point", RUN_POINTS)
def test_killed_while_running__job_completes_after_restart(
    make_world: Callable[[], World], expected: bytes, point: str
) -> None:
    world = make_world()
    with server_that_dies(world, point) as server:
        with ApiUser(server.base_url, world.main) as user:
            export_id = user.created("leads", BODIES["leads"])
            enqueue_in_last_moment(user, export_id)
        server.wait_for_crash()
    with restarted(world) as user:
        job = user.finished("leads", export_id)
        assert job["status"] == "Completed"
        assert_complete(user, job, expected)
        wait_until(lambda: len(result_names(world)) == 1, "orphans swept")
        assert events_of(world, export_id)[:2] == ["create", "enqueue"]
        assert events_of(world, export_id).count("complete") == 1


@pytest.mark.parametrize(
    ("point", "is_there"), [("job.create.before_commit", False), ("job.create.after_commit", True)]
)
def test_killed_in_create__job_is_whole_or_absent(
    make_world: Callable[[], World], point: str, *, is_there: bool
) -> None:
    world = make_world()
    with server_that_dies(world, point) as server:
        with (
            ApiUser(server.base_url, world.main) as user,
            pytest.raises(httpx.TransportError),
        ):
            user.create("leads", BODIES["leads"])
        server.wait_for_crash()
    with restarted(world) as user:
        jobs = user.list("leads").jobs()
        assert [job["status"] for job in jobs] == (["Created"] if is_there else [])


@pytest.mark.parametrize(
    ("point", "status"),
    [("job.enqueue.before_commit", "Created"), ("job.enqueue.after_commit", "Completed")],
)
def test_killed_in_enqueue__job_is_queued_or_still_created(
    make_world: Callable[[], World], point: str, status: str
) -> None:
    world = make_world()
    with server_that_dies(world, point) as server:
        with ApiUser(server.base_url, world.main) as user:
            export_id = user.created("leads", BODIES["leads"])
            with pytest.raises(httpx.TransportError):
                user.enqueue("leads", export_id)
        server.wait_for_crash()
    with restarted(world) as user:
        job = user.wait("leads", export_id, lambda job: job["status"] == status)
        assert job["status"] == status


def test_killed_in_cancel__job_goes_on(make_world: Callable[[], World], expected: bytes) -> None:
    world = make_world()
    with server_that_dies(world, "job.cancel.before_commit") as server:
        with ApiUser(server.base_url, world.main) as user:
            export_id = user.created("leads", BODIES["leads"])
            with pytest.raises(httpx.TransportError):
                user.cancel("leads", export_id)
        server.wait_for_crash()
    with restarted(world) as user:
        assert user.enqueue("leads", export_id).job()["status"] == "Queued"
        assert_complete(user, user.finished("leads", export_id), expected)


def test_killed_while_failing_a_job__job_fails_after_restart(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    with server_that_dies(world, "job.fail.before_commit") as server:
        with ApiUser(server.base_url, world.main) as user:
            export_id = user.created("leads", DOOMED_EXPORT)
            remove_list(world)
            enqueue_in_last_moment(user, export_id)
        server.wait_for_crash()
    with restarted(world) as user:
        job = user.finished("leads", export_id)
        assert (job["status"], job["errorMsg"]) == ("Failed", "List not found")
        assert result_names(world) == set()


def test_job_that_kills_every_server__is_given_up_in_the_end(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    with server_that_dies(world, "export.begin") as server:
        with ApiUser(server.base_url, world.main) as user:
            export_id = user.created("leads", BODIES["leads"])
            enqueue_in_last_moment(user, export_id)
        server.wait_for_crash()
    for _ in range(4):
        server = Server(world.home, environment={"TAILRACE_CRASH_POINT": "export.begin"})
        # It dies before or just after it answers for the first time.
        try:
            server.start()
        except AssertionError:
            continue
        server.wait_for_crash()
    with restarted(world) as user:
        job = user.finished("leads", export_id)
        assert job["status"] == "Failed"
        assert "interrupted 5 times" in job["errorMsg"]


def test_every_job_point__has_a_test() -> None:
    tested = {
        *RUN_POINTS,
        "job.create.before_commit",
        "job.create.after_commit",
        "job.enqueue.before_commit",
        "job.enqueue.after_commit",
        "job.cancel.before_commit",
        "job.fail.before_commit",
    }
    assert {point for point in POINTS if point.startswith(("job.", "export."))} <= tested


def remove_list(world: World) -> None:
    with world.home.sql() as connection:
        connection.execute("DELETE FROM static_list_member WHERE list_id = ?", (DOOMED_LIST,))
        connection.execute("DELETE FROM static_list WHERE id = ?", (DOOMED_LIST,))
