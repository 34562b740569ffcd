"""Section 3.6: how long files and statuses are kept, and how fresh a shown status is."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import assert_text_404
from tests.support.api_user import ApiUser
from tests.support.deadlines import wait_for, wait_until
from tests.support.job_states import BODIES, backdate, fail, job_in
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.home import Home
    from tests.support.world import World

UNKNOWN = ("1013", "Object not found")


# Retention.


def test_file__is_gone_after_its_retention_and_the_status_stays(main: ApiUser, home: Home) -> None:
    export_id = job_in("Completed", home, main, "leads")
    backdate(home, export_id, days=6.99)
    before = main.status("leads", export_id).job()
    assert main.file("leads", export_id).status == 200
    backdate(home, export_id, days=0.02)
    assert_text_404(main.file("leads", export_id))
    assert_text_404(main.file("leads", export_id, "bytes=0-0"))
    after = main.status("leads", export_id).job()
    assert (after["status"], after["fileChecksum"]) == ("Completed", before["fileChecksum"])


def test_file_past_retention__is_deleted_from_disk(main: ApiUser, home: Home) -> None:
    export_id = job_in("Completed", home, main, "leads")

    def files() -> list[str]:
        return [file.name for file in home.path.rglob(f"*{export_id}*")]

    assert files()
    backdate(home, export_id, days=7.01)
    wait_until(lambda: not files(), "the janitor to delete the file")


def test_file_retention__follows_its_setting(main: ApiUser, home: Home) -> None:
    export_id = job_in("Completed", home, main, "activities")
    with home.setting("file_retention_days", 0):
        assert_text_404(main.file("activities", export_id))


@pytest.mark.parametrize("state", ["Completed", "Failed"])
def test_status_of_a_finished_job__is_kept_30_days(main: ApiUser, home: Home, state: str) -> None:
    export_id = job_in(state, home, main, "leads")
    backdate(home, export_id, days=29.99)
    assert main.status("leads", export_id).job()["status"] == state
    backdate(home, export_id, days=0.02)
    assert main.status("leads", export_id).error() == UNKNOWN
    assert main.enqueue("leads", export_id).error() == UNKNOWN
    assert main.cancel("leads", export_id).error() == UNKNOWN
    assert_text_404(main.file("leads", export_id))


def test_status_retention__follows_its_setting(main: ApiUser, home: Home) -> None:
    export_id = main.created("leads", BODIES["leads"])
    fail(home, export_id)
    backdate(home, export_id, days=2)
    assert main.status("leads", export_id).job()["status"] == "Failed"
    with home.setting("status_retention_days", 1):
        assert main.status("leads", export_id).error() == UNKNOWN


# Status refresh.


def test_status__follows_the_job_at_once_by_default(main: ApiUser) -> None:
    export_id = main.enqueued("leads", BODIES["leads"])
    main.wait("leads", export_id, lambda job: job["status"] == "Completed")


def test_status_refresh__holds_back_progress_but_nothing_the_client_did(
    main: ApiUser, home: Home
) -> None:
    with home.setting("status_refresh_seconds", seconds_without_a_refresh()):
        export_id = main.created("leads", BODIES["leads"])
        assert main.enqueue("leads", export_id).job()["status"] == "Queued"

        def is_completed() -> bool:
            with home.sql() as connection:
                query = "SELECT state FROM export_job WHERE export_id = ?"
                return connection.execute(query, [export_id]).fetchone() == ("Completed",)

        wait_until(is_completed, "the job to complete behind the scenes")
        shown = main.status("leads", export_id).job()
        assert list(shown) == ["exportId", "format", "status", "createdAt", "queuedAt"]
        assert shown["status"] == "Queued"
        listed = {job["exportId"]: job["status"] for job in main.list("leads").jobs()}
        assert listed[export_id] == "Queued"
        cancelled = main.created("leads", BODIES["leads"])
        main.cancel("leads", cancelled)
        assert main.status("leads", cancelled).job()["status"] == "Cancelled"
    assert main.status("leads", export_id).job()["status"] == "Completed"


def seconds_without_a_refresh() -> int:
    """A refresh interval that neither began nor ends within five minutes of now."""
    now = int(time.time())
    return next(one for one in range(3600, 1800, -1) if 300 < now % one < one - 300)


# A strict server keeps Marketo's pace.


def test_strict_server__refreshes_the_status_once_a_minute(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    with (
        running_server(world.home, "--strict") as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        export_id = user.enqueued("leads", BODIES["leads"])
        home = world.home

        def finished_at() -> int | None:
            with home.sql() as connection:
                query = "SELECT finished_at FROM export_job WHERE export_id = ?"
                found: int | None = connection.execute(query, [export_id]).fetchone()[0]
                return found

        wait_for(finished_at, "the job to finish behind the scenes")
        at_once = user.status("leads", export_id).job()["status"]
        backdate(home, export_id, days=120 / 86_400)
        later = user.status("leads", export_id).job()["status"]
    # The minute may have turned between the end and the look.
    assert at_once in {"Queued", "Processing", "Completed"}
    assert later == "Completed"
