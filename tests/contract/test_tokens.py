"""Section 2.2 and codes 601 and 602: presenting an access token, and how its life ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import httpx
import pytest

from tests.support.answers import Answer
from tests.support.api_user import ApiUser
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.job_states import BODIES
from tests.support.raw_http import raw_request
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.server import Server
    from tests.support.world import World

LIST = "/bulk/v1/leads/export.json"
INVALID = ("601", "Access token invalid")


@pytest.fixture(scope="module")
def lenient(make_world: Callable[[], World]) -> Iterator[ApiUser]:
    """A user of a server that takes the legacy access_token parameter."""
    world = make_world()
    with (
        running_server(world.home, "--accept-token-parameter") as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        yield user


def get(user: ApiUser, path: str = LIST, **headers: str) -> Answer:
    """A call without the token that `user` would send by itself."""
    return Answer.of(user.http.get(path, headers=headers))


def test_call_without_token__is_601(main: ApiUser) -> None:
    assert get(main).error() == INVALID


@pytest.mark.parametrize("scheme", ["Bearer", "bearer", "BEARER"])
def test_bearer_scheme__has_any_letter_case(main: ApiUser, scheme: str) -> None:
    assert get(main, Authorization=f"{scheme} {main.token}").jobs() == []


@pytest.mark.parametrize(
    "value", ["", "Bearer", "Bearer ", "Bearer nonsense", "Basic bWU6bWU=", "nonsense", "Bearer é"]
)
def test_token_that_was_never_given_out__is_601(server: Server, value: str) -> None:
    assert raw_request(server, LIST, headers={"Authorization": value}).error() == INVALID


def test_token_parameter__is_refused_by_default(main: ApiUser) -> None:
    assert get(main, f"{LIST}?access_token={main.token}").error() == INVALID


def test_token_in_form__is_refused_by_default(main: ApiUser) -> None:
    form = {"access_token": main.token, "_method": "GET"}
    assert Answer.of(main.http.post(LIST, data=form)).error() == INVALID


def test_token_parameter__is_taken_where_switched_on(lenient: ApiUser) -> None:
    assert get(lenient, f"{LIST}?access_token={lenient.token}").jobs() == []


def test_token_in_form__is_taken_where_switched_on(lenient: ApiUser) -> None:
    form = {"access_token": lenient.token, "_method": "GET"}
    assert Answer.of(lenient.http.post(LIST, data=form)).jobs() == []


def test_token_in_multipart_form__is_taken_where_switched_on(lenient: ApiUser) -> None:
    export_id = lenient.created("leads", BODIES["leads"])
    path = f"/bulk/v1/leads/export/{export_id}/cancel.json"
    response = lenient.http.post(path, files={"access_token": (None, lenient.token)})
    assert Answer.of(response).job()["status"] == "Cancelled"


def test_token_header__goes_before_the_parameter(lenient: ApiUser) -> None:
    path = f"{LIST}?access_token={lenient.token}"
    assert get(lenient, path, Authorization="Bearer nonsense").error() == INVALID


def test_expired_token__is_602_and_a_new_one_is_given(make_world: Callable[[], World]) -> None:
    world = make_world()
    lifetime = {"TAILRACE_TOKEN_LIFETIME_SECONDS": "7200"}
    with (
        running_server(world.home, environment=lifetime) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        old = user.token
        assert 7200 - 60 <= cast("int", user.grant().plain_json()["expires_in"]) <= 7200
        assert user.list("leads").jobs() == []
        # As if it had been given out two hours ago.
        two_hours = 7200 * 1_000_000
        world.home.change("UPDATE access_token SET expires_at = expires_at - ?", two_hours)
        world.home.change(
            "UPDATE custom_service SET token_expires_at = token_expires_at - ?", two_hours
        )
        assert user.list("leads").error() == ("602", "Access token expired")
        user.forget_token()
        assert user.token != old
        assert user.list("leads").jobs() == []


def test_refused_token_on_a_file__is_an_envelope(server: Server) -> None:
    url = f"{server.base_url}/bulk/v1/leads/export/x/file.json"
    assert Answer.of(httpx.get(url, trust_env=False, timeout=DEADLINE_SECONDS)).error() == INVALID
