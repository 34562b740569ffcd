"""Channels, and how a lead moves through the statuses of a program (contract section 7.6).

Theory of operation: a program's channel has statuses in steps. A member goes to a status of the
same or a later step; to its own status or an earlier one it is skipped. Whoever is no member is
at step 0, `Not in Program`. A member that reached success once has reached it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import msgspec

from tailrace.domain.errors import LeadPastStatusError, ProgramStatusNotFoundError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

NOT_IN_PROGRAM = "Not in Program"


class ProgressionStatus(msgspec.Struct, frozen=True, omit_defaults=True):
    name: str
    #: Statuses are gone through by ascending step.
    step: int
    description: str | None = None
    hidden: bool = False
    #: Whether a member in it has done what the program is for.
    success: bool = False
    #: `New Status ID` of activities; 0 where it was never numbered.
    id: int = 0


@dataclass(frozen=True, slots=True)
class Channel:
    """A kind of program."""

    id: int
    name: str
    description: str | None
    #: `program`, `event`, `nurture` or `email`.
    applicable_program_type: str
    #: By step; the first is that of leads that are not in the program.
    statuses: tuple[ProgressionStatus, ...]
    created_at: datetime
    updated_at: datetime


APPLICABLE_PROGRAM_TYPES = ("program", "event", "nurture", "email")

#: What members of a program go through whose channel says nothing.
DEFAULT_STATUSES = (
    ProgressionStatus(NOT_IN_PROGRAM, 0, id=1),
    ProgressionStatus("Member", 10, id=2),
    ProgressionStatus("Influenced", 20, success=True, id=3),
)


def _statuses(*names: str, successes: int = 1) -> tuple[ProgressionStatus, ...]:
    """Statuses ten steps apart, the last ones of which are a success."""
    every = (NOT_IN_PROGRAM, *names)
    first_success = len(every) - successes
    return tuple(
        ProgressionStatus(name, place * 10, success=place >= first_success)
        for place, name in enumerate(every)
    )


@dataclass(frozen=True, slots=True)
class StandardChannel:
    """A channel that is made when the first program wants it."""

    applicable_program_type: str
    statuses: tuple[ProgressionStatus, ...]


#: Channels that a new subscription of the original has too.
STANDARD_CHANNELS: dict[str, StandardChannel] = {
    "Blog": StandardChannel("program", _statuses("Influenced")),
    "Content": StandardChannel("program", _statuses("Engaged")),
    "Email Blast": StandardChannel("program", _statuses("Sent", "Opened", "Influenced")),
    "Email Send": StandardChannel("email", _statuses("Sent", "Opened", "Influenced")),
    "Live Event": StandardChannel(
        "event", _statuses("Invited", "Registered", "No Show", "Attended")
    ),
    "Nurture": StandardChannel("nurture", _statuses("Member", "Engaged")),
    "Online Advertising": StandardChannel("program", _statuses("Member", "Influenced")),
    "Operational": StandardChannel("program", _statuses("Member")),
    "Trade Show": StandardChannel("event", _statuses("Invited", "Visited Booth", "Influenced")),
    "Web Content": StandardChannel("program", _statuses("Visited", "Influenced")),
    "Web Request": StandardChannel("program", _statuses("Filled Out Form")),
    "Webinar": StandardChannel(
        "event", _statuses("Invited", "Registered", "No Show", "Attended", "Attended On-demand",
                           successes=2)
    ),
}  # fmt: skip


def find_status(statuses: tuple[ProgressionStatus, ...], name: str) -> ProgressionStatus:
    """The status of this name in any letter case. Raises ProgramStatusNotFoundError."""
    folded = name.strip().casefold()
    for status in statuses:
        if status.name.casefold() == folded:
            return status
    raise ProgramStatusNotFoundError


def first_status(statuses: tuple[ProgressionStatus, ...]) -> ProgressionStatus:
    """Where a lead is that is not in the program."""
    return min(statuses, key=lambda status: status.step)


@dataclass(frozen=True, slots=True)
class Membership:
    """A lead in a program."""

    #: The membership's own id.
    id: int
    program_id: int
    lead_id: int
    status_name: str
    reached_success: bool
    reached_success_at: datetime | None
    #: Whether the program brought the lead in.
    acquired_by: bool
    is_exhausted: bool
    member_since: datetime
    updated_at: datetime
    #: Values of the fields that members have of their own, by API name.
    data: Mapping[str, str]


def status_of(membership: Membership, statuses: tuple[ProgressionStatus, ...]) -> ProgressionStatus:
    """The status that a member is in, also one that its channel has lost since."""
    for status in statuses:
        if status.name == membership.status_name:
            return status
    return ProgressionStatus(membership.status_name, 0)


def check_progress(current: ProgressionStatus, wanted: ProgressionStatus) -> None:
    """Raises LeadPastStatusError unless a lead in `current` may go to `wanted`."""
    if wanted.name == current.name or wanted.step < current.step:
        raise LeadPastStatusError


def moved_to(membership: Membership, status: ProgressionStatus, at: datetime) -> Membership:
    """The membership in another status from `at` on."""
    is_first_success = status.success and not membership.reached_success
    return replace(
        membership,
        status_name=status.name,
        reached_success=membership.reached_success or status.success,
        reached_success_at=at if is_first_success else membership.reached_success_at,
        updated_at=at,
    )


class MemberField(msgspec.Struct, frozen=True):
    """A field that members of programs have beside those of their lead (contract section 6.12)."""

    name: str
    data_type: str
    length: int | None = None
    is_updateable: bool = False


MEMBER_FIELDS: tuple[MemberField, ...] = (
    MemberField("acquiredBy", "boolean"),
    MemberField("attendanceLikelihood", "integer"),
    MemberField("createdAt", "datetime"),
    MemberField("isExhausted", "boolean"),
    MemberField("leadId", "integer"),
    MemberField("membershipDate", "datetime"),
    MemberField("nurtureCadence", "string", 4),
    MemberField("program", "string", 255),
    MemberField("programId", "integer"),
    MemberField("reachedSuccess", "boolean"),
    MemberField("reachedSuccessDate", "datetime"),
    MemberField("registrationLikelihood", "integer"),
    MemberField("statusName", "string", 255),
    MemberField("statusReason", "string", 255),
    MemberField("trackName", "string", 255),
    MemberField("updatedAt", "datetime"),
    MemberField("waitlistPriority", "integer"),
    MemberField("registrationCode", "string", 100, is_updateable=True),
    MemberField("webinarUrl", "string", 2000, is_updateable=True),
)

MEMBER_FIELDS_BY_NAME: dict[str, MemberField] = {field.name: field for field in MEMBER_FIELDS}
