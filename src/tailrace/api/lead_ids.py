"""The leads that a call names, by query parameter, by JSON body, or by both (contract 7.2, 7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec

from tailrace.api.lead_pages import id_in_text
from tailrace.api.request import decode_json
from tailrace.domain.errors import (
    InvalidJsonError,
    MissingParameterError,
    ScalarTypeError,
    TooManyValuesError,
)
from tailrace.domain.lead_sync import MAXIMUM_RECORDS, input_records

if TYPE_CHECKING:
    from tailrace.api.request import ApiRequest


def lead_ids(request: ApiRequest) -> list[int]:
    """The ids in the order they came.

    Raises InvalidJsonError or AttributeTypeError for a body that is no such thing,
    MissingParameterError for none at all, ScalarTypeError, and TooManyValuesError over 300.
    """
    ids = [id_in_text(text) for text in request.parameters.pieces("id")]
    # The body of a GET is never an error: only one that says something is looked at.
    if request.body and request.is_json:
        ids += _ids_in_body(request)
    if not ids:
        raise MissingParameterError("id")
    if len(ids) > MAXIMUM_RECORDS:
        raise TooManyValuesError("id", MAXIMUM_RECORDS)
    return ids


def _ids_in_body(request: ApiRequest) -> list[int]:
    try:
        members = _members(request.body)
    except InvalidJsonError:
        if request.method == "GET":
            return []
        raise
    if members.get("input") is None:
        return []
    return [_id_of(record) for record in input_records(members)]


def _members(body: bytes) -> dict[str, object]:
    document = decode_json(body)
    if not isinstance(document, dict):
        raise InvalidJsonError
    return cast("dict[str, object]", document)


def _id_of(record: dict[str, object]) -> int:
    value = record.get("id")
    if value is None:
        raise MissingParameterError("id")
    if isinstance(value, bool) or not isinstance(value, int | str):
        raise ScalarTypeError(value=msgspec.json.encode(value).decode(), type_name="Integer")
    return id_in_text(str(value).strip())
