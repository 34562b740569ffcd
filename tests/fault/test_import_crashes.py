"""A server killed at every named point of a bulk lead import: what a restart then finds.

What was acknowledged is imported, every row once and told to the log once; what was not is there
as a whole or not at all, and nothing stays on disk.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest

from tailrace.crash_points import POINTS
from tailrace.imports.runner import ROWS_PER_TRANSACTION
from tests.support.api_user import ApiUser
from tests.support.deadlines import wait_until
from tests.support.imports import ended, failures, finished, upload
from tests.support.lead_calls import logged_since
from tests.support.server import Server
from tests.support.world import ACTIVITIES

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.home import Home
    from tests.support.world import World

#: More than two transactions of rows; each hundredth fails.
ROWS = 2 * ROWS_PER_TRANSACTION + 500
FAILED = ROWS // 100
IMPORTED = ROWS - FAILED

#: Points that the runner passes on its way, and those that it passes with more rows to come.
RUN_POINTS = [
    point
    for point in POINTS
    if point.startswith(("import.claim.", "import.begin", "import.rows.", "import.complete."))
]


def content() -> str:
    """Every row a new lead but each hundredth, which has no address, and some leads twice."""
    rows = [
        ",Nobody" if number % 100 == 99 else f"crash-{number}@example.com,Number {number}"
        for number in range(ROWS)
    ]
    return "email,firstName\n" + "\n".join(rows) + "\n"


@contextmanager
def server_that_dies(world: World, point: str, after: int = 1) -> Generator[Server]:
    environment = {"TAILRACE_CRASH_POINT": point, "TAILRACE_CRASH_AFTER": str(after)}
    server = Server(world.home, environment=environment)
    server.start()
    try:
        yield server
    finally:
        server.stop()


@contextmanager
def restarted(world: World) -> Generator[ApiUser]:
    server = Server(world.home)
    server.start()
    try:
        with ApiUser(server.base_url, world.main) as user:
            yield user
    finally:
        server.stop()


def submit(world: World, server: Server) -> None:
    """Upload; the answer may be lost with the server."""
    with ApiUser(server.base_url, world.main) as user, suppress(httpx.TransportError):
        upload(user, content(), {"format": "csv", "listId": "1022"})
    server.wait_for_crash()


def uploads(home: Home) -> list[str]:
    directory = home.path / "imports" / "1"
    return [path.name for path in directory.iterdir()] if directory.is_dir() else []


def assert_imported_once(world: World, user: ApiUser) -> None:
    before = max(int(str(one["marketoGUID"])) for one in ACTIVITIES)
    assert finished(user, 1) == ended(1, IMPORTED, FAILED)
    assert len(failures(user, 1).text.splitlines()) == 1 + FAILED
    with world.home.sql() as connection:
        query = "SELECT count(*), count(DISTINCT email) FROM lead WHERE email LIKE 'crash-%'"
        assert connection.execute(query).fetchone() == (IMPORTED, IMPORTED)
        query = "SELECT count(*) FROM static_list_member WHERE list_id = 1022"
        assert connection.execute(query).fetchone() == (IMPORTED,)
    told = Counter((one[0], one[1]) for one in logged_since(world.home, before))
    assert set(told.values()) == {1}
    assert Counter(type_id for _, type_id in told) == {12: IMPORTED, 24: IMPORTED}
    wait_until(lambda: uploads(world.home) == [], "the upload deleted")


@pytest.mark.parametrize("point", RUN_POINTS)
def test_killed_while_importing__every_row_is_imported_once(
    make_world: Callable[[], World], point: str
) -> None:
    world = make_world()
    with server_that_dies(world, point) as server:
        submit(world, server)
    # What is left of the upload when only the deleting is missing is the janitor's.
    make_old(world.home)
    with restarted(world) as user:
        assert_imported_once(world, user)


def test_killed_between_transactions__goes_on_behind_the_rows_that_are_done(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    with server_that_dies(world, "import.rows.after_commit", after=2) as server:
        submit(world, server)
    with world.home.sql() as connection:
        query = "SELECT records_done, fence FROM lead_import"
        assert connection.execute(query).fetchone() == (2 * ROWS_PER_TRANSACTION, 1)
    with restarted(world) as user:
        assert_imported_once(world, user)


@pytest.mark.parametrize(
    "point", ["import.upload.part_synced", "import.upload.saved", "import.submit.before_commit"]
)
def test_killed_before_the_row__there_is_no_import_and_the_file_is_swept(
    make_world: Callable[[], World], point: str
) -> None:
    world = make_world()
    with server_that_dies(world, point) as server:
        submit(world, server)
    assert len(uploads(world.home)) == 1
    make_old(world.home)
    with restarted(world) as user:
        answer = user.call("GET", "/bulk/v1/leads/batch/1.json")
        assert answer.error() == ("1013", "Object not found")
        wait_until(lambda: uploads(world.home) == [], "the orphan swept")
        (record,) = [upload(user, "email\nx@example.com\n", {"format": "csv"}).envelope()["result"]]
        # The number of the lost one is not given again.
        assert isinstance(record, list)
        assert finished(user, 2)["status"] == "Complete"


def test_young_upload_without_a_row__is_left_alone(make_world: Callable[[], World]) -> None:
    world = make_world()
    with server_that_dies(world, "import.upload.saved") as server:
        submit(world, server)
    with restarted(world):
        # A few rounds of the janitor.
        time.sleep(0.5)
        assert uploads(world.home) == ["1.upload"]


def test_killed_after_the_row__the_import_is_there(make_world: Callable[[], World]) -> None:
    world = make_world()
    with server_that_dies(world, "import.submit.after_commit") as server:
        submit(world, server)
    with restarted(world) as user:
        assert_imported_once(world, user)


def test_killed_while_failing_an_import__it_fails_after_the_restart(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    with server_that_dies(world, "import.begin") as server:
        submit(world, server)
    with world.home.sql() as connection:
        connection.execute("DELETE FROM static_list WHERE id = 1022")
    server = Server(world.home, environment={"TAILRACE_CRASH_POINT": "import.fail.before_commit"})
    # It dies before or just after it answers for the first time.
    with suppress(AssertionError):
        server.start()
        server.wait_for_crash()
    with restarted(world) as user:
        record = finished(user, 1)
        assert (record["status"], record["message"]) == ("Failed", "List not found")
        wait_until(lambda: uploads(world.home) == [], "the upload deleted")


def test_import_that_kills_every_server__is_given_up_in_the_end(
    make_world: Callable[[], World],
) -> None:
    world = make_world()
    with server_that_dies(world, "import.begin") as server:
        submit(world, server)
    world.home.change("UPDATE lead_import SET attempts = 5")
    with restarted(world) as user:
        record = finished(user, 1)
        assert record["status"] == "Failed"
        assert record["message"] == "The import was interrupted 5 times and given up"


def test_every_import_point__has_a_test() -> None:
    tested = {
        *RUN_POINTS,
        "import.upload.part_synced",
        "import.upload.saved",
        "import.submit.before_commit",
        "import.submit.after_commit",
        "import.fail.before_commit",
    }
    assert {point for point in POINTS if point.startswith("import.")} == tested


def make_old(home: Home) -> None:
    """Uploads as if they had been there for two hours."""
    for path in (home.path / "imports").rglob("*.*"):
        long_ago = time.time() - 7200
        os.utime(path, (long_ago, long_ago))
