"""Section 2.3: bodies, content types, and POST that means GET."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.job_states import BODIES
from tests.support.raw_http import open_connection, raw_request, read_answer

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser
    from tests.support.server import Server

LIST = "/bulk/v1/leads/export.json"
CREATE = "/bulk/v1/leads/export/create.json"
JSON = {"Content-Type": "application/json"}
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
MEGABYTE = 1024 * 1024


def post(user: ApiUser, path: str, content: bytes, content_type: str | None = None) -> Answer:
    headers = {} if content_type is None else {"Content-Type": content_type}
    return user.call("POST", path, content=content, headers=headers)


# POST that means GET.


def test_post_with_method_get_in_query__is_a_get(main: ApiUser) -> None:
    assert post(main, f"{LIST}?_method=GET", b"").envelope()["success"] is True


def test_post_with_method_get_in_form__is_a_get(main: ApiUser) -> None:
    answer = post(main, LIST, b"_method=GET", FORM["Content-Type"])
    assert answer.envelope()["success"] is True


def test_post_with_method_get_in_json__is_a_get(main: ApiUser) -> None:
    assert post(main, LIST, b'{"_method": "GET"}', JSON["Content-Type"]).envelope()["success"]


def test_members_of_form__join_the_query_parameters(main: ApiUser) -> None:
    created = main.created("leads", BODIES["leads"])
    cancelled = main.created("leads", BODIES["leads"])
    main.cancel("leads", cancelled)
    answer = post(main, LIST, b"_method=GET&status=Cancelled", FORM["Content-Type"])
    ids = [job["exportId"] for job in answer.jobs()]
    assert cancelled in ids
    assert created not in ids


def test_members_of_data_in_json__join_the_query_parameters(main: ApiUser) -> None:
    cancelled = main.created("leads", BODIES["leads"])
    main.cancel("leads", cancelled)
    body = b'{"data": {"status": "Cancelled", "_method": "GET"}}'
    answer = post(main, LIST, body, JSON["Content-Type"])
    assert {job["status"] for job in answer.jobs()} == {"Cancelled"}


def test_members_of_json__join_the_query_parameters_with_method_get_in_the_query(
    main: ApiUser,
) -> None:
    cancelled = main.created("leads", BODIES["leads"])
    main.cancel("leads", cancelled)
    answer = post(main, f"{LIST}?_method=GET", b'{"status": ["Cancelled"]}', JSON["Content-Type"])
    assert {job["status"] for job in answer.jobs()} == {"Cancelled"}


def test_post_with_method_get__works_on_status_and_file(main: ApiUser) -> None:
    export_id = main.enqueued("leads", BODIES["leads"])
    main.finished("leads", export_id)
    root = f"/bulk/v1/leads/export/{export_id}"
    assert post(main, f"{root}/status.json?_method=GET", b"").job()["status"] == "Completed"
    assert post(main, f"{root}/file.json", b"_method=GET", FORM["Content-Type"]).status == 200


# GET with a body.


def test_get_with_json_body__ignores_it(main: ApiUser) -> None:
    answer = main.call("GET", LIST, content=b'{"data":{"_method":"GET"}}', headers=JSON)
    assert answer.envelope()["success"] is True


@pytest.mark.parametrize("body", [b"not json", b"[]", b"\xff"])
def test_get_with_broken_json_body__ignores_it(main: ApiUser, body: bytes) -> None:
    assert main.call("GET", LIST, content=body, headers=JSON).envelope()["success"] is True


def test_get_with_form_body__ignores_it_on_status_and_file(main: ApiUser) -> None:
    export_id = main.enqueued("activities", BODIES["activities"])
    main.finished("activities", export_id)
    root = f"/bulk/v1/activities/export/{export_id}"
    form = b"_method=GET"
    status = main.call("GET", f"{root}/status.json", content=form, headers=FORM)
    assert status.job()["status"] == "Completed"
    assert main.call("GET", f"{root}/file.json", content=form, headers=FORM).status == 200


# Enqueue and cancel take anything or nothing (section 0 rule 5).


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (b"", None),
        (b"", "application/json"),
        (b"", "application/json; charset=utf-8"),
        (b'{"data":{"_method":"POST"}}', "application/json"),
        (b"_method=POST", "application/x-www-form-urlencoded"),
        (b"anything", "text/plain"),
    ],
)
def test_enqueue_and_cancel__take_any_body(
    main: ApiUser, content: bytes, content_type: str | None
) -> None:
    export_id = main.created("leads", BODIES["leads"])
    root = f"/bulk/v1/leads/export/{export_id}"
    assert post(main, f"{root}/enqueue.json", content, content_type).job()["status"] == "Queued"
    other_id = main.created("leads", BODIES["leads"])
    other = f"/bulk/v1/leads/export/{other_id}/cancel.json"
    assert post(main, other, content, content_type).job()["status"] == "Cancelled"
    main.finished("leads", export_id)


# Create wants JSON.


@pytest.mark.parametrize(
    "content_type", ["text/plain", "application/x-www-form-urlencoded", "application/xml"]
)
def test_create_with_another_content_type__is_612(main: ApiUser, content_type: str) -> None:
    assert post(main, CREATE, b"{}", content_type).error() == ("612", "Invalid Content Type")


def test_content_type__is_checked_before_the_json(main: ApiUser) -> None:
    assert post(main, CREATE, b"not json", "text/plain").error()[0] == "612"


@pytest.mark.parametrize(
    "content_type", ["application/json", "application/json;charset=UTF-8", "Application/JSON"]
)
def test_create_with_parameters_after_the_content_type__is_taken(
    main: ApiUser, content_type: str
) -> None:
    body = b'{"fields":["id"],"filter":{"createdAt":{"startAt":"2024-03-01","endAt":"2024-03-02"}}}'
    assert post(main, CREATE, body, content_type).job()["status"] == "Created"


@pytest.mark.parametrize(
    "content", [b"", b"   ", b"{", b"not json", b"[]", b'"text"', b"1", b"null", b'{"a": "\xff"}']
)
def test_create_with_a_body_that_is_no_json_object__is_609(main: ApiUser, content: bytes) -> None:
    assert post(main, CREATE, content, "application/json").error() == ("609", "Invalid JSON")


# Sizes.


def test_body_over_a_megabyte__is_http_413(main: ApiUser) -> None:
    body = b'{"padding": "' + b"x" * MEGABYTE + b'"}'
    assert post(main, CREATE, body, "application/json").status == 413


def test_body_of_a_megabyte__is_read(main: ApiUser) -> None:
    frame = b'{"padding": ""}'
    body = frame[:-2] + b"x" * (MEGABYTE - len(frame)) + frame[-2:]
    assert len(body) == MEGABYTE
    expected = ("1002", "Missing value for the required parameter 'fields'")
    assert post(main, CREATE, body, "application/json").error() == expected


def test_announced_body_over_a_megabyte__is_refused_before_it_is_sent(
    main: ApiUser, server: Server
) -> None:
    headers = f"Authorization: Bearer {main.token}\r\nContent-Type: application/json"
    head = f"POST {CREATE} HTTP/1.1\r\nHost: x\r\n{headers}\r\nContent-Length: 99999999\r\n\r\n"
    with open_connection(server) as connection:
        connection.sendall(head.encode())
        assert read_answer(connection, "POST").status == 413


def test_client_that_sends_a_too_large_body_to_its_end__sees_the_answer(server: Server) -> None:
    # More than the buffers on the way hold, by a client that looks for no answer before.
    body = b"x" * (64 * MEGABYTE)
    answer = raw_request(server, CREATE, method="POST", headers=JSON, body=body)
    assert answer.status == 413


def test_connection_of_a_too_large_body__takes_the_next_request(
    main: ApiUser, server: Server
) -> None:
    body = b"x" * (2 * MEGABYTE)
    large = f"POST {CREATE} HTTP/1.1\r\nHost: x\r\nContent-Length: {len(body)}\r\n\r\n".encode()
    bearer = f"Authorization: Bearer {main.token}"
    small = f"GET {LIST} HTTP/1.1\r\nHost: x\r\n{bearer}\r\n\r\n".encode()
    with open_connection(server) as connection:
        connection.sendall(large + body)
        assert read_answer(connection, "POST").status == 413
        connection.sendall(small)
        assert read_answer(connection).envelope()["success"] is True


def test_chunked_body_over_a_megabyte__is_http_413(main: ApiUser, server: Server) -> None:
    chunk = b"10000\r\n" + b"x" * 65536 + b"\r\n"
    headers = {
        "Authorization": f"Bearer {main.token}",
        "Content-Type": "application/json",
        "Transfer-Encoding": "chunked",
    }
    head = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    with open_connection(server) as connection:
        connection.sendall(f"POST {CREATE} HTTP/1.1\r\nHost: x\r\n{head}\r\n".encode())
        # No more than the first byte over the limit: the server may hang up right after it.
        connection.sendall(chunk * 16 + b"1\r\nx\r\n")
        assert read_answer(connection, "POST").status == 413


def test_size__is_checked_before_the_token(server: Server) -> None:
    answer = raw_request(server, CREATE, method="POST", headers=JSON, body=b"x" * (MEGABYTE + 1))
    assert answer.status == 413
