"""Members of one program, found and paged by lead (contract section 6.11)."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from tailrace.domain.errors import TooManyMembersError
from tailrace.store.program_members import membership_of
from tailrace.store.tables import program_member

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.programs import Membership

#: More members than this are not paged through by one filter.
MAXIMUM_MEMBERS = 100_000

_LEAST_ID, _LARGEST_ID = -(2**63), 2**63 - 1


@dataclass(frozen=True, slots=True)
class MemberConditions:
    """Which members are wanted: all conditions hold, those that are None do not count."""

    lead_ids: Collection[int] | None = None
    #: In any letter case.
    status_names: Collection[str] | None = None
    reached_success: bool | None = None
    #: Changed in these seconds or between them.
    updated_from: datetime | None = None
    updated_until: datetime | None = None


def find_members(
    connection: Connection,
    subscription_id: SubscriptionId,
    program_id: int,
    wanted: MemberConditions,
    *,
    after: int,
    limit: int,
) -> list[Membership]:
    """The memberships that the conditions hold for, by lead, those after the lead `after`.

    Raises TooManyMembersError where they hold for more than one filter pages through.
    """
    conditions = _conditions(subscription_id, program_id, wanted)
    if wanted != MemberConditions():
        some = select(program_member.c.lead_id).where(*conditions).limit(MAXIMUM_MEMBERS + 1)
        count = connection.execute(select(func.count()).select_from(some.subquery())).scalar_one()
        if count > MAXIMUM_MEMBERS:
            raise TooManyMembersError
    query = (
        select(program_member)
        .where(*conditions, program_member.c.lead_id > after)
        .order_by(program_member.c.lead_id)
        .limit(limit)
    )
    return [membership_of(row) for row in connection.execute(query)]


def _conditions(
    subscription_id: SubscriptionId, program_id: int, wanted: MemberConditions
) -> list[ColumnElement[bool]]:
    columns = program_member.c
    found: list[ColumnElement[bool]] = [
        columns.subscription_id == subscription_id,
        columns.program_id == program_id,
    ]
    if wanted.lead_ids is not None:
        ids = [one for one in wanted.lead_ids if _LEAST_ID <= one <= _LARGEST_ID]
        found.append(columns.lead_id.in_(ids))
    if wanted.status_names is not None:
        names = [name.lower() for name in wanted.status_names]
        found.append(func.lower(columns.status_name).in_(names))
    if wanted.reached_success is not None:
        found.append(columns.reached_success == wanted.reached_success)
    if wanted.updated_from is not None:
        found.append(columns.updated_at >= wanted.updated_from)
    if wanted.updated_until is not None:
        found.append(columns.updated_at < wanted.updated_until + timedelta(seconds=1))
    return found
