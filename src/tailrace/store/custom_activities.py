"""Custom activities of leads that exist, told to the log (contract section 7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import select

from tailrace.store.hot_activities import NewActivity, record_activities
from tailrace.store.tables import lead

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from tailrace.domain.activity_writing import CustomActivity
    from tailrace.domain.export_job import SubscriptionId


def record_custom_activities(
    connection: Connection, subscription_id: SubscriptionId, activities: Sequence[CustomActivity]
) -> list[int | None]:
    """Record at most 300 activities; the GUID of each, None where there is no such lead."""
    ids = {one.lead_id for one in activities}
    found = select(lead.c.id).where(lead.c.subscription_id == subscription_id, lead.c.id.in_(ids))
    existing = set(connection.execute(found).scalars())
    new = [
        NewActivity(
            lead_id=one.lead_id,
            type_id=one.type_id,
            at=one.at,
            attributes=one.attributes,
            primary_value=one.primary_value,
        )
        for one in activities
        if one.lead_id in existing
    ]
    guids = iter(record_activities(connection, subscription_id, new))
    return [next(guids) if one.lead_id in existing else None for one in activities]
