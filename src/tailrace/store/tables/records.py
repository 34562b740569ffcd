"""Leads, their fields, and the activities that are not in the lake yet."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    false,
)

from tailrace.domain.lead_fields import Storage, standard_lead_fields
from tailrace.domain.lead_lookup import STANDARD_LOOKUP_FIELDS
from tailrace.store.dialects.expressions import lookup_key
from tailrace.store.tables.base import TEXT, WHOLE_NUMBER, Microseconds, metadata, short_text

if TYPE_CHECKING:
    from sqlalchemy.types import TypeEngine

_LEAD_COLUMN_TYPES: dict[Storage, TypeEngine[Any]] = {
    Storage.INTEGER: BigInteger(),
    Storage.BOOLEAN: Boolean(create_constraint=False),
}


def _lead_columns() -> list[Column[Any]]:
    """One column a standard field, under the field's own REST name."""
    own = {"id", "createdAt", "updatedAt"}
    return [
        Column(field.name, _LEAD_COLUMN_TYPES.get(field.data_type.storage, TEXT))
        for field in standard_lead_fields()
        if field.name not in own
    ]


lead = Table(
    "lead",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("createdAt", short_text(20), nullable=False),
    #: The visible one: moves with standard fields only.
    Column("updatedAt", short_text(20), nullable=False),
    #: The watermark of the updatedAt filter: moves with any field (contract section 5.1).
    Column("changed_at", short_text(20), nullable=False),
    #: JSON object of the subscription's own fields, by REST name; fields without a value are absent.
    Column("custom", TEXT, nullable=False),
    *_lead_columns(),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)
Index("ix_lead_created", lead.c.subscription_id, lead.c.createdAt, lead.c.id)
Index("ix_lead_changed", lead.c.subscription_id, lead.c.changed_at, lead.c.id)
#: An address names the same lead in any letter case.
Index("ix_lead_email", lead.c.subscription_id, lookup_key(lead.c.email))
#: The other standard fields that leads are looked up by; most leads have none of them.
for _name in STANDARD_LOOKUP_FIELDS:
    if _name not in {"id", "email", "leadPartitionId"}:
        Index(
            f"ix_lead_{_name}",
            lead.c.subscription_id,
            lookup_key(lead.c[_name]),
            sqlite_where=lead.c[_name].is_not(None),
            postgresql_where=lead.c[_name].is_not(None),
        )

lead_field = Table(
    "lead_field",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("id", WHOLE_NUMBER, primary_key=True),
    Column("name", short_text(255), nullable=False),
    #: Field names are unique whatever their case.
    Column("lower_name", short_text(255), nullable=False),
    Column("display_name", short_text(255), nullable=False),
    Column("data_type", short_text(16), nullable=False),
    Column("length", WHOLE_NUMBER),
    Column("description", TEXT),
    #: Whether it was made through the API, not by an administrator.
    Column(
        "is_api_created", Boolean(create_constraint=False), nullable=False, server_default=false()
    ),
    Column("is_hidden", Boolean(create_constraint=False), nullable=False, server_default=false()),
    Column(
        "is_sensitive", Boolean(create_constraint=False), nullable=False, server_default=false()
    ),
    UniqueConstraint("subscription_id", "lower_name"),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: Types of the subscription's own; the standard ones come with the program.
activity_type = Table(
    "activity_type",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("id", WHOLE_NUMBER, primary_key=True),
    #: JSON of `domain.activity_types.ActivityType` as approved; NULL before its first approval.
    Column("definition", TEXT),
    #: The same as it shall be after the next approval; NULL where nothing waits for one.
    Column("draft", TEXT),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: Activities that are not in the lake yet. A GUID is given in the transaction that writes the row,
#: so the order of GUIDs is the order of commits, and `settle` moves all up to one GUID.
hot_activity = Table(
    "hot_activity",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("guid", BigInteger, primary_key=True),
    Column("lead_id", BigInteger, nullable=False),
    Column("activity_date", Microseconds, nullable=False),
    Column("activity_type_id", WHOLE_NUMBER, nullable=False),
    Column("campaign_id", BigInteger),
    Column("primary_value_id", BigInteger),
    Column("primary_value", TEXT),
    #: Compact canonical JSON object, as it rests in the lake.
    Column("attributes", TEXT, nullable=False),
    Column("action_result", short_text(16)),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: Pages of activities are in this order.
Index(
    "ix_hot_activity_date",
    hot_activity.c.subscription_id,
    hot_activity.c.activity_date,
    hot_activity.c.guid,
)

#: Batches taken in with an idempotency key: the same key gets the same answer.
ingested_batch = Table(
    "ingested_batch",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("idempotency_key", short_text(255), primary_key=True),
    #: Of the body: another body under the same key is a mistake.
    Column("sha256", short_text(64), nullable=False),
    #: JSON of what was answered.
    Column("answer", TEXT, nullable=False),
    Column("created_at", Microseconds, nullable=False, index=True),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: The next free number of each kind within a subscription: leads, activities, lists …
sequence = Table(
    "sequence",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("kind", short_text(32), primary_key=True),
    Column("next_value", BigInteger, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: Files that were loaded, by their content, so that a second load finds the numbers that the
#: first gave to rows without their own.
loaded_file = Table(
    "loaded_file",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("kind", short_text(16), primary_key=True),
    Column("sha256", short_text(64), primary_key=True),
    #: First of the numbers reserved for the file's rows: row n has first + n.
    Column("first_number", BigInteger, nullable=False),
    #: Set once every row was loaded and none rejected.
    Column("completed_at", Microseconds),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)
