"""Members of programs, read: by program, by lead, and what fields they have (6.11 and 6.12)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType
from sqlalchemy import select

from tailrace.api.envelope import success_response
from tailrace.api.lead_documents import ShownFields
from tailrace.api.lead_field_endpoints import UpdateableField
from tailrace.api.lead_pages import id_in_text, last_id_before, token_after
from tailrace.api.list_values import integers
from tailrace.api.paging import batch_size
from tailrace.domain.assets import ProgramType
from tailrace.domain.errors import (
    FieldNotFoundError,
    LookupFieldError,
    MissingParameterError,
    ObjectNotFoundError,
    RangeTooLongError,
    ReversedRangeError,
    ScalarTypeError,
    TooManyValuesError,
)
from tailrace.domain.instants import format_instant, parse_instant
from tailrace.domain.lead_sync import MAXIMUM_RECORDS
from tailrace.domain.lead_values import parse_boolean
from tailrace.domain.programs import MEMBER_FIELDS, MEMBER_FIELDS_BY_NAME
from tailrace.store.asset_query import PROGRAMS, find_asset
from tailrace.store.lead_lookup import read_leads
from tailrace.store.program_member_query import MemberConditions, find_members
from tailrace.store.tables import subscription

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection
    from starlette.responses import Response

    from tailrace.api.parameters import Parameters
    from tailrace.api.route import Call
    from tailrace.domain.assets import Program
    from tailrace.domain.programs import Membership

#: What a range of updatedAt may span.
MAXIMUM_DAYS = 7

_SEARCHABLE = (["leadId"], ["reachedSuccess"], ["statusName"])
_DEFAULT_FIELDS = ("leadId", "reachedSuccess", "programId", "acquiredBy", "membershipDate")


class ProgramMemberRecord(Struct, frozen=True, rename="camel"):
    """A member: the fields that were asked for, else these."""

    #: Its place on the page, from 0.
    seq: int
    lead_id: int
    reached_success: bool
    program_id: int
    acquired_by: bool
    membership_date: str


class LeadMembership(Struct, frozen=True, rename="camel"):
    id: int
    progression_status: str
    progression_status_type: str
    is_exhausted: bool
    acquired_by: bool
    reached_success: bool
    membership_date: str
    updated_at: str
    #: In engagement programs.
    stream: str | UnsetType = UNSET
    nurture_cadence: str | UnsetType = UNSET


class MemberOfProgram(Struct, frozen=True):
    """A lead with the fields that were asked for, and its membership."""

    id: int
    membership: LeadMembership


class MemberDescription(Struct, frozen=True, rename="camel"):
    name: str
    description: str
    created_at: str
    updated_at: str
    dedupe_fields: list[str]
    searchable_fields: list[list[str]]
    fields: list[UpdateableField]


class MemberFields(Struct, frozen=True):
    name: str
    fields: list[UpdateableField]


def members_of_program(call: Call) -> Response:
    """The members that a filter finds, by lead, a page at a time."""
    parameters = call.request.parameters
    wanted = _conditions(parameters)
    names = parameters.pieces("fields") or list(_DEFAULT_FIELDS)
    size, after = batch_size(parameters), last_id_before(parameters)
    with call.application.database.read() as connection:
        program = program_of(connection, call)
        found = find_members(
            connection,
            call.caller.subscription_id,
            program.id,
            wanted,
            after=after,
            limit=size + 1,
        )
        documents = _member_documents(call, connection, program, found[:size], names)
    is_more = len(found) > size
    return success_response(
        call.request_id,
        documents,
        next_page_token=token_after(found[size - 1].lead_id) if is_more else None,
        more_result=is_more,
    )


def leads_of_program(call: Call) -> Response:
    """The leads in a program with their memberships, by lead, a page at a time."""
    parameters, subscription_id = call.request.parameters, call.caller.subscription_id
    catalogue = call.application.subscriptions.lead_fields(subscription_id)
    shown = ShownFields.asked_for(parameters, catalogue)
    size, after = batch_size(parameters), last_id_before(parameters)
    with call.application.database.read() as connection:
        program = program_of(connection, call)
        found = find_members(
            connection, subscription_id, program.id, MemberConditions(), after=after, limit=size + 1
        )
        ids = [one.lead_id for one in found[:size]]
        leads = shown.documents(read_leads(connection, subscription_id, ids, shown.fields))
    documents = [
        document | {"membership": _membership(program, one)}
        for document, one in zip(leads, found[:size], strict=True)
    ]
    token = token_after(ids[-1]) if len(found) > size else None
    return success_response(call.request_id, documents, next_page_token=token)


def describe_members(call: Call) -> Response:
    """The fields that members have, and which find them."""
    query = select(subscription.c.created_at).where(
        subscription.c.id == call.caller.subscription_id
    )
    with call.application.database.read() as connection:
        made_at = format_instant(connection.execute(query).scalar_one())
    description = MemberDescription(
        name="API Program Membership",
        description="Map for API program membership fields",
        created_at=made_at,
        updated_at=made_at,
        dedupe_fields=["leadId", "programId"],
        searchable_fields=list(_SEARCHABLE),
        fields=_described_fields(),
    )
    return success_response(call.request_id, [description])


def describe_members_briefly(call: Call) -> Response:
    """The fields that members have, as the older call tells them."""
    described = MemberFields("API Program Membership", _described_fields())
    return success_response(call.request_id, [described])


def program_of(connection: Connection, call: Call) -> Program:
    """The program that the path names. Raises ObjectNotFoundError."""
    found = find_asset(connection, call.caller.subscription_id, PROGRAMS, program_id(call))
    if found is None:
        raise ObjectNotFoundError
    return found


def program_id(call: Call) -> int:
    """The number in the path. Raises ObjectNotFoundError for what is none."""
    try:
        return id_in_text(call.path_values["programId"])
    except ScalarTypeError as error:
        raise ObjectNotFoundError from error


def _conditions(parameters: Parameters) -> MemberConditions:
    """What `filterType` and its values say."""
    filter_type = parameters.first("filterType")
    if filter_type is None:
        raise MissingParameterError("filterType")
    read = _FILTERS.get(filter_type)
    if read is None:
        raise LookupFieldError(filter_type)
    return read(parameters)


def _filter_values(parameters: Parameters) -> list[str]:
    values = parameters.pieces("filterValues")
    if not values:
        raise MissingParameterError("filterValues")
    if len(values) > MAXIMUM_RECORDS:
        raise TooManyValuesError("filterValues", MAXIMUM_RECORDS)
    return values


def _by_lead(parameters: Parameters) -> MemberConditions:
    _filter_values(parameters)
    return MemberConditions(lead_ids=integers(parameters, "filterValues"))


def _by_status(parameters: Parameters) -> MemberConditions:
    names = [*_filter_values(parameters), *parameters.spellings("filterValues")]
    return MemberConditions(status_names=names)


def _by_success(parameters: Parameters) -> MemberConditions:
    wanted = {parse_boolean(text) for text in _filter_values(parameters)}
    return MemberConditions(reached_success=wanted.pop() if len(wanted) == 1 else None)


def _by_update(parameters: Parameters) -> MemberConditions:
    start, end = (_required_instant(parameters, name) for name in ("startAt", "endAt"))
    if start > end:
        raise ReversedRangeError
    if end - start > timedelta(days=MAXIMUM_DAYS):
        raise RangeTooLongError(MAXIMUM_DAYS)
    return MemberConditions(updated_from=start, updated_until=end)


def _required_instant(parameters: Parameters, name: str) -> datetime:
    text = parameters.first(name)
    if text is None:
        raise MissingParameterError(name)
    return parse_instant(text)


_FILTERS: dict[str, Callable[[Parameters], MemberConditions]] = {
    "leadId": _by_lead,
    "statusName": _by_status,
    "reachedSuccess": _by_success,
    "updatedAt": _by_update,
}


def _member_documents(
    call: Call,
    connection: Connection,
    program: Program,
    found: Sequence[Membership],
    names: Sequence[str],
) -> list[dict[str, object]]:
    """The members with these fields: a member's own, or those of its lead."""
    subscription_id = call.caller.subscription_id
    catalogue = call.application.subscriptions.lead_fields(subscription_id)
    of_lead = [name for name in names if name not in MEMBER_FIELDS_BY_NAME]
    unknown = [name for name in of_lead if catalogue.find(name) is None]
    if unknown:
        raise FieldNotFoundError(unknown[0])
    shown = ShownFields(of_lead, [catalogue[name] for name in of_lead])
    ids = [one.lead_id for one in found]
    leads = (
        shown.documents(read_leads(connection, subscription_id, ids, shown.fields))
        if of_lead
        else [dict[str, object]() for _ in ids]
    )
    documents: list[dict[str, object]] = []
    for place, (one, lead) in enumerate(zip(found, leads, strict=True)):
        values = {**lead, **_member_values(program, one)}
        asked = {name: values.get(name) for name in names}
        documents.append({"seq": place, "leadId": one.lead_id} | asked)
    return documents


