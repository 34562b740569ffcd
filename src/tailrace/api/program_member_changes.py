"""Members of programs, changed: statuses, values, out of the program (contract section 7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from tailrace.api.envelope import success_response
from tailrace.api.lead_write_endpoints import WEB_SERVICE
from tailrace.api.program_member_endpoints import program_id
from tailrace.api.record_outcomes import reason_document
from tailrace.api.request import decode_json
from tailrace.domain.member_request import (
    named_leads,
    parse_data_request,
    parse_status_request,
)
from tailrace.store.program_members import Roster
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection
    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.store.program_members import MemberOutcome


class MemberLead(Struct, rename="camel"):
    lead_id: int


class MemberStatusRequest(Struct, rename="camel"):
    #: Name of a status of the program's channel.
    status_name: str
    #: At most 300.
    input: list[MemberLead]


class MemberData(Struct, rename="camel", omit_defaults=True):
    lead_id: int
    registration_code: str | None = None
    webinar_url: str | None = None


class MemberDataRequest(Struct):
    #: At most 300; `null` clears a field.
    input: list[MemberData]


class MemberDeleteRequest(Struct):
    #: At most 300.
    input: list[MemberLead]


class StatusLead(Struct):
    id: int


class LeadStatusRequest(Struct):
    #: Name of a status of the program's channel.
    status: str
    #: At most 300, members already.
    input: list[StatusLead]


class MemberOutcomeRecord(Struct, frozen=True, rename="camel"):
    #: Place of the record in the input, from 0.
    seq: int
    #: `created`, `updated`, `deleted` or `skipped`.
    status: str
    lead_id: int | UnsetType = UNSET
    #: Why it was skipped.
    reasons: list[dict[str, str]] | UnsetType = UNSET


class LeadStatusOutcome(Struct, frozen=True):
    id: int | UnsetType
    #: The member's status from now on, or `skipped`.
    status: str
    #: Why it was skipped.
    reasons: list[dict[str, str]] | UnsetType = UNSET


def change_status(call: Call) -> Response:
    """Leads moved to a status; those that are no members join."""
    request = parse_status_request(
        decode_json(call.request.body), status_member="statusName", id_member="leadId"
    )
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        outcomes = _roster(call, connection).change_status(
            request.leads,
            request.status_name,
            at=call.application.clock(),
            source=WEB_SERVICE,
            may_join=True,
        )
    return _response(call, outcomes, "updated")


def change_data(call: Call) -> Response:
    """Members given new values of the fields that are theirs."""
    records = parse_data_request(decode_json(call.request.body))
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        outcomes = _roster(call, connection).change_data(
            records, at=call.application.clock(), source=WEB_SERVICE
        )
    return _response(call, outcomes, "updated")


def delete_members(call: Call) -> Response:
    """Leads taken out of the program."""
    leads = named_leads(decode_json(call.request.body))
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        outcomes = _roster(call, connection).remove(
            leads, at=call.application.clock(), source=WEB_SERVICE
        )
    return _response(call, outcomes, "deleted")


def change_lead_status(call: Call) -> Response:
    """Members moved to a status, as the older call has it: nobody joins."""
    request = parse_status_request(
        decode_json(call.request.body), status_member="status", id_member="id"
    )
    with call.application.database.write(records_of(call.caller.subscription_id)) as connection:
        roster = _roster(call, connection)
        outcomes = roster.change_status(
            request.leads,
            request.status_name,
            at=call.application.clock(),
            source=WEB_SERVICE,
            may_join=False,
        )
        status = roster.status_named(request.status_name)
    return success_response(call.request_id, [_lead_outcome(one, status) for one in outcomes])


def _roster(call: Call, connection: Connection) -> Roster:
    return Roster(connection, call.caller.subscription_id, program_id(call))


def _response(call: Call, outcomes: Sequence[MemberOutcome], applied: str) -> Response:
    return success_response(
        call.request_id, [_outcome(place, one, applied) for place, one in enumerate(outcomes)]
    )


def _outcome(place: int, one: MemberOutcome, applied: str) -> MemberOutcomeRecord:
    lead_id = UNSET if one.lead_id is None else one.lead_id
    if one.error is not None:
        return MemberOutcomeRecord(place, "skipped", lead_id, [reason_document(one.error)])
    return MemberOutcomeRecord(place, "created" if one.is_created else applied, lead_id)


def _lead_outcome(one: MemberOutcome, status: str) -> LeadStatusOutcome:
    lead_id = UNSET if one.lead_id is None else one.lead_id
    if one.error is not None:
        return LeadStatusOutcome(lead_id, "skipped", [reason_document(one.error)])
    return LeadStatusOutcome(lead_id, status)
