"""Section 6.8: usage and errors by day, and the daily limit that outlives the process."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict, cast

import pytest

from tests.support.api_user import ApiUser
from tests.support.central_day import central_day, wait_for_a_day_that_lasts
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World


class UserCount(TypedDict):
    userId: str
    count: int


class ErrorCount(TypedDict):
    errorCode: str
    count: int


class Usage(TypedDict):
    date: str
    total: int
    users: list[UserCount]


class Errors(TypedDict):
    date: str
    total: int
    errors: list[ErrorCount]


@pytest.fixture(autouse=True)
def day_that_lasts() -> None:
    wait_for_a_day_that_lasts()


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    """A world of its own for every test: counts are of the whole subscription."""
    return make_world()


@pytest.fixture
def home(world: World) -> Home:
    return world.home


@pytest.fixture
def server(home: Home) -> Iterator[Server]:
    with running_server(home) as running:
        yield running


@pytest.fixture
def main(server: Server, world: World) -> Iterator[ApiUser]:
    with ApiUser(server.base_url, world.main) as user:
        yield user


@pytest.fixture
def other(server: Server, world: World) -> Iterator[ApiUser]:
    with ApiUser(server.base_url, world.other) as user:
        yield user


def statistics(user: ApiUser, path: str) -> list[object]:
    body = user.call("GET", f"/rest/v1/stats/{path}.json").envelope()
    assert list(body) == ["requestId", "result", "success"]
    return cast("list[object]", body["result"])


def usage(user: ApiUser, path: str = "usage") -> list[Usage]:
    return cast("list[Usage]", statistics(user, path))


def errors(user: ApiUser, path: str = "errors") -> list[Errors]:
    return cast("list[Errors]", statistics(user, path))


def test_usage__counts_calls_by_user(main: ApiUser, other: ApiUser) -> None:
    for _ in range(3):
        main.list("leads")
    other.list("leads")
    assert usage(main) == [
        {
            "date": central_day(),
            "total": 5,
            "users": [
                {"userId": "main@example.com", "count": 4},
                {"userId": "other@example.com", "count": 1},
            ],
        }
    ]


def test_usage__of_services_of_one_user_is_one_count(
    server: Server, main: ApiUser, world: World
) -> None:
    with ApiUser(server.base_url, world.second) as second:
        second.list("leads")
    assert usage(main)[0]["users"] == [{"userId": "main@example.com", "count": 2}]


def test_errors__have_an_element_for_today_before_any(main: ApiUser) -> None:
    assert errors(main) == [{"date": central_day(), "total": 0, "errors": []}]


def test_errors__are_counted_by_code(main: ApiUser, other: ApiUser) -> None:
    main.call("GET", "/rest/v1/nothing.json")
    other.call("GET", "/rest/v1/nothing.json")
    main.create("leads", {"fields": ["id"]})
    # Nobody's: there is no good token.
    main.http.get("/rest/v1/stats/usage.json")
    # No error of the API: a file that is not there is answered in plain text.
    main.file("leads", "11111111-1111-4111-8111-111111111111")
    assert errors(main) == [
        {
            "date": central_day(),
            "total": 3,
            "errors": [{"errorCode": "610", "count": 2}, {"errorCode": "1002", "count": 1}],
        }
    ]


def test_refused_call__is_an_error_and_no_usage(main: ApiUser, home: Home) -> None:
    with home.setting("rate_limit_calls", 1):
        main.list("leads")
        assert main.list("leads").error()[0] == "606"
    assert errors(main)[0]["errors"] == [{"errorCode": "606", "count": 1}]
    assert usage(main)[0]["total"] == 3


def test_week__has_seven_days_newest_first(main: ApiUser, home: Home) -> None:
    main.list("leads")
    usage(main)
    home.change("UPDATE call_count SET day = ?", central_day(6))
    home.change(
        "INSERT INTO call_count (subscription_id, day, api_user_id, calls) VALUES (1, ?, 1, 9)",
        central_day(7),
    )
    days = usage(main, "usage/last7days")
    assert [day["date"] for day in days] == [central_day(back) for back in range(7)]
    assert [day["total"] for day in days] == [1, 0, 0, 0, 0, 0, 2]
    assert days[6]["users"] == [{"userId": "main@example.com", "count": 2}]
    assert days[1]["users"] == []


def test_week_of_errors__has_seven_days_newest_first(main: ApiUser) -> None:
    main.call("GET", "/rest/v1/nothing.json")
    days = errors(main, "errors/last7days")
    assert [day["date"] for day in days] == [central_day(back) for back in range(7)]
    assert [day["total"] for day in days] == [1, 0, 0, 0, 0, 0, 0]


@pytest.mark.parametrize("path", ["usage", "usage/last7days", "errors", "errors/last7days"])
def test_statistics__need_no_permission_but_a_token(
    main: ApiUser, home: Home, server: Server, path: str
) -> None:
    credentials = home.create_service("campaigns@example.com", role="Read-Only Campaign")
    with ApiUser(server.base_url, credentials) as user:
        assert user.call("GET", f"/rest/v1/stats/{path}.json").envelope()["success"] is True
        user.forget_token()
        answer = user.http.get(f"/rest/v1/stats/{path}.json").json()
    assert answer["errors"] == [{"code": "601", "message": "Access token invalid"}]


def test_counts__go_on_after_a_restart(main: ApiUser, server: Server) -> None:
    main.list("leads")
    main.call("GET", "/rest/v1/nothing.json")
    assert server.stop() == 0
    server.start()
    assert usage(main)[0]["total"] == 3
    assert errors(main)[0]["total"] == 1


def test_counts_that_were_shown__survive_a_kill(main: ApiUser, server: Server) -> None:
    main.list("leads")
    assert usage(main)[0]["total"] == 2
    server.kill()
    server.start()
    assert usage(main)[0]["total"] == 3


def test_daily_limit__goes_on_after_a_restart(main: ApiUser, home: Home, server: Server) -> None:
    home.set("daily_calls", 2)
    main.list("leads")
    main.list("leads")
    assert server.stop() == 0
    server.start()
    assert main.list("leads").error() == ("607", "Daily quota reached")
