"""Sections 3.3 and 3.6 for an export that is really running: seen, cancelled, interrupted."""

from __future__ import annotations

import hashlib
import socket
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.answers import assert_text_404
from tests.support.api_user import ApiUser
from tests.support.deadlines import wait_until
from tests.support.job_states import BODIES
from tests.support.server import HOST, running_server

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.answers import Job
    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

BODY = BODIES["activities"]


@dataclass(frozen=True, slots=True)
class HeldExport:
    """An export that stands in the middle of its rows, its server, and whose it is."""

    server: Server
    user: ApiUser
    job: Job
    _until: Path

    def go_on(self) -> None:
        """Let it go on; no later one is held."""
        self._until.touch()


@contextmanager
def held_export(world: World, directory: Path, stop_seconds: int = 5) -> Generator[HeldExport]:
    until = directory / "go on"
    environment = {
        "TAILRACE_HOLD_POINT": "export.rows",
        "TAILRACE_HOLD_UNTIL": str(until),
        "TAILRACE_STOP_SECONDS": str(stop_seconds),
    }
    with (
        running_server(world.home, environment=environment) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        export_id = user.enqueued("activities", BODY)
        job = user.wait("activities", export_id, lambda job: job["status"] == "Processing")
        wait_until(lambda: len(files_of(world.home, job)) == 1, "the first bytes of its file")
        yield HeldExport(server, user, job, until)


def files_of(home: Home, job: Job) -> list[str]:
    return [path.name for path in (home.path / "files").rglob(f"*{job['exportId']}*")]


def state_of(home: Home, job: Job) -> str:
    with home.sql() as connection:
        query = "SELECT state FROM export_job WHERE export_id = ?"
        (row,) = connection.execute(query, (job["exportId"],)).fetchall()
    return str(row[0])


def test_running_export__is_shown_as_processing_and_has_no_file_yet(
    world: World, tmp_path: Path
) -> None:
    with held_export(world, tmp_path) as held:
        main, job = held.user, held.job
        assert list(job) == ["exportId", "format", "status", "createdAt", "queuedAt", "startedAt"]
        assert_text_404(main.file("activities", job["exportId"]))
        assert main.status("activities", job["exportId"]).job() == job
        held.go_on()
        assert main.finished("activities", job["exportId"])["status"] == "Completed"


def test_running_export__is_cancelled_at_once_and_leaves_nothing_behind(
    world: World, tmp_path: Path
) -> None:
    with held_export(world, tmp_path) as held:
        main, job = held.user, held.job
        cancelled = main.cancel("activities", job["exportId"]).job()
        assert cancelled == {**job, "status": "Cancelled"}
        assert_text_404(main.file("activities", job["exportId"]))
        wait_until(lambda: files_of(world.home, job) == [], "the partial file to go")
        assert main.status("activities", job["exportId"]).job() == cancelled
        # Its slot and thread are free again.
        held.go_on()
        again = [main.enqueued("activities", BODY) for _ in range(3)]
        assert {main.finished("activities", one)["status"] for one in again} == {"Completed"}
        assert main.status("activities", job["exportId"]).job() == cancelled


def test_export_that_a_stop_interrupted__runs_again_after_the_restart(
    world: World, tmp_path: Path
) -> None:
    with held_export(world, tmp_path, stop_seconds=0) as held:
        main, job = held.user, held.job
        assert held.server.stop() == 0
        assert state_of(world.home, job) == "Processing"
        assert files_of(world.home, job) == []
        held.go_on()
        held.server.start()
        done = main.finished("activities", job["exportId"])
        assert done["status"] == "Completed"
        # The first start counts, as for any client that watched.
        assert done["startedAt"] == job["startedAt"]
        content = main.file("activities", job["exportId"]).content
    assert done["fileChecksum"] == f"sha256:{hashlib.sha256(content).hexdigest()}"
    assert len(files_of(world.home, job)) == 1


def test_export_that_is_nearly_done__is_finished_before_a_stop(
    world: World, tmp_path: Path
) -> None:
    with (
        held_export(world, tmp_path, stop_seconds=600) as held,
        ThreadPoolExecutor(1) as threads,
    ):
        stopping = threads.submit(held.server.stop)
        wait_until(lambda: is_refused(held.server.port), "the beginning of the stop")
        held.go_on()
        assert stopping.result() == 0
    assert state_of(world.home, held.job) == "Completed"


def is_refused(port: int) -> bool:
    try:
        socket.create_connection((HOST, port)).close()
    except ConnectionError:
        return True
    return False
