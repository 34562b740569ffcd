"""Leads found by the values of a lookup field, each kind of field through an index.

Theory of operation: standard lookup fields have indexes of the table's own. A field of the
subscription's own lives in the leads' custom documents; the first look-up by it builds an index
over that member, in one pass over all leads, and later ones take the same path as by address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import DDL, bindparam, select, text

from tailrace.domain.errors import TooManyMatchesError
from tailrace.domain.lead_fields import Storage
from tailrace.domain.lead_lookup import PARTITION_ID
from tailrace.domain.lead_values import StoredValue
from tailrace.store.tables import lead

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import BindParameter, ColumnElement, Connection, RowMapping

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_fields import LeadField

#: Values of one IN list: below the parameter limit of every database.
VALUES_PER_QUERY = 500

#: More leads than this are not handed out for one filter (contract section 6.5).
MAXIMUM_MATCHES = 1000


def matching_ids(
    connection: Connection,
    subscription_id: SubscriptionId,
    field: LeadField,
    values: Sequence[StoredValue],
) -> list[int]:
    """Ids of the leads that have one of `values`, in order. Raises TooManyMatchesError."""
    found: set[int] = set()
    for condition in lookup_conditions(field, values):
        query = (
            select(lead.c.id)
            .where(lead.c.subscription_id == subscription_id, condition)
            .limit(MAXIMUM_MATCHES + 1)
        )
        found.update(connection.execute(query).scalars())
        if len(found) > MAXIMUM_MATCHES:
            raise TooManyMatchesError
    return sorted(found)


def read_leads(
    connection: Connection,
    subscription_id: SubscriptionId,
    ids: Sequence[int],
    fields: Sequence[LeadField],
) -> list[list[StoredValue | None]]:
    """What the leads of these ids hold in these fields, in the order of ids; unknown ids are left
    out.
    """
    columns = [lead.c.id, *(lead.c[one.name] for one in fields if not one.is_custom)]
    if any(one.is_custom for one in fields):
        columns.append(lead.c.custom)
    rows: list[list[StoredValue | None]] = []
    for start in range(0, len(ids), VALUES_PER_QUERY):
        some = ids[start : start + VALUES_PER_QUERY]
        query = select(*dict.fromkeys(columns)).where(
            lead.c.subscription_id == subscription_id, lead.c.id.in_(some)
        )
        found = connection.execute(query.order_by(lead.c.id)).mappings()
        rows += (_values(row, fields) for row in found)
    return rows


def _values(row: RowMapping, fields: Sequence[LeadField]) -> list[StoredValue | None]:
    document: str = row.get("custom", "{}")
    custom = msgspec.json.decode(document, type=dict[str, StoredValue])
    return [custom.get(one.name) if one.is_custom else row[one.name] for one in fields]


def lookup_conditions(
    field: LeadField, values: Sequence[StoredValue]
) -> Iterator[ColumnElement[bool]]:
    """That a lead has one of `values`, in pieces that any database takes."""
    known = sorted(set(values)) if field.name != "leadPartitionId" else _partitions(values)
    column = _column(field)
    for start in range(0, len(known), VALUES_PER_QUERY):
        yield column.in_(known[start : start + VALUES_PER_QUERY])


def prepare_lookup(
    connection: Connection, subscription_id: SubscriptionId, field: LeadField
) -> None:
    """Build the index of a field of the subscription's own, within a transaction that writes."""
    if has_lookup_index(connection, subscription_id, field):
        return
    # Data definition takes no bound values: both numbers are ours, the name is made of letters,
    # digits and underscores, and one subscription's index holds no other's leads.
    connection.execute(
        DDL(
            f"CREATE INDEX {_index_name(subscription_id, field)} ON lead"
            f" (subscription_id, (custom ->> '{_member(field)}') COLLATE NOCASE)"
            f" WHERE subscription_id = {int(subscription_id)}"
            f" AND custom ->> '{_member(field)}' IS NOT NULL"
        )
    )


def has_lookup_index(
    connection: Connection, subscription_id: SubscriptionId, field: LeadField
) -> bool:
    """Whether a look-up by the field needs no look at every lead."""
    if not field.is_custom:
        return True
    query = text("SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = :name")
    name = _index_name(subscription_id, field)
    return connection.execute(query, {"name": name}).first() is not None


def _index_name(subscription_id: SubscriptionId, field: LeadField) -> str:
    return f"ix_lead_custom_{int(subscription_id)}_{field.id}"


def _member(field: LeadField) -> str:
    assert field.name.isascii(), field.name
    assert field.name.replace("_", "").isalnum(), field.name
    return field.name


def _column(field: LeadField) -> ColumnElement[Any]:
    if field.is_custom:
        # Spelled out in the statement, or the database would not see that the index fits.
        member: BindParameter[str] = bindparam(
            None, _member(field), literal_execute=True, unique=True
        )
        return lead.c.custom.op("->>")(member).collate("NOCASE")
    column = lead.c[field.name]
    return column.collate("NOCASE") if field.data_type.storage is Storage.TEXT else column


def _partitions(values: Sequence[StoredValue]) -> list[StoredValue]:
    # Every lead is in the one partition: there is nothing to look for in others.
    return [PARTITION_ID] if PARTITION_ID in values else []
