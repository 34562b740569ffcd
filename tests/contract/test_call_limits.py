"""Section 2.7 and codes 606, 607 and 615: limits on calls, which only a strict server sets."""

from __future__ import annotations

import sys
from contextlib import suppress
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import Answer
from tests.support.api_user import ApiUser
from tests.support.central_day import wait_for_a_day_that_lasts
from tests.support.deadlines import wait_for, wait_until
from tests.support.raw_http import open_connection
from tests.support.server import running_server

if TYPE_CHECKING:
    import socket
    from collections.abc import Callable

    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World


LEAD_WINDOW = {
    "fields": ["id"],
    "filter": {"createdAt": {"startAt": "2015-01-01T00:00:00Z", "endAt": "2015-01-02T00:00:00Z"}},
}

#: An export of this is larger than what a connection buffers on its way.
LARGE_DAY = [
    {
        "marketoGUID": str(50_000 + number),
        "leadId": 1,
        "activityDate": "2015-01-01T12:00:00Z",
        "activityTypeId": 1,
        "attributes": {"Query Parameters": "x" * 60_000},
    }
    for number in range(250)
]


def test_strict_server__refuses_the_101st_call(make_world: Callable[[], World]) -> None:
    world = make_world()
    # A hundred calls may take a slow machine longer than twenty seconds.
    world.home.set("rate_limit_window_seconds", 3600)
    with (
        running_server(world.home, "--strict") as server,
        ApiUser(server.base_url, world.main) as main,
        ApiUser(server.base_url, world.other) as other,
    ):
        for _ in range(100):
            assert main.list("leads").jobs() == []
        expected = ("606", "Max rate limit '100' exceeded with in '3600' secs")
        assert main.list("leads").error() == expected
        # The limit is the subscription's, whoever calls.
        assert other.list("leads").error() == expected
        # Identity is not counted and not refused.
        assert main.grant().status == 200


def test_default_server__has_no_rate_limit(main: ApiUser) -> None:
    assert all(main.list("leads").jobs() == [] for _ in range(150))


def test_rate_limit__follows_its_setting(main: ApiUser, home: Home) -> None:
    with home.setting("rate_limit_calls", 3):
        successes = [main.list("leads").envelope()["success"] for _ in range(5)]
        answer = main.list("leads")
    assert successes[3:] == [False, False]
    assert answer.error() == ("606", "Max rate limit '3' exceeded with in '20' secs")


def test_polls__are_counted_once_each_whether_remembered_or_not(other: ApiUser, home: Home) -> None:
    first, second = (other.created("leads", LEAD_WINDOW) for _ in range(2))
    with home.setting("rate_limit_calls", 12), home.setting("concurrent_calls", 1):
        for number in range(3):
            # After a change in the store everything is read; then all is remembered, but for the
            # other job, whose call is past the limits before that is seen.
            home.set("queue_limit_jobs", 10 + number)
            for export_id in (first, first, second, second):
                assert other.status("leads", export_id).job()["status"] == "Created"
        assert other.status("leads", first).error()[0] == "606"
    home.set("queue_limit_jobs", 10)


def test_calls_without_a_good_token_or_method__are_not_counted(main: ApiUser, home: Home) -> None:
    calls = 100
    with home.setting("rate_limit_calls", calls):
        for _ in range(calls):
            main.http.get("/bulk/v1/leads/export.json")
            main.call("DELETE", "/bulk/v1/leads/export.json")
        assert main.list("leads").jobs() == []


def test_rate_limit__is_checked_after_the_token_and_before_the_path(
    main: ApiUser, home: Home
) -> None:
    with home.setting("rate_limit_calls", 1):
        main.list("leads")
        assert main.call("GET", "/bulk/v1/nothing.json").error()[0] == "606"
        assert main.call("DELETE", "/bulk/v1/leads/export.json").error()[0] == "605"
        anonymous = Answer.of(main.http.get("/bulk/v1/nothing.json"))
        assert anonymous.error()[0] == "601"


def test_daily_calls__are_refused_with_607(main: ApiUser, home: Home) -> None:
    wait_for_a_day_that_lasts()
    main.list("leads")
    with home.setting("daily_calls", 1):
        main.list("leads")
        assert main.list("leads").error() == ("607", "Daily quota reached")
    assert main.list("leads").jobs() == []


def test_calls_at_once__are_refused_with_615(main: ApiUser, home: Home, server: Server) -> None:
    home.load("activities", LARGE_DAY)
    day = {"startAt": "2015-01-01T00:00:00Z", "endAt": "2015-01-01T23:59:59Z"}
    done = main.export("activities", {"filter": {"createdAt": day}})
    path = f"/bulk/v1/activities/export/{done.job['exportId']}/file.json"
    head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {main.token}\r\n\r\n"
    with home.setting("concurrent_calls", 1), open_connection(server) as connection:
        begin_download(connection, head)
        assert wait_for_refusal(main) == ("615", "Concurrent access limit reached")
    assert main.list("leads").envelope()["success"] is True


@pytest.mark.skipif(sys.platform != "linux", reason="only Linux cuts off connections that stand")
def test_download_that_stands__gives_its_place_back(make_world: Callable[[], World]) -> None:
    world = make_world()
    world.home.load("activities", LARGE_DAY)
    day = {"startAt": "2015-01-01T00:00:00Z", "endAt": "2015-01-01T23:59:59Z"}
    patience = {"TAILRACE_STALLED_CLIENT_SECONDS": "1"}
    with (
        running_server(world.home, environment=patience) as server,
        ApiUser(server.base_url, world.main) as main,
    ):
        done = main.export("activities", {"filter": {"createdAt": day}})
        path = f"/bulk/v1/activities/export/{done.job['exportId']}/file.json"
        head = f"GET {path} HTTP/1.1\r\nHost: x\r\nAuthorization: Bearer {main.token}\r\n\r\n"
        with world.home.setting("concurrent_calls", 1), open_connection(server) as connection:
            begin_download(connection, head)
            # Whether its place was seen taken depends on who is faster; that it is taken has a
            # test of its own.
            wait_until(
                lambda: main.list("leads").envelope()["success"] is True, "the download cut off"
            )
            assert bytes_left(connection) < len(done.content)


def begin_download(connection: socket.socket, head: str) -> None:
    """Ask for a file and read no more than the first bytes, so that it stays in flight."""
    connection.sendall(head.encode())
    # Only when it has begun may others call: one of them could take its place.
    assert connection.recv(12) == b"HTTP/1.1 200"


def wait_for_refusal(user: ApiUser) -> tuple[str, str]:
    """The first refusal: the server may need a moment to notice the call in flight."""

    def refusal() -> tuple[str, str] | None:
        answer = user.list("leads")
        return None if answer.envelope()["success"] else answer.error()

    return wait_for(refusal, "a refused call")


def bytes_left(connection: socket.socket) -> int:
    """How much more comes on a connection until it is closed or broken."""
    count = 0
    with suppress(ConnectionError):
        while piece := connection.recv(1024 * 1024):
            count += len(piece)
    return count
