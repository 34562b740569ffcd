"""Answers of the API: the envelope, and the errors inside it (contract section 2.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec

from tailrace.client.errors import ApiError, UnreachableError

if TYPE_CHECKING:
    import httpx


@dataclass(frozen=True, slots=True)
class Answer:
    """A successful answer."""

    result: list[dict[str, object]]
    next_page_token: str | None


def json_object(response: httpx.Response) -> dict[str, object]:
    """The JSON object of a body. Raises UnreachableError for anything else."""
    try:
        members: object = msgspec.json.decode(response.content)
    except msgspec.DecodeError as error:
        raise UnreachableError(
            str(response.url), f"HTTP {response.status_code} without JSON"
        ) from error
    if not isinstance(members, dict):
        raise UnreachableError(str(response.url), "the JSON of the answer is no object")
    return cast("dict[str, object]", members)


def answer_of(response: httpx.Response) -> Answer:
    """The content of an envelope. Raises ApiError when it reports a failure."""
    members = json_object(response)
    if members.get("success") is not True:
        raise _api_error(response, members)
    token = members.get("nextPageToken")
    return Answer(
        result=cast("list[dict[str, object]]", members.get("result") or []),
        next_page_token=None if token is None else str(token),
    )


def _api_error(response: httpx.Response, members: dict[str, object]) -> Exception:
    errors = cast("list[dict[str, object]]", members.get("errors") or [])
    if not errors:
        return UnreachableError(str(response.url), "a failure without an error in it")
    return ApiError(
        code=str(errors[0].get("code", "")),
        message=str(errors[0].get("message", "")),
        request_id=str(members.get("requestId", "")),
    )
