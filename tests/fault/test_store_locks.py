"""The store stays one database for every process, whatever reads it (two SQLite copies may not meet)."""

from __future__ import annotations

from contextlib import ExitStack
from select import select
from typing import TYPE_CHECKING

import httpx

from tailrace.api.call_threads import CALL_THREADS
from tests.support.api_user import ApiUser
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.job_states import BODIES
from tests.support.raw_http import open_connection
from tests.support.server import running_server
from tests.support.stores import only_with_a_file

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.world import World


def test_lead_export__leaves_the_locks_of_the_store_alone(make_world: Callable[[], World]) -> None:
    world = make_world()
    with running_server(world.home) as server, ApiUser(server.base_url, world.main) as user:
        user.export("leads", BODIES["leads"])
        # A process that wrongly believes it is the last one throws the write-ahead log away.
        service = world.home.create_service("later@example.com")
        export_id = user.created("leads", BODIES["leads"])
        with world.home.sql() as connection:
            (state,) = connection.execute(
                "SELECT state FROM export_job WHERE export_id = ?", (export_id,)
            ).fetchone()
        assert state == "Created"
        with ApiUser(server.base_url, service) as later:
            assert later.list("leads").jobs() == []


@only_with_a_file
def test_calls_that_wait_for_the_store__leave_the_sign_of_life_alone(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    with (
        running_server(world.home) as server,
        ApiUser(server.base_url, world.main) as user,
        world.home.sql() as connection,
        ExitStack() as waiting,
    ):
        export_id = user.created("leads", BODIES["leads"])
        path = f"/bulk/v1/leads/export/{export_id}/cancel.json"
        head = f"POST {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {user.token}\r\n\r\n"
        connection.execute("BEGIN IMMEDIATE")
        calls = [waiting.enter_context(open_connection(server)) for _ in range(2 * CALL_THREADS)]
        for call in calls:
            call.sendall(head.encode())
        url = f"{server.base_url}/healthz"
        assert httpx.get(url, trust_env=False, timeout=DEADLINE_SECONDS).text == "ok\n"
        # It has not waited for any of them.
        assert select(calls, [], [], 0)[0] == []
        connection.execute("ROLLBACK")


def test_lead_reader_killed_each_time__fails_the_job_in_the_end_and_no_file_is_kept(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    with running_server(world.home, environment={"TAILRACE_CRASH_POINT": "lead.reader.begin"}) as (
        server
    ):
        with ApiUser(server.base_url, world.main) as user:
            job = user.finished("leads", user.enqueued("leads", BODIES["leads"]))
        assert (job["status"], job["errorMsg"]) == (
            "Failed",
            "The export was interrupted 5 times and given up",
        )
        assert not list((world.home.path / "files" / "1").iterdir())
