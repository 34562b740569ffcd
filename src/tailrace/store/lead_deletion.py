"""Deleting leads: with their memberships, and told to the log (contract section 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, select

from tailrace.store.hot_activities import NewActivity, record_activities
from tailrace.store.lead_activities import DELETE_LEAD
from tailrace.store.lead_lookup import VALUES_PER_QUERY
from tailrace.store.sequences import SequenceKind, pass_number
from tailrace.store.tables import lead, program_member, static_list_member

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId


def delete_leads(
    connection: Connection, subscription_id: SubscriptionId, ids: Collection[int], at: datetime
) -> set[int]:
    """Delete those of the leads that exist, and return their ids."""
    wanted = sorted(set(ids))
    names: dict[int, str | None] = {}
    for start in range(0, len(wanted), VALUES_PER_QUERY):
        some = wanted[start : start + VALUES_PER_QUERY]
        query = select(lead.c.id, lead.c.mktoName).where(
            lead.c.subscription_id == subscription_id, lead.c.id.in_(some)
        )
        names |= {row.id: row.mktoName for row in connection.execute(query)}
        for table, column in (
            (static_list_member, static_list_member.c.lead_id),
            (program_member, program_member.c.lead_id),
            (lead, lead.c.id),
        ):
            connection.execute(
                delete(table).where(table.c.subscription_id == subscription_id, column.in_(some))
            )
    if names:
        # The largest id of all may be among them: it is not given out again.
        pass_number(connection, subscription_id, SequenceKind.LEAD, max(names))
    activities = [
        NewActivity(
            lead_id=lead_id,
            type_id=DELETE_LEAD,
            at=at,
            primary_value_id=lead_id,
            primary_value=names[lead_id],
        )
        for lead_id in dict.fromkeys(ids)
        if lead_id in names
    ]
    record_activities(connection, subscription_id, activities)
    return set(names)
