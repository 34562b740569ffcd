"""An export job as a value: what it was asked to do, where it is in its life, what it made."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, NewType

from tailrace.domain.permissions import Permission

if TYPE_CHECKING:
    from datetime import datetime

    from tailrace.domain.export_request import ExportRequest
    from tailrace.domain.job_state import JobState

SubscriptionId = NewType("SubscriptionId", int)
ApiUserId = NewType("ApiUserId", int)
#: UUID version 4, lower case, dashed (contract section 3.2).
ExportId = NewType("ExportId", str)


class ObjectFamily(StrEnum):
    """What is extracted; the value is the path segment after `/bulk/v1/` (contract 3.1)."""

    LEADS = "leads"
    ACTIVITIES = "activities"


#: Any one of these lets an API user run the family's exports (contract section 3.1).
FAMILY_PERMISSIONS: dict[ObjectFamily, frozenset[Permission]] = {
    ObjectFamily.LEADS: frozenset({Permission.READ_ONLY_LEAD, Permission.READ_WRITE_LEAD}),
    ObjectFamily.ACTIVITIES: frozenset(
        {Permission.READ_ONLY_ACTIVITY, Permission.READ_WRITE_ACTIVITY}
    ),
}


@dataclass(frozen=True, slots=True)
class ResultFile:
    """What a completed job has published."""

    #: Where the file store keeps it.
    name: str
    size_bytes: int
    #: 64 lower-case hexadecimal digits.
    sha256: str
    #: Data rows, header line excluded.
    row_count: int


@dataclass(frozen=True, slots=True)
class ExportJob:
    export_id: ExportId
    subscription_id: SubscriptionId
    #: Only this API user sees the job (contract section 3.7).
    api_user_id: ApiUserId
    family: ObjectFamily
    request: ExportRequest
    state: JobState
    created_at: datetime
    queued_at: datetime | None
    started_at: datetime | None
    finished_at: datetime | None
    result: ResultFile | None
    #: Why it failed, for its API user.
    failure: str | None
    #: Fencing number of the runner that holds it; grows with every claim.
    fence: int
    #: Claims that were not handed back: what a job that kills its runners is given up by.
    attempts: int
    #: When it last went from one state to another.
    state_changed_at: datetime
