"""Section 2.4 and the codes of section 2.5 that any endpoint may answer, in the order of 2.6."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import JSON_TYPE, Answer
from tests.support.job_states import BODIES
from tests.support.raw_http import raw_request
from tests.support.stores import only_with_a_file

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_user import ApiUser
    from tests.support.home import Home
    from tests.support.server import Server

LIST = "/bulk/v1/leads/export.json"
CREATE = "/bulk/v1/leads/export/create.json"
NOT_FOUND = ("610", "Requested resource not found")
INVALID_TOKEN = ("601", "Access token invalid")


def anonymous(user: ApiUser, method: str, path: str) -> Answer:
    """A call without a token."""
    return Answer.of(user.http.request(method, path))


def test_success__is_these_members_in_this_order(main: ApiUser) -> None:
    body = main.create("leads", BODIES["leads"]).envelope()
    assert list(body) == ["requestId", "result", "success"]


def test_failure__is_http_200_with_these_members_in_this_order(main: ApiUser) -> None:
    answer = main.status("leads", "unknown")
    assert (answer.status, answer.headers["Content-Type"]) == (200, JSON_TYPE)
    body = answer.envelope()
    assert json.dumps(body) == json.dumps(
        {
            "requestId": body["requestId"],
            "success": False,
            "errors": [{"code": "1013", "message": "Object not found"}],
        }
    )


def test_request_id__differs_between_calls(main: ApiUser) -> None:
    request_ids = {str(main.list("leads").envelope()["requestId"]) for _ in range(50)}
    assert len(request_ids) == 50


@pytest.mark.parametrize("path", ["/bulk/v1/nothing.json", "/rest/v1/nothing.json", "/", "/other"])
def test_unknown_path__is_610(main: ApiUser, path: str) -> None:
    assert main.call("GET", path).error() == NOT_FOUND


@pytest.mark.parametrize("path", ["/bulk/v1/Leads/export.json", "/Bulk/v1/leads/export.json"])
def test_path__is_case_sensitive(main: ApiUser, path: str) -> None:
    assert main.call("GET", path).error() == NOT_FOUND


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("POST", LIST),
        ("DELETE", LIST),
        ("PUT", CREATE),
        ("GET", CREATE),
        ("POST", "/bulk/v1/leads/export/x/status.json"),
        ("GET", "/bulk/v1/leads/export/x/enqueue.json"),
        ("GET", "/bulk/v1/activities/export/x/cancel.json"),
        ("PATCH", "/bulk/v1/activities/export/x/file.json"),
    ],
)
def test_known_path_with_another_method__is_605(main: ApiUser, method: str, path: str) -> None:
    expected = ("605", f"Request method '{method}' not supported")
    assert main.call(method, path, json={}).error() == expected


def test_method__is_checked_before_the_token(main: ApiUser) -> None:
    expected = ("605", "Request method 'DELETE' not supported")
    assert anonymous(main, "DELETE", LIST).error() == expected


def test_token__is_checked_before_an_unknown_path(main: ApiUser) -> None:
    assert anonymous(main, "GET", "/bulk/v1/nothing.json").error() == INVALID_TOKEN


def test_token__is_checked_before_the_body(main: ApiUser) -> None:
    assert anonymous(main, "POST", CREATE).error() == INVALID_TOKEN


@pytest.fixture
def damage(home: Home) -> Iterator[None]:
    """A lead field of a type that no program knows: whoever reads the fields stumbles over it."""
    home.change(
        "INSERT INTO lead_field (subscription_id, id, name, lower_name, display_name, data_type)"
        " VALUES (1, 9999, 'broken', 'broken', 'Broken', 'no such type')"
    )
    yield
    home.change("DELETE FROM lead_field WHERE id = 9999")


@pytest.mark.usefixtures("damage")
def test_unforeseen_error__is_611_and_tells_nothing(main: ApiUser) -> None:
    answer = main.create("leads", BODIES["leads"])
    assert answer.error() == ("611", "System error")
    assert "no such type" not in answer.text


@pytest.mark.usefixtures("damage")
def test_unforeseen_error__is_in_the_log_beside_its_request_id(
    main: ApiUser, server: Server
) -> None:
    request_id = str(main.create("leads", BODIES["leads"]).envelope()["requestId"])
    told = [line for line in server.log().splitlines() if request_id in line]
    assert any("no such type" in line for line in told)


@only_with_a_file
def test_store_that_cannot_answer__is_608_and_the_server_recovers(
    main: ApiUser, home: Home
) -> None:
    with home.sql() as connection:
        connection.execute("ALTER TABLE export_job RENAME TO hidden_job")
    try:
        answer = main.list("leads")
    finally:
        with home.sql() as connection:
            connection.execute("ALTER TABLE hidden_job RENAME TO export_job")
    assert answer.error() == ("608", "API Temporarily Unavailable")
    # Whoever else met the fault meanwhile has survived it.
    assert main.export("leads", BODIES["leads"]).job["numberOfRecords"] > 0


@pytest.mark.parametrize("host", ["123-abc-456.mktorest.com", "localhost", "x.invalid:99"])
def test_host_header__is_ignored(main: ApiUser, server: Server, host: str) -> None:
    headers = {"Authorization": f"Bearer {main.token}"}
    answer = raw_request(server, LIST, headers=headers, host=host)
    assert answer.envelope()["success"] is True


def test_unknown_parameters__are_ignored(main: ApiUser) -> None:
    answer = main.create("leads", {**BODIES["leads"], "asyncProcessing ": 1}, batchSize="300")
    export_id = answer.job()["exportId"]
    path = f"/bulk/v1/leads/export/{export_id}"
    parameters = (("batchSize", "300"), ("offset", "x"))
    assert main.call("GET", f"{path}/status.json", parameters=parameters).job()
    assert main.call("POST", f"{path}/cancel.json", parameters=parameters).job()


def test_bulk_answers__are_never_compressed(main: ApiUser) -> None:
    for _ in range(20):
        main.created("leads", BODIES["leads"])
    answer = main.call("GET", LIST, headers={"Accept-Encoding": "gzip"})
    assert len(answer.content) > 1024
    assert "Content-Encoding" not in answer.headers
