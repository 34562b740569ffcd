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
    request_id: str,
    result: Sequence[object] | None,
    *,
    next_page_token: str | None = None,
    more_result: bool | None = None,
) -> Response:
    """The answer of a call that succeeded; members that are None are left out.

    `next_page_token` is for pages that another one follows, but always there where a log is read.
    """
    members: dict[str, object] = {
        "requestId": request_id,
        "result": result,
        "success": True,
        "nextPageToken": next_page_token,
        "moreResult": more_result,
    }
    return json_response({name: value for name, value in members.items() if value is not None})


#: Word for word what clients stop paging at (contract section 6).
NO_ASSETS_FOUND = "No assets found for the given search criteria."


def assets_response(request_id: str, assets: Sequence[object]) -> Response:
    """The answer of the asset API: it has `errors` and `warnings`, and no `result` for nothing."""
    envelope: dict[str, object] = {
        "success": True,
        "errors": [],
        "requestId": request_id,
        "warnings": [] if assets else [NO_ASSETS_FOUND],
    }
    return json_response(envelope | ({"result": assets} if assets else {}))


def failure_response(
    request_id: str, code: str, message: str, *, http_status: int, is_of_assets: bool = False
) -> Response:
    """The answer of a call that failed with one error; one of the asset API has `warnings`, too."""
    errors = [{"code": code, "message": message}]
    envelope: dict[str, object] = {"requestId": request_id, "success": False, "errors": errors}
    if is_of_assets:
        envelope = {"success": False, "errors": errors, "requestId": request_id, "warnings": []}
    return json_response(envelope, http_status=http_status)


def json_response(
    document: object, *, http_status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Any JSON document, members in the order given."""
    body = msgspec.json.encode(document)
    return Response(body, http_status, headers=headers, media_type=JSON_CONTENT_TYPE)
