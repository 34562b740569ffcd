"""Activities as they happen: rows beside the change that caused them, until they are in the lake.

Theory of operation: an activity is written in the transaction of the change that it tells of, and
given its GUID there. Writers take turns, so the order of GUIDs is the order of commits: whoever
sees one GUID can see all smaller ones, and settling moves everything up to one GUID.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import msgspec

from tailrace.domain.lead_values import clean_text
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.tables import hot_activity

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId

    #: The value of an attribute, typed as its activity type declares.
    AttributeValue = str | int | float | bool | None

_COLUMNS = (
    "subscription_id",
    "guid",
    "lead_id",
    "activity_date",
    "activity_type_id",
    "campaign_id",
    "primary_value_id",
    "primary_value",
    "attributes",
    "action_result",
)
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class NewActivity:
    """Something that happened to a lead, before it has a GUID."""

    lead_id: int
    type_id: int
    #: When it happened; kept to the second.
    at: datetime
    #: By display name; members without a value are left out of the log.
    attributes: Mapping[str, AttributeValue] = field(default_factory=dict[str, "AttributeValue"])
    primary_value_id: int | None = None
    primary_value: str | None = None
    campaign_id: int | None = None
    #: `succeeded`, `skipped`, `failed`, or None.
    action_result: str | None = None


def record_activities(
    connection: Connection, subscription_id: SubscriptionId, activities: Sequence[NewActivity]
) -> range:
    """Write the activities within the caller's transaction; returns their GUIDs, in their order."""
    if not activities:
        return range(0)
    first = take_numbers(connection, subscription_id, SequenceKind.ACTIVITY, len(activities))
    guids = range(first, first + len(activities))
    rows = [
        (
            subscription_id,
            guid,
            one.lead_id,
            _microseconds(one.at),
            one.type_id,
            one.campaign_id,
            one.primary_value_id,
            clean_text(one.primary_value or "") or None,
            attributes_document(one.attributes),
            one.action_result,
        )
        for guid, one in zip(guids, activities, strict=True)
    ]
    insert_rows(connection, hot_activity, _COLUMNS, rows)
    return guids


def attributes_document(attributes: Mapping[str, AttributeValue]) -> str:
    """The compact JSON object that the log keeps (contract section 4)."""
    cleaned = (
        (name, clean_text(value) if isinstance(value, str) else value)
        for name, value in attributes.items()
    )
    kept = {name: value for name, value in cleaned if value is not None and value != ""}
    return msgspec.json.encode(kept).decode()


def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1) * 1_000_000
