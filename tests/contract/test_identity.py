"""Section 1: how a custom service gets its access token."""

from __future__ import annotations

import base64
import re
from typing import TYPE_CHECKING, cast

import httpx
import pytest

from tests.support.answers import JSON_TYPE, Answer
from tests.support.api_user import ApiUser
from tests.support.deadlines import DEADLINE_SECONDS, wait_for
from tests.support.home import Credentials

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

TOKEN_PATH = "/identity/oauth/token"
_TOKEN = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}:[a-z0-9]+")


@pytest.fixture
def http(server: Server) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=server.base_url, timeout=DEADLINE_SECONDS, trust_env=False
    ) as client:
        yield client


@pytest.fixture
def spare(home: Home, server: Server) -> Iterator[ApiUser]:
    """A service of its own, to be rotated or revoked."""
    with ApiUser(server.base_url, home.create_service("spare@example.com")) as user:
        yield user


def parameters(credentials: Credentials, **changes: str | None) -> dict[str, str]:
    """What a token request carries; a change to None leaves the parameter out."""
    every = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
        **changes,
    }
    return {name: value for name, value in every.items() if value is not None}


def refusal(response: httpx.Response) -> tuple[int, str, str]:
    """HTTP status, error and description of a failure in OAuth form with exactly two members."""
    body = Answer.of(response).plain_json()
    assert list(body) == ["error", "error_description"]
    return response.status_code, str(body["error"]), str(body["error_description"])


def expires_in(answer: Answer) -> int:
    seconds = answer.plain_json()["expires_in"]
    assert type(seconds) is int
    return seconds


def test_token_request__by_get_with_query(http: httpx.Client, world: World) -> None:
    response = http.get(TOKEN_PATH, params=parameters(world.main))
    assert response.status_code == 200
    assert response.headers["Content-Type"] == JSON_TYPE
    assert response.headers["Cache-Control"] == "no-store"
    assert response.headers["Pragma"] == "no-cache"
    body = cast("dict[str, object]", response.json())
    assert list(body) == ["access_token", "token_type", "expires_in", "scope"]
    assert _TOKEN.fullmatch(str(body["access_token"]))
    assert body["token_type"] == "bearer"
    assert body["scope"] == "main@example.com"


def test_token_request__by_post_with_form(http: httpx.Client, world: World) -> None:
    by_query = http.get(TOKEN_PATH, params=parameters(world.main)).json()
    by_form = http.post(TOKEN_PATH, data=parameters(world.main))
    assert by_form.status_code == 200
    assert by_form.json()["access_token"] == by_query["access_token"]


def test_token_request__by_post_with_query(http: httpx.Client, world: World) -> None:
    assert http.post(TOKEN_PATH, params=parameters(world.main)).status_code == 200


def test_token_request__by_basic_credentials(http: httpx.Client, world: World) -> None:
    pair = f"{world.main.client_id}:{world.main.client_secret}".encode()
    response = http.post(
        TOKEN_PATH,
        data={"grant_type": "client_credentials"},
        headers={"Authorization": f"Basic {base64.b64encode(pair).decode()}"},
    )
    assert response.status_code == 200


def test_token_request__ignores_partner_and_unknown_parameters(
    http: httpx.Client, world: World
) -> None:
    given = parameters(world.main, partner_id="launchpoint", batchSize="300")
    assert http.get(TOKEN_PATH, params=given).status_code == 200


def test_fresh_token__lasts_an_hour(spare: ApiUser) -> None:
    assert 3600 - DEADLINE_SECONDS <= expires_in(spare.grant()) <= 3600


def test_token__is_given_again_with_fewer_seconds_left(spare: ApiUser) -> None:
    first = spare.grant()

    def later() -> Answer | None:
        again = spare.grant()
        return again if expires_in(again) < expires_in(first) else None

    again = wait_for(later, "expires_in to fall")
    assert again.plain_json()["access_token"] == first.plain_json()["access_token"]


def test_two_services_of_one_user__have_their_own_tokens(main: ApiUser, second: ApiUser) -> None:
    assert main.token != second.token
    assert main.grant().plain_json()["scope"] == second.grant().plain_json()["scope"]


def test_token__survives_a_restart(spare: ApiUser, server: Server) -> None:
    token = spare.token
    server.stop()
    server.start()
    assert spare.list("leads").jobs() == []
    assert spare.grant().plain_json()["access_token"] == token


