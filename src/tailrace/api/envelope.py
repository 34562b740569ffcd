"""The JSON envelope around every answer of the API (contract section 2.4)."""

from __future__ import annotations

import secrets
from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

#: Clients only read bodies as JSON under a type that ends in `json`.
JSON_CONTENT_TYPE = "application/json;charset=UTF-8"

_REQUEST_NUMBERS = 16**5


def new_request_id(now_milliseconds: int) -> str:
    """A request id `<1-5 hex>#<hex>`; the second part is the epoch in milliseconds."""
    return f"{secrets.randbelow(_REQUEST_NUMBERS):x}#{now_milliseconds:x}"


def success_response(
    request_id: str, result: Sequence[object], *, next_page_token: str | None = None
) -> Response:
    """The answer of a call that succeeded; `next_page_token` only where another page exists."""
    envelope: dict[str, object] = {"requestId": request_id, "result": result, "success": True}
    if next_page_token is not None:
        envelope["nextPageToken"] = next_page_token
    return json_response(envelope)


def failure_response(request_id: str, code: str, message: str, *, http_status: int) -> Response:
    """The answer of a call that failed with one error."""
    errors = [{"code": code, "message": message}]
    envelope = {"requestId": request_id, "success": False, "errors": errors}
    return json_response(envelope, http_status=http_status)


def json_response(
    document: object, *, http_status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Any JSON document, members in the order given."""
    body = msgspec.json.encode(document)
    return Response(body, http_status, headers=headers, media_type=JSON_CONTENT_TYPE)
