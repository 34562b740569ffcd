"""Looking leads up: by id, by the values of a field, and what they are members of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tailrace.api.envelope import success_response
from tailrace.api.lead_documents import ShownFields
from tailrace.api.lead_pages import id_in_text, last_id_before, token_after
from tailrace.api.paging import batch_size
from tailrace.domain.errors import (
    MissingParameterError,
    NamedLeadNotFoundError,
    ScalarTypeError,
    TooManyValuesError,
)
from tailrace.domain.instants import format_instant
from tailrace.domain.lead_fields import Storage
from tailrace.domain.lead_lookup import lookup_field
from tailrace.domain.lead_values import parse_lead_value
from tailrace.store.lead_lookup import (
    has_lookup_index,
    matching_ids,
    prepare_lookup,
    read_leads,
)
from tailrace.store.lead_memberships import has_lead, list_memberships, program_memberships

if TYPE_CHECKING:
    from collections.abc import Sequence

    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.domain.lead_fields import LeadField
    from tailrace.domain.lead_values import StoredValue

#: Values of one filter (contract section 6.5).
MAXIMUM_FILTER_VALUES = 300


class ListMembershipRecord(msgspec.Struct, rename="camel"):
    list_id: int
    created_at: str
    updated_at: str


class ProgramMembershipRecord(msgspec.Struct, rename="camel"):
    id: int
    progression_status: str
    is_exhausted: bool
    acquired_by: bool
    reached_success: bool
    membership_date: str
    updated_at: str


def lead_by_id(call: Call) -> Response:
    """The lead that the path names."""
    subscription_id = call.caller.subscription_id
    catalogue = call.application.subscriptions.lead_fields(subscription_id)
    shown = ShownFields.asked_for(call.request.parameters, catalogue)
    with call.application.database.read() as connection:
        found = read_leads(connection, subscription_id, [_path_id(call)], shown.fields)
    if not found:
        raise NamedLeadNotFoundError(call.path_values["leadId"])
    return success_response(call.request_id, shown.documents(found))


def leads_by_filter(call: Call) -> Response:
    """The leads that have one of some values in one field, a page at a time."""
    parameters = call.request.parameters
    subscription_id = call.caller.subscription_id
    catalogue = call.application.subscriptions.lead_fields(subscription_id)
    name = parameters.first("filterType")
    if name is None:
        raise MissingParameterError("filterType")
    field = lookup_field(catalogue, name)
    values = _filter_values(field, parameters.pieces("filterValues"))
    shown = ShownFields.asked_for(parameters, catalogue)
    size, after = batch_size(parameters), last_id_before(parameters)
    _prepare(call, field)
    with call.application.database.read() as connection:
        ids = matching_ids(connection, subscription_id, field, values)
        rest = [lead_id for lead_id in ids if lead_id > after]
        found = read_leads(connection, subscription_id, rest[:size], shown.fields)
    return success_response(
        call.request_id,
        shown.documents(found),
        next_page_token=token_after(rest[size - 1]) if len(rest) > size else None,
    )


def list_membership(call: Call) -> Response:
    """The static lists that a lead is in."""
    subscription_id, lead_id = call.caller.subscription_id, _path_id(call)
    size, after = batch_size(call.request.parameters), last_id_before(call.request.parameters)
    with call.application.database.read() as connection:
        if not has_lead(connection, subscription_id, lead_id):
            raise NamedLeadNotFoundError(call.path_values["leadId"])
        found = list_memberships(connection, subscription_id, lead_id, after, size + 1)
    records = [
        ListMembershipRecord(
            one.list_id, format_instant(one.added_at), format_instant(one.added_at)
        )
        for one in found[:size]
    ]
    return _page(call, records, found[size - 1].list_id if len(found) > size else None)


def program_membership(call: Call) -> Response:
    """The programs that a lead is in."""
    subscription_id, lead_id = call.caller.subscription_id, _path_id(call)
    size, after = batch_size(call.request.parameters), last_id_before(call.request.parameters)
    with call.application.database.read() as connection:
        if not has_lead(connection, subscription_id, lead_id):
            raise NamedLeadNotFoundError(call.path_values["leadId"])
        found = program_memberships(connection, subscription_id, lead_id, after, size + 1)
    records = [
        ProgramMembershipRecord(
            id=row.program_id,
            progression_status=row.status_name,
            is_exhausted=row.is_exhausted,
            acquired_by=row.acquired_by,
            reached_success=row.reached_success,
            membership_date=format_instant(row.member_since),
            updated_at=format_instant(row.updated_at),
        )
        for row in found[:size]
    ]
    return _page(call, records, found[size - 1].program_id if len(found) > size else None)


def _page(call: Call, records: Sequence[msgspec.Struct], last_id: int | None) -> Response:
    return success_response(
        call.request_id,
        records,
        next_page_token=None if last_id is None else token_after(last_id),
        more_result=last_id is not None,
    )


def _path_id(call: Call) -> int:
    """The lead id in the path; 0, which is nobody's, for anything else."""
    try:
        return id_in_text(call.path_values["leadId"])
    except ScalarTypeError:
        return 0


def _filter_values(field: LeadField, texts: Sequence[str]) -> list[StoredValue]:
    """The values to look for, as the store keeps them.

    Raises MissingParameterError, TooManyValuesError, or ScalarTypeError for a text that is no
    number where the field is one. A text that no lead could hold finds none.
    """
    if not texts:
        raise MissingParameterError("filterValues")
    if len(texts) > MAXIMUM_FILTER_VALUES:
        raise TooManyValuesError("filterValues", MAXIMUM_FILTER_VALUES)
    if field.data_type.storage is Storage.TEXT:
        return list(texts)
    values = (parse_lead_value(field, text) for text in texts)
    return [value for value in values if value is not None]


def _prepare(call: Call, field: LeadField) -> None:
    subscription_id, database = call.caller.subscription_id, call.application.database
    with database.read() as connection:
        is_ready = has_lookup_index(connection, subscription_id, field)
    if not is_ready:
        with database.write() as connection:
            prepare_lookup(connection, subscription_id, field)
