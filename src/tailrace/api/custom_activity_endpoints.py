"""Writing activities of the subscription's own types (contract section 7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
from msgspec import Struct

from tailrace.api.envelope import success_response
from tailrace.api.record_outcomes import reason_document
from tailrace.api.request import decode_json
from tailrace.domain.activity_writing import CustomActivityReader
from tailrace.domain.errors import InvalidJsonError, LeadNotFoundError, RequestError
from tailrace.domain.lead_sync import input_records
from tailrace.store.custom_activities import record_custom_activities
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.domain.activity_writing import CustomActivity


class AttributeValue(Struct, rename="camel", omit_defaults=True):
    """An attribute by its API name or its display name."""

    value: str | int | float | bool
    api_name: str | None = None
    name: str | None = None


class CustomActivityRecord(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """An activity to add; its type by id or by API name."""

    lead_id: int
    activity_date: str
    activity_type_id: int | None = None
    api_name: str | None = None
    primary_attribute_value: str
    attributes: list[AttributeValue] | None = None


class CustomActivitiesRequest(Struct):
    #: At most 300.
    input: list[CustomActivityRecord]


class AddedActivity(Struct, omit_defaults=True):
    """What became of a record: `added`, or `skipped` for a reason."""

    id: int | None = None
    guid: str | None = msgspec.field(default=None, name="marketoGUID")
    status: str = ""
    errors: list[dict[str, str]] | None = None


def add_activities(call: Call) -> Response:
    """Activities added to leads, one outcome a record."""
    application, subscription_id = call.application, call.caller.subscription_id
    body = decode_json(call.request.body)
    if not isinstance(body, dict):
        raise InvalidJsonError
    records = input_records(cast("Mapping[str, object]", body))
    reader = CustomActivityReader(application.subscriptions.activity_types(subscription_id))
    read = [_read(reader, record) for record in records]
    application.settler.make_room(subscription_id)
    activities = [one for one in read if not isinstance(one, AddedActivity)]
    with application.database.write(records_of(subscription_id)) as connection:
        guids = iter(record_custom_activities(connection, subscription_id, activities))
    outcomes = [one if isinstance(one, AddedActivity) else _added(next(guids)) for one in read]
    return success_response(call.request_id, outcomes)


def _read(
    reader: CustomActivityReader, record: Mapping[str, object]
) -> CustomActivity | AddedActivity:
    try:
        return reader.read(record)
    except RequestError as error:
        return _skipped(error)


def _added(guid: int | None) -> AddedActivity:
    if guid is None:
        return _skipped(LeadNotFoundError())
    return AddedActivity(guid, str(guid), "added")


def _skipped(error: RequestError) -> AddedActivity:
    return AddedActivity(status="skipped", errors=[reason_document(error)])
