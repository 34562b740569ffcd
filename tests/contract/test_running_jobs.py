"""Sections 3.3 and 3.6 for an export that is really running: seen, cancelled, interrupted."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import assert_text_404
from tests.support.api_user import ApiUser
from tests.support.deadlines import wait_until
from tests.support.home import Home
from tests.support.server import running_server
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.answers import Job
    from tests.support.server import Server

#: All of this takes long enough to be caught in the act.
BODY = {
    "filter": {
        "createdAt": {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-03-03T00:00:00Z"},
    }
}
ACTIVITIES = 200_000


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    """A home full of generated activities."""
    home = Home(tmp_path_factory.mktemp("running") / "home")
    size = ("--leads", "100", "--activities", str(ACTIVITIES), "--days", "2")
    home.command("seed", *size, "--until", "2024-03-03T00:00:00Z", "--json")
    home.set("quota_megabytes", 100_000)
    services = [home.create_service(f"{name}@example.com") for name in ("main", "main", "other")]
    return World(home, *services)


@pytest.fixture
def server(world: World) -> Iterator[Server]:
    """A server that a test may stop."""
    with running_server(world.home) as running:
        yield running


@pytest.fixture
def main(server: Server, world: World) -> Iterator[ApiUser]:
    with ApiUser(server.base_url, world.main) as user:
        yield user


def caught_running(user: ApiUser) -> Job:
    """A job that is in the middle of its run; on a fast machine that takes several tries."""
    for _ in range(10):
        export_id = user.enqueued("activities", BODY)
        job = user.wait("activities", export_id, lambda job: job["status"] != "Queued")
        if job["status"] == "Processing":
            return job
    raise AssertionError("every export was over before anybody could look")


def files_of(home: Home, job: Job) -> list[str]:
    return [path.name for path in home.path.rglob(f"*{job['exportId']}*")]


def state_of(home: Home, job: Job) -> str:
    with home.sql() as connection:
        query = "SELECT state FROM export_job WHERE export_id = ?"
        (row,) = connection.execute(query, (job["exportId"],)).fetchall()
    return str(row[0])


def test_running_export__is_shown_as_processing_and_has_no_file_yet(main: ApiUser) -> None:
    job = caught_running(main)
    members = ["exportId", "format", "status", "createdAt", "queuedAt", "startedAt"]
    assert list(job) == members
    answer = main.file("activities", job["exportId"])
    if main.status("activities", job["exportId"]).job()["status"] == "Processing":
        assert_text_404(answer)
    assert main.finished("activities", job["exportId"])["numberOfRecords"] > ACTIVITIES // 2


def test_running_export__is_cancelled_at_once_and_leaves_nothing_behind(
    main: ApiUser, world: World
) -> None:
    job = caught_running(main)
    cancelled = main.cancel("activities", job["exportId"]).job()
    assert cancelled == {**job, "status": "Cancelled"}
    assert_text_404(main.file("activities", job["exportId"]))
    wait_until(lambda: files_of(world.home, job) == [], "the partial file to go")
    assert main.status("activities", job["exportId"]).job() == cancelled
    # Its slot and thread are free again.
    again = [main.enqueued("activities", BODY) for _ in range(3)]
    assert {main.finished("activities", one)["status"] for one in again} == {"Completed"}
    assert main.status("activities", job["exportId"]).job() == cancelled


def test_export_that_a_stop_interrupted__runs_again_after_the_restart(world: World) -> None:
    at_once = {"TAILRACE_STOP_SECONDS": "0"}
    with (
        running_server(world.home, environment=at_once) as server,
        ApiUser(server.base_url, world.main) as main,
    ):
        job = caught_running(main)
        server.stop()
        assert state_of(world.home, job) == "Processing"
        server.start()
        done = main.finished("activities", job["exportId"])
        assert done["status"] == "Completed"
        # The first start counts, as for any client that watched.
        assert done["startedAt"] == job["startedAt"]
        content = main.file("activities", job["exportId"]).content
    assert done["fileChecksum"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert len(files_of(world.home, job)) == 1


def test_export_that_is_nearly_done__is_finished_before_a_stop(world: World) -> None:
    with (
        running_server(world.home, environment={"TAILRACE_STOP_SECONDS": "60"}) as server,
        ApiUser(server.base_url, world.main) as main,
    ):
        job = caught_running(main)
        assert server.stop() == 0
    assert state_of(world.home, job) == "Completed"
