"""What a request means, however its client wraps it (contract section 2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.api.credentials import client_credentials, presented_token
from tailrace.api.parameters import Parameters, parse_multipart, parse_query
from tailrace.api.request import check_uri, decode_json, interpret
from tailrace.domain.errors import (
    AccessTokenInvalidError,
    AttributeTypeError,
    InvalidJsonError,
    MissingCredentialsError,
    UriTooLongError,
)

if TYPE_CHECKING:
    from starlette.types import Scope

    from tailrace.api.request import ApiRequest

FORM = "application/x-www-form-urlencoded"
JSON = "application/json"
MULTIPART = "multipart/form-data; boundary=x"


def scope(method: str = "GET", query: bytes = b"", path: bytes = b"/", **headers: str) -> Scope:
    return {
        "type": "http",
        "method": method,
        "path": path.decode(),
        "raw_path": path,
        "query_string": query,
        "headers": [
            (name.replace("_", "-").encode(), value.encode("latin-1"))
            for name, value in headers.items()
        ],
    }


def post(
    body: bytes, content_type: str | None = None, query: bytes = b"", *, takes_form: bool = False
) -> ApiRequest:
    if content_type is None:
        return interpret(scope("POST", query), body, takes_form=takes_form)
    typed = scope("POST", query, content_type=content_type)
    return interpret(typed, body, takes_form=takes_form)


def multipart(**fields: str) -> bytes:
    parts = (
        f'--x\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in fields.items()
    )
    return "".join((*parts, "--x--\r\n")).encode()


# Parameters.


@pytest.mark.parametrize(
    ("query", "pieces"),
    [
        (b"id=1,2&id=3", ["1", "2", "3"]),
        (b"id=1%2C2", ["1", "2"]),
        (b"id=+1+,,+2+,", ["1", "2"]),
        (b"id=", []),
        (b"id=,&id=", []),
        (b"", []),
        (b"ID=1", []),
    ],
)
def test_list_value__may_be_written_in_any_way(query: bytes, pieces: list[str]) -> None:
    assert parse_query(query).pieces("id") == pieces


def test_single_value__is_the_first_and_trimmed() -> None:
    parameters = parse_query(b"a=+x+&a=y&b=+&c")
    assert [parameters.first(name) for name in "abcd"] == ["x", None, None, None]


def test_token_with_padding__survives_raw_and_encoded() -> None:
    assert parse_query(b"t=AB====").first("t") == parse_query(b"t=AB%3D%3D%3D%3D").first("t")


@given(st.binary(max_size=200))
def test_any_query__is_read(query: bytes) -> None:
    assert isinstance(parse_query(query), Parameters)


@given(st.binary(max_size=300))
def test_any_multipart_body__is_read_or_refused(body: bytes) -> None:
    parse_multipart(MULTIPART, body)
    parse_multipart(MULTIPART, b"--x\r\n" + body)


# POST that means GET.


@pytest.mark.parametrize(
    ("body", "content_type", "query"),
    [
        (b"", None, b"_method=GET"),
        (b"", None, b"_method=get"),
        (b"{}", JSON, b"_method=GET"),
        (b"_method=GET", FORM, b""),
        (b"_method=GET", f"{FORM}; charset=utf-8", b""),
        (b"_method=GET", None, b""),
        (b"a=b&_method=GET", "text/plain", b""),
        (multipart(_method="GET"), MULTIPART, b""),
        (b'{"_method": "GET"}', JSON, b""),
        (b'{"data": {"_method": "GET"}}', JSON, b""),
        (b' {"data": {"_method": "GET"}}', None, b""),
    ],
)
def test_post_that_says_so__is_a_get(body: bytes, content_type: str | None, query: bytes) -> None:
    assert post(body, content_type, query).method == "GET"


@pytest.mark.parametrize(
    ("body", "content_type"),
    [
        (b"", None),
        (b"_method=POST", FORM),
        (b'{"data": {"_method": "POST"}}', JSON),
        (b'{"filter": {"_method": "GET"}}', JSON),
        (b'["_method"]', JSON),
        (b'{"_method"', JSON),
        (b"_method=GET", JSON),
        (b"\xff_method=GET", None),
        (b"a=b", None),
    ],
)
def test_any_other_post__stays_one(body: bytes, content_type: str | None) -> None:
    assert post(body, content_type).method == "POST"


def test_only_a_post__is_turned() -> None:
    assert interpret(scope("DELETE", b"_method=GET"), b"", takes_form=False).method == "DELETE"


def test_form_fields__follow_the_query() -> None:
    request = post(b"_method=GET&status=b", FORM, b"status=a")
    assert request.parameters.pieces("status") == ["a", "b"]


def test_members_of_data__are_parameters() -> None:
    body = b'{"data": {"_method": "GET", "a": [1, "x"], "b": true, "c": null, "d": {"e": 1}}}'
    parameters = post(body, JSON).parameters
    assert [parameters.pieces(name) for name in "abcd"] == [["1", "x"], ["true"], [], []]


@pytest.mark.parametrize("body", [b'{"a": [1, "x"]}', b'{"data": {"a": [1, "x"]}}'])
@pytest.mark.parametrize("query", [b"_method=GET", b"_method=get"])
def test_members_of_json__are_parameters_with_the_method_in_the_query(
    body: bytes, query: bytes
) -> None:
    assert post(body, JSON, query).parameters.pieces("a") == ["1", "x"]


def test_members_of_json__are_no_parameters_of_a_post() -> None:
    assert "a" not in post(b'{"a": 1}', JSON).parameters


def test_get_with_form__has_its_fields() -> None:
    request = interpret(scope("GET", content_type=FORM), b"status=a", takes_form=False)
    assert request.parameters.pieces("status") == ["a"]


@pytest.mark.parametrize("body", [b"{", b"\xff", b"a=b", b'{"data":{"_method":"GET"}}'])
def test_get_with_any_other_body__ignores_it(body: bytes) -> None:
    request = interpret(scope("GET", content_type=JSON), body, takes_form=False)
    assert (request.method, "a" in request.parameters) == ("GET", False)


def test_body_of_unknown_type__is_a_form_where_one_is_wanted() -> None:
    assert post(b"grant_type=x", takes_form=True).parameters.first("grant_type") == "x"
    assert post(b"grant_type=x").parameters.first("grant_type") is None


@given(st.binary(max_size=200), st.sampled_from([None, FORM, JSON, MULTIPART, "text/x"]))
def test_any_body__is_understood_or_ignored(body: bytes, content_type: str | None) -> None:
    assert post(b"_method" + body, content_type).method in {"GET", "POST"}


# Limits and JSON.


@pytest.mark.parametrize(("path", "query"), [(8192, 0), (1, 8190)])
def test_uri_of_8_kilobytes__is_taken(path: int, query: int) -> None:
    check_uri(scope(path=b"/" * path, query=b"q" * query))


@pytest.mark.parametrize(("path", "query"), [(8193, 0), (1, 8191)])
def test_longer_uri__is_refused(path: int, query: int) -> None:
    with pytest.raises(UriTooLongError):
        check_uri(scope(path=b"/" * path, query=b"q" * query))


@pytest.mark.parametrize(
    "body",
    [b"", b" ", b"{", b"\xff", b"\xef\xbb\xbf{}", b"NaN", b"[" * 100_000, b'{"a":' * 100_000],
)
def test_body_that_is_no_json__is_refused(body: bytes) -> None:
    with pytest.raises(InvalidJsonError):
        decode_json(body)


def test_big_number__is_read_exactly() -> None:
    assert decode_json(b"1" * 100) == int("1" * 100)


@pytest.mark.parametrize(
    ("body", "name"),
    [
        (b'{"id":1,"id":2}', "id"),
        (b'{"filter":{"createdAt":{},"createdAt":{}}}', "createdAt"),
        (b'[{"a":[{"b":1,"\\u0062":null}]}]', "b"),
    ],
)
def test_member_twice_in_one_object__is_refused_by_its_name(body: bytes, name: str) -> None:
    with pytest.raises(AttributeTypeError) as raised:
        decode_json(body)
    assert raised.value.attribute == name


def test_member_in_several_objects__is_no_repetition() -> None:
    assert decode_json(b'[{"a":1},{"a":{"a":2}}]') == [{"a": 1}, {"a": {"a": 2}}]


# Credentials.


def token(request: ApiRequest, *, accept_parameter: bool = True) -> str:
    return presented_token(request, accept_parameter=accept_parameter)


@pytest.mark.parametrize("value", ["Bearer t", "bearer t", "BEARER   t ", " Bearer t"])
def test_token__is_taken_from_the_header(value: str) -> None:
    request = interpret(scope(authorization=value), b"", takes_form=False)
    assert token(request, accept_parameter=False) == "t"


def test_token_parameter__is_taken_where_accepted() -> None:
    assert token(post(b"access_token=f", FORM, b"access_token=q")) == "q"
    assert token(post(b"access_token=f", FORM)) == "f"
    assert token(post(multipart(access_token="m"), MULTIPART)) == "m"


def test_token_header__goes_before_parameters() -> None:
    request = interpret(
        scope(query=b"access_token=q", authorization="Bearer h"), b"", takes_form=False
    )
    assert token(request) == "h"


@pytest.mark.parametrize("value", ["", "Bearer", "Bearer ", "Basic eDp5", "t"])
def test_missing_token__is_an_invalid_one(value: str) -> None:
    request = interpret(scope(authorization=value), b"", takes_form=False)
    with pytest.raises(AccessTokenInvalidError):
        token(request)


def test_token_parameter__is_not_looked_at_where_not_accepted() -> None:
    request = interpret(scope(query=b"access_token=q"), b"", takes_form=False)
    with pytest.raises(AccessTokenInvalidError):
        token(request, accept_parameter=False)


@pytest.mark.parametrize(
    "request_scope",
    [
        scope(query=b"client_id=i&client_secret=s"),
        scope(authorization="Basic aTpz"),
        scope(query=b"client_id=i", authorization="basic aTpz"),
    ],
)
def test_client_credentials__come_either_way(request_scope: Scope) -> None:
    assert client_credentials(interpret(request_scope, b"", takes_form=True)) == ("i", "s")


@pytest.mark.parametrize("value", ["", "Basic", "Basic !", "Basic aQ==", "Basic //8=", "Bearer t"])
def test_client_credentials__are_missing(value: str) -> None:
    with pytest.raises(MissingCredentialsError):
        client_credentials(interpret(scope(authorization=value), b"", takes_form=True))
