"""Activities as they happen: rows beside the change that caused them, until they are in the lake.

Theory of operation: an activity is written in the transaction of the change that it tells of, and
given its GUID there. Writers take turns, so the order of GUIDs is the order of commits: whoever
sees one GUID can see all smaller ones, and settling moves everything up to one GUID.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import TYPE_CHECKING, Any, cast

import msgspec
from sqlalchemy import BigInteger, delete, func, or_, select, tuple_, type_coerce

from tailrace.domain.activity_types import CHANGE_DATA_VALUE
from tailrace.domain.lead_values import clean_text
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.tables import hot_activity

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, Row, Select

    from tailrace.domain.activity_paging import ActivityPosition, ActivitySelection
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.bulk_insert import PlainValue

    #: The value of an attribute, typed as its activity type declares.
    AttributeValue = str | int | float | bool | None
    #: Values of `HOT_COLUMNS`.
    HotRow = tuple[int, int, int, int, int | None, int | None, str | None, str, str | None]

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


# No dataclass, as nothing that is made for each row of a batch: that takes four times as long.
class NewActivity(msgspec.Struct, frozen=True):
    """Something that happened to a lead, before it has a GUID."""

    lead_id: int
    type_id: int
    #: When it happened; kept to the second.
    at: datetime
    #: By display name; members without a value are left out of the log.
    attributes: Mapping[str, AttributeValue] = msgspec.field(
        default_factory=dict[str, "AttributeValue"]
    )
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
    guids = take_guids(connection, subscription_id, len(activities))
    # Activities of one call often share their attributes, and always their moment.
    shared = {id(one.attributes): one.attributes for one in activities}
    documents = {key: attributes_document(one) for key, one in shared.items()}
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
            documents[id(one.attributes)],
            one.action_result,
        )
        for guid, one in zip(guids, activities, strict=True)
    ]
    insert_hot_rows(connection, rows)
    return guids


def take_guids(connection: Connection, subscription_id: SubscriptionId, count: int) -> range:
    """GUIDs for so many activities that the caller's transaction writes."""
    if count == 0:
        return range(0)
    first = take_numbers(connection, subscription_id, SequenceKind.ACTIVITY, count)
    return range(first, first + count)


def insert_hot_rows(connection: Connection, rows: Sequence[Sequence[PlainValue]]) -> None:
    """Rows as they rest: the subscription, then the columns of the lake, dates in microseconds."""
    insert_rows(connection, hot_activity, _COLUMNS, rows)


def attributes_document(attributes: Mapping[str, AttributeValue]) -> str:
    """The compact JSON object that the log keeps (contract section 4)."""
    cleaned = (
        (name, clean_text(value) if isinstance(value, str) else value)
        for name, value in attributes.items()
    )
    kept = {name: value for name, value in cleaned if value is not None and value != ""}
    return msgspec.json.encode(kept).decode()


@lru_cache(maxsize=64)
def _microseconds(at: datetime) -> int:
    return (at - _EPOCH) // timedelta(seconds=1) * 1_000_000


#: What a hot row is read as: the columns of the lake in their order, the date in microseconds.
HOT_COLUMNS: tuple[ColumnElement[Any], ...] = (
    hot_activity.c.guid,
    hot_activity.c.lead_id,
    type_coerce(hot_activity.c.activity_date, BigInteger),
    hot_activity.c.activity_type_id,
    hot_activity.c.campaign_id,
    hot_activity.c.primary_value_id,
    hot_activity.c.primary_value,
    hot_activity.c.attributes,
    hot_activity.c.action_result,
)


@dataclass(frozen=True, slots=True)
class HotRange:
    """The GUIDs that hot activities of a subscription have."""

    least: int
    largest: int

    @property
    def most_rows(self) -> int:
        """No less than the number of hot activities: numbers may be missing in between."""
        return self.largest - self.least + 1


def _of(subscription_id: SubscriptionId, *conditions: ColumnElement[bool]) -> Select[Any]:
    return select(*HOT_COLUMNS).where(
        hot_activity.c.subscription_id == subscription_id, *conditions
    )


def hot_range(connection: Connection, subscription_id: SubscriptionId) -> HotRange | None:
    """Where the hot activities lie; None when there are none."""
    guid = hot_activity.c.guid
    own = select(guid).where(hot_activity.c.subscription_id == subscription_id).limit(1)
    # Each end alone is one step into the index; asked for together, every row is read.
    least = connection.execute(own.order_by(guid)).scalar()
    largest = connection.execute(own.order_by(guid.desc())).scalar()
    return None if least is None or largest is None else HotRange(least, largest)


def earliest_hot_second(connection: Connection, subscription_id: SubscriptionId) -> int | None:
    """Second of the hot activity with the earliest date; None when there is none."""
    date = type_coerce(hot_activity.c.activity_date, BigInteger)
    own = select(date).where(hot_activity.c.subscription_id == subscription_id)
    earliest = connection.execute(own.order_by(date).limit(1)).scalar()
    return None if earliest is None else earliest // 1_000_000


def hot_rows(
    connection: Connection, subscription_id: SubscriptionId, guids: range, *, limit: int
) -> Sequence[Row[Any]]:
    """The first hot activities with these GUIDs, in their order, as `HOT_COLUMNS`."""
    guid = hot_activity.c.guid
    rows = _of(subscription_id, guid >= guids.start, guid < guids.stop)
    return connection.execute(rows.order_by(guid).limit(limit)).all()


def delete_hot_rows(connection: Connection, subscription_id: SubscriptionId, up_to: int) -> None:
    """Forget the hot activities up to this GUID, which the lake holds by now."""
    connection.execute(
        delete(hot_activity).where(
            hot_activity.c.subscription_id == subscription_id, hot_activity.c.guid <= up_to
        )
    )


def hot_count_by_type(
    connection: Connection, subscription_id: SubscriptionId, *, above: int
) -> dict[int, int]:
    """Number of hot activities of each type, those above a GUID."""
    type_id = hot_activity.c.activity_type_id
    rows = connection.execute(
        select(type_id, func.count())
        .where(hot_activity.c.subscription_id == subscription_id, hot_activity.c.guid > above)
        .group_by(type_id)
    )
    return {row[0]: row[1] for row in rows}


def hot_page(
    connection: Connection,
    subscription_id: SubscriptionId,
    wanted: ActivitySelection,
    after: ActivityPosition,
    *,
    last_second: int,
    limit: int,
) -> Sequence[HotRow]:
    """The first wanted hot activities behind a position that are not later than `last_second`."""
    date = type_coerce(hot_activity.c.activity_date, BigInteger)
    page = _of(
        subscription_id,
        tuple_(date, hot_activity.c.guid) > tuple_(after.second * 1_000_000, after.guid),
        date <= last_second * 1_000_000,
        *_conditions(wanted),
    )
    found = connection.execute(page.order_by(date, hot_activity.c.guid).limit(limit)).all()
    return cast("Sequence[HotRow]", found)


def _conditions(wanted: ActivitySelection) -> Iterator[ColumnElement[bool]]:
    columns = hot_activity.c
    yield columns.activity_type_id.in_(wanted.type_ids)
    if wanted.lead_ids is not None:
        yield columns.lead_id.in_(wanted.lead_ids)
    if wanted.primary_value_ids is not None:
        yield columns.primary_value_id.in_(wanted.primary_value_ids)
    if wanted.changed_fields is not None:
        yield or_(
            columns.activity_type_id != CHANGE_DATA_VALUE,
            columns.primary_value_id.in_(wanted.changed_fields.ids),
            columns.primary_value.in_(wanted.changed_fields.names),
        )
