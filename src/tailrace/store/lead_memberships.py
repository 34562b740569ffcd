"""What one lead is a member of: static lists and programs, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import select

from tailrace.store.tables import lead, program_member, static_list_member

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from tailrace.domain.export_job import SubscriptionId


@dataclass(frozen=True, slots=True)
class ListMembership:
    list_id: int
    added_at: datetime


def has_lead(connection: Connection, subscription_id: SubscriptionId, lead_id: int) -> bool:
    query = select(lead.c.id).where(lead.c.subscription_id == subscription_id, lead.c.id == lead_id)
    return connection.execute(query).first() is not None


def list_memberships(
    connection: Connection, subscription_id: SubscriptionId, lead_id: int, after: int, limit: int
) -> list[ListMembership]:
    """The lists that the lead is in, by id, those after the list `after`."""
    member = static_list_member.c
    query = (
        select(member.list_id, member.added_at)
        .where(
            member.subscription_id == subscription_id,
            member.lead_id == lead_id,
            member.list_id > after,
        )
        .order_by(member.list_id)
        .limit(limit)
    )
    return [ListMembership(row.list_id, row.added_at) for row in connection.execute(query)]


def program_memberships(
    connection: Connection, subscription_id: SubscriptionId, lead_id: int, after: int, limit: int
) -> list[Row[Any]]:
    """The rows of program_member of the lead, by program, those after the program `after`."""
    member = program_member.c
    query = (
        select(program_member)
        .where(
            member.subscription_id == subscription_id,
            member.lead_id == lead_id,
            member.program_id > after,
        )
        .order_by(member.program_id)
        .limit(limit)
    )
    return list(connection.execute(query))