def _member_values(program: Program, one: Membership) -> dict[str, object]:
    """What a member's own fields hold; those that are missing hold nothing."""
    reached = one.reached_success_at
    is_engagement = program.type is ProgramType.ENGAGEMENT
    return {
        "leadId": one.lead_id,
        "programId": one.program_id,
        "program": program.name,
        "statusName": one.status_name,
        "acquiredBy": one.acquired_by,
        "reachedSuccess": one.reached_success,
        "reachedSuccessDate": None if reached is None else format_instant(reached),
        "isExhausted": one.is_exhausted,
        "nurtureCadence": "norm" if is_engagement else None,
        "membershipDate": format_instant(one.member_since),
        "createdAt": format_instant(one.member_since),
        "updatedAt": format_instant(one.updated_at),
        **one.data,
    }


def _membership(program: Program, one: Membership) -> LeadMembership:
    is_engagement = program.type is ProgramType.ENGAGEMENT
    return LeadMembership(
        id=one.id,
        progression_status=one.status_name,
        progression_status_type=one.status_name,
        is_exhausted=one.is_exhausted,
        acquired_by=one.acquired_by,
        reached_success=one.reached_success,
        membership_date=format_instant(one.member_since),
        updated_at=format_instant(one.updated_at),
        nurture_cadence="norm" if is_engagement else UNSET,
    )


def _described_fields() -> list[UpdateableField]:
    return [
        UpdateableField(
            name=one.name,
            display_name=one.name,
            data_type=one.data_type,
            updateable=one.is_updateable,
            crm_managed=False,
            length=UNSET if one.length is None else one.length,
        )
        for one in MEMBER_FIELDS
    ]