def test_service_made_by_command__is_given_a_token_at_once(http: httpx.Client, home: Home) -> None:
    command = ("service", "create", "--user", "made@example.com", "--json")
    made = home.command(*command).json()
    credentials = Credentials(str(made["clientId"]), str(made["clientSecret"]), "")
    body = http.get(TOKEN_PATH, params=parameters(credentials)).json()
    assert body["scope"] == made["user"] == "made@example.com"


def test_wrong_secret__is_invalid_client(http: httpx.Client, world: World) -> None:
    response = http.get(TOKEN_PATH, params=parameters(world.main, client_secret="wrong"))
    assert refusal(response) == (401, "invalid_client", "Bad client credentials")


def test_unknown_client__is_unauthorized(http: httpx.Client, world: World) -> None:
    unknown = "00000000-0000-4000-8000-000000000000"
    response = http.get(TOKEN_PATH, params=parameters(world.main, client_id=unknown))
    assert refusal(response) == (401, "unauthorized", f"No client with requested id: {unknown}")


@pytest.mark.parametrize(
    "missing", [("client_id", "client_secret"), ("client_id",), ("client_secret",)]
)
def test_missing_credentials__are_unauthorized(
    http: httpx.Client, world: World, missing: tuple[str, ...]
) -> None:
    response = http.get(TOKEN_PATH, params=parameters(world.main, **dict.fromkeys(missing)))
    description = "Full authentication is required to access this resource"
    assert refusal(response) == (401, "unauthorized", description)


def test_missing_grant_type__is_an_invalid_request(http: httpx.Client, world: World) -> None:
    response = http.get(TOKEN_PATH, params=parameters(world.main, grant_type=None))
    assert refusal(response) == (400, "invalid_request", "Missing grant type")


def test_other_grant_type__is_unsupported(http: httpx.Client, world: World) -> None:
    response = http.get(TOKEN_PATH, params=parameters(world.main, grant_type="password"))
    description = "Unsupported grant type: password"
    assert refusal(response) == (400, "unsupported_grant_type", description)


def test_secret_with_text_beyond_latin__is_refused_like_any_other(
    http: httpx.Client, world: World
) -> None:
    response = http.get(TOKEN_PATH, params=parameters(world.main, client_secret="пароль"))
    assert refusal(response) == (401, "invalid_client", "Bad client credentials")


def test_rotated_service__has_a_new_secret_at_once(
    http: httpx.Client, home: Home, spare: ApiUser
) -> None:
    assert spare.list("leads").jobs() == []
    client_id = spare.credentials.client_id
    rotated = home.command("service", "rotate", client_id, "--json").json()
    assert rotated["clientId"] == client_id
    old = http.get(TOKEN_PATH, params=parameters(spare.credentials))
    assert refusal(old) == (401, "invalid_client", "Bad client credentials")
    secret = str(rotated["clientSecret"])
    new = http.get(TOKEN_PATH, params=parameters(spare.credentials, client_secret=secret))
    assert new.status_code == 200
    assert spare.list("leads").error() == ("601", "Access token invalid")


def test_revoked_service__is_unknown_at_once(
    http: httpx.Client, home: Home, spare: ApiUser
) -> None:
    assert spare.list("leads").jobs() == []
    client_id = spare.credentials.client_id
    home.command("service", "revoke", client_id)
    assert spare.list("leads").error() == ("601", "Access token invalid")
    response = http.get(TOKEN_PATH, params=parameters(spare.credentials))
    assert refusal(response) == (401, "unauthorized", f"No client with requested id: {client_id}")


def test_secret_and_token__are_not_kept_in_the_home(
    home: Home, main: ApiUser, server: Server
) -> None:
    secrets = (main.credentials.client_secret.encode(), main.token.encode())
    # Files come and go while it runs.
    server.stop()
    files = [file for file in home.path.rglob("*") if file.is_file()]
    assert files
    for file in files:
        content = file.read_bytes()
        assert not any(secret in content for secret in secrets), file
    server.start()


def test_path_of_identity__is_case_sensitive(main: ApiUser) -> None:
    answer = main.call("GET", "/identity/OAuth/token")
    assert answer.error() == ("610", "Requested resource not found")
