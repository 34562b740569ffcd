"""Routes of the members of programs (contract sections 6.11, 6.12 and 7.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api import program_member_changes, program_member_endpoints
from tailrace.api.program_member_changes import (
    LeadStatusOutcome,
    LeadStatusRequest,
    MemberDataRequest,
    MemberDeleteRequest,
    MemberOutcomeRecord,
    MemberStatusRequest,
)
from tailrace.api.program_member_endpoints import (
    MemberDescription,
    MemberFields,
    MemberOfProgram,
    ProgramMemberRecord,
)
from tailrace.api.route import BodyRule, Operation, QueryParameter, Route
from tailrace.domain.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call

_READ = frozenset({Permission.READ_ONLY_LEAD, Permission.READ_WRITE_LEAD})
_WRITE = frozenset({Permission.READ_WRITE_LEAD})

_FIELDS = QueryParameter("fields", "What is told of each, by REST name, comma separated.")
_PAGED = ("batchSize", "nextPageToken")


def program_routes() -> tuple[Route, ...]:
    """Members of programs: looked at, then changed."""
    return (*_look_ups(), *_changes())


def _look_ups() -> tuple[Route, ...]:
    endpoints = program_member_endpoints
    filters = (
        QueryParameter(
            "filterType",
            "`leadId`, `statusName`, `reachedSuccess` or `updatedAt`.",
            is_required=True,
        ),
        QueryParameter("filterValues", "What to look for, comma separated, at most 300 values."),
        QueryParameter("startAt", "With `updatedAt`: first second of at most 7 days."),
        QueryParameter("endAt", "With `updatedAt`: last second, inclusive."),
    )
    return (
        _look_up(
            "/rest/v1/programs/members/describe.json",
            endpoints.describe_members,
            "describeProgramMembers",
            "Describe the members of programs",
            MemberDescription,
        ),
        _look_up(
            "/rest/v1/program/members/describe.json",
            endpoints.describe_members_briefly,
            "describeProgramMembersBriefly",
            "Describe the members of programs, without how they are found",
            MemberFields,
        ),
        _look_up(
            "/rest/v1/programs/{programId}/members.json",
            endpoints.members_of_program,
            "getProgramMembers",
            "Find the members of a program",
            ProgramMemberRecord,
            (*filters, _FIELDS),
            _PAGED,
        ),
        _look_up(
            "/rest/v1/leads/programs/{programId}.json",
            endpoints.leads_of_program,
            "getLeadsByProgramId",
            "List the leads in a program",
            MemberOfProgram,
            (_FIELDS,),
            _PAGED,
        ),
    )


def _changes() -> tuple[Route, ...]:
    endpoints = program_member_changes
    return (
        _change(
            "/rest/v1/programs/{programId}/members/status.json",
            endpoints.change_status,
            "syncProgramMemberStatus",
            "Move leads to a status of a program",
            MemberOutcomeRecord,
            MemberStatusRequest,
        ),
        _change(
            "/rest/v1/programs/{programId}/members.json",
            endpoints.change_data,
            "syncProgramMemberData",
            "Change the values of members",
            MemberOutcomeRecord,
            MemberDataRequest,
        ),
        _change(
            "/rest/v1/programs/{programId}/members/delete.json",
            endpoints.delete_members,
            "deleteProgramMembers",
            "Take leads out of a program",
            MemberOutcomeRecord,
            MemberDeleteRequest,
        ),
        _change(
            "/rest/v1/leads/programs/{programId}/status.json",
            endpoints.change_lead_status,
            "changeLeadProgramStatus",
            "Move members to a status of a program",
            LeadStatusOutcome,
            LeadStatusRequest,
        ),
    )


def _look_up(
    path: str,
    endpoint: Callable[[Call], Reply],
    stem: str,
    summary: str,
    item: type[Struct],
    query: tuple[QueryParameter, ...] = (),
    parameters: tuple[str, ...] = (),
) -> Route:
    return Route(
        path=path,
        methods=("GET",),
        endpoint=endpoint,
        permissions=_READ,
        body_rule=BodyRule.IGNORED,
        operation=Operation(
            id_stem=stem,
            tag="Program Members",
            summary=summary,
            description=f"{summary}.",
            item=item,
            query=query,
            parameters=parameters,
        ),
    )


def _change(
    path: str,
    endpoint: Callable[[Call], Reply],
    stem: str,
    summary: str,
    item: type[Struct],
    body: type[Struct],
) -> Route:
    return Route(
        path=path,
        methods=("POST",),
        endpoint=endpoint,
        permissions=_WRITE,
        body_rule=BodyRule.JSON,
        operation=Operation(
            id_stem=stem,
            tag="Program Members",
            summary=summary,
            description=f"{summary}: one outcome a record, in the order of the input.",
            item=item,
            body_schema=body,
        ),
    )
