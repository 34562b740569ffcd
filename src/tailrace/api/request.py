"""What a request asks for, whatever way its client has of saying it (contract section 2.3).

Theory of operation: any POST may say `_method=GET`, in the query string, in a form body, also in
one whose Content-Type got lost on a retry, or as a JSON member. It then is a GET, and the other
members of its body, form or JSON, are parameters. The body of a GET is never an error: a form adds parameters,
anything else is ignored.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import msgspec
from starlette.datastructures import Headers

from tailrace.api.parameters import (
    Parameters,
    of_members,
    parse_multipart,
    parse_query,
    parse_urlencoded,
)
from tailrace.domain.errors import (
    AttributeTypeError,
    BodyTooLargeError,
    InvalidJsonError,
    UriTooLongError,
)
from tailrace.domain.json_members import repeated_member

if TYPE_CHECKING:
    from starlette.types import Receive, Scope

MAXIMUM_URI_BYTES = 8 * 1024
MAXIMUM_BODY_BYTES = 1024 * 1024

_JSON = "application/json"
_URLENCODED = "application/x-www-form-urlencoded"
_MULTIPART = "multipart/form-data"
_METHOD_OVERRIDE = "_method"

_PLAIN: msgspec.json.Decoder[Any] = msgspec.json.Decoder()
_EXACT: msgspec.json.Decoder[Any] = msgspec.json.Decoder(float_hook=str)


class ClientGoneError(Exception):
    """The client left before its request was complete: there is nobody to answer."""


@dataclass(frozen=True, slots=True)
class ApiRequest:
    #: What the request comes to: `GET` for a POST that says so.
    method: str
    headers: Headers
    #: From the query string, then from the body where that has any.
    parameters: Parameters
    body: bytes

    @property
    def is_json(self) -> bool:
        """Whether the body is declared as JSON; parameters of the media type do not matter."""
        return media_type(self.headers) == _JSON


def media_type(headers: Headers) -> str:
    """The media type of the body in lower case, without parameters; empty if there is none."""
    return headers.get("content-type", "").partition(";")[0].strip().lower()


def raw_path_of(scope: Scope) -> bytes:
    """The path as it stood in the request line."""
    raw_path = scope.get("raw_path")
    return quote(scope["path"]).encode() if raw_path is None else raw_path


def check_uri(scope: Scope) -> None:
    """Raises UriTooLongError over 8 KB of path and query."""
    query_bytes = len(scope["query_string"])
    if len(raw_path_of(scope)) + (query_bytes and query_bytes + 1) > MAXIMUM_URI_BYTES:
        raise UriTooLongError


async def read_body(scope: Scope, receive: Receive, maximum_bytes: int) -> bytes:
    """The whole body; never more of it than the limit is kept.

    Raises BodyTooLargeError over `maximum_bytes`, and ClientGoneError if the client leaves before
    its end.
    """
    declared = Headers(scope=scope).get("content-length", "")
    if declared.isdigit() and int(declared) > maximum_bytes:
        raise BodyTooLargeError(_megabytes(maximum_bytes))
    body = bytearray()
    while True:
        message = await receive()
        if message["type"] != "http.request":
            raise ClientGoneError
        body += message.get("body", b"")
        if len(body) > maximum_bytes:
            raise BodyTooLargeError(_megabytes(maximum_bytes))
        if not message.get("more_body", False):
            return bytes(body)


def _megabytes(size_bytes: int) -> int:
    return size_bytes // (1024 * 1024)


def decode_json(body: bytes, *, are_fractions_texts: bool = False) -> object:
    """The JSON document in `body`, none of whose objects has a member twice.

    Which of two equal members counts is every decoder's own choice, so a filter could be lost in
    silence. Raises AttributeTypeError naming such a member, and InvalidJsonError for what is no
    JSON, also for absurd depth or size. `are_fractions_texts` keeps a number with a fraction as
    it is spelled, so that no digit gets lost.
    """
    document = _decode(body, _EXACT if are_fractions_texts else _PLAIN)
    try:
        repeated = repeated_member(body)
    except (ValueError, RecursionError) as error:
        # Decoders may draw the line of absurdity differently.
        raise InvalidJsonError from error
    if repeated is not None:
        raise AttributeTypeError(repeated)
    return document


def _decode(body: bytes, decoder: msgspec.json.Decoder[Any] = _PLAIN) -> object:
    try:
        return decoder.decode(body)
    except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
        raise InvalidJsonError from error


def interpret(scope: Scope, body: bytes, *, takes_form: bool) -> ApiRequest:
    """The request in `scope` and `body`.

    `takes_form` says that the endpoint's own body is a form: then one of unknown type is read
    as such even without `_method` in it.
    """
    headers = Headers(scope=scope)
    query = parse_query(scope["query_string"])
    form = _form(headers, body, takes_form=takes_form)
    parameters = query if form is None else query.followed_by(form)
    method = scope["method"]
    if method == "POST":
        members = _overriding_members(headers, body, is_overridden=_says_get(parameters))
        if members is not None:
            parameters = parameters.followed_by(of_members(members))
        if _says_get(parameters):
            method = "GET"
    elif method == "GET":
        parameters = parameters.followed_by(of_members(_query_members(body)))
    return ApiRequest(method, headers, parameters, body)


def _form(headers: Headers, body: bytes, *, takes_form: bool) -> Parameters | None:
    if not body:
        return None
    body_type = media_type(headers)
    if body_type == _JSON:
        return None
    if body_type == _MULTIPART:
        return parse_multipart(headers["content-type"], body)
    form = parse_urlencoded(body)
    if form is None or body_type == _URLENCODED or takes_form or _METHOD_OVERRIDE in form:
        return form
    return None


def _says_get(parameters: Parameters) -> bool:
    return (parameters.first(_METHOD_OVERRIDE) or "").upper() == "GET"


def _overriding_members(
    headers: Headers, body: bytes, *, is_overridden: bool
) -> dict[str, object] | None:
    """The members of a JSON body whose POST is a GET, at its top and in `data`.

    `is_overridden` says that the POST is one already; else the body has to say so.
    """
    is_form = media_type(headers) in (_URLENCODED, _MULTIPART)
    # Looking for the word first spares decoding the body of nearly every call.
    if is_form or not (is_overridden or _METHOD_OVERRIDE.encode() in body):
        return None
    try:
        document = _decode(body)
    except InvalidJsonError:
        return None
    if not isinstance(document, dict):
        return None
    members = cast("dict[str, object]", document)
    data = members.get("data")
    inner = cast("dict[str, object]", data) if isinstance(data, dict) else {}
    if not is_overridden and _METHOD_OVERRIDE not in members and _METHOD_OVERRIDE not in inner:
        return None
    return {**members, **inner}


def _query_members(body: bytes) -> dict[str, object]:
    """The members of `query` in the JSON body of a GET, where a node client left them."""
    if b'"query"' not in body:
        return {}
    try:
        document = _decode(body)
    except InvalidJsonError:
        return {}
    query = cast("dict[str, object]", document).get("query") if isinstance(document, dict) else None
    return cast("dict[str, object]", query) if isinstance(query, dict) else {}
