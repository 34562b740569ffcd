"""Leads found by the values of a lookup field, each kind of field through an index.

Theory of operation: standard lookup fields have indexes of the table's own. A field of the
subscription's own lives in the leads' custom documents; the first look-up by it builds an index
over that member, in one pass over all leads, and later ones take the same path as by address.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import BigInteger, Index, MetaData, and_, bindparam, cast, literal_column, select
from sqlalchemy.schema import CreateIndex

from tailrace.domain.errors import TooManyMatchesError
from tailrace.domain.lead_fields import Storage
from tailrace.domain.lead_lookup import PARTITION_ID, folded
from tailrace.domain.lead_values import StoredValue
from tailrace.store.dialects.expressions import (
    KEY_CHARACTERS,
    folded_text,
    json_member,
    lookup_key,
)
from tailrace.store.dialects.inspection import has_index
from tailrace.store.tables import lead

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from sqlalchemy import ColumnElement, Connection, RowMapping, Table

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
    for condition in lookup_conditions(subscription_id, field, values):
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
    subscription_id: SubscriptionId, field: LeadField, values: Sequence[StoredValue]
) -> Iterator[ColumnElement[bool]]:
    """That a lead of the subscription has one of `values`, in pieces that any database takes."""
    known = sorted(_comparable(field, values))
    for start in range(0, len(known), VALUES_PER_QUERY):
        is_found = _is_one_of(field, known[start : start + VALUES_PER_QUERY])
        yield and_(_is_of(subscription_id), is_found) if field.is_custom else is_found


def prepare_lookup(
    connection: Connection, subscription_id: SubscriptionId, field: LeadField
) -> None:
    """Build the index of a field of the subscription's own, within a transaction that writes."""
    if has_lookup_index(connection, subscription_id, field):
        return
    # A copy of the table: the index belongs to one subscription, not to the program's tables.
    leads = lead.to_metadata(MetaData())
    # One subscription's index holds no other's leads.
    is_held = and_(
        leads.c.subscription_id == literal_column(str(int(subscription_id))),
        _stored(leads, field).is_not(None),
    )
    index = Index(
        _index_name(subscription_id, field),
        leads.c.subscription_id,
        _key(leads, field),
        sqlite_where=is_held,
        postgresql_where=is_held,
    )
    connection.execute(CreateIndex(index))


def has_lookup_index(
    connection: Connection, subscription_id: SubscriptionId, field: LeadField
) -> bool:
    """Whether a look-up by the field needs no look at every lead."""
    return not field.is_custom or has_index(connection, _index_name(subscription_id, field))


def _index_name(subscription_id: SubscriptionId, field: LeadField) -> str:
    return f"ix_lead_custom_{int(subscription_id)}_{field.id}"


def _is_of(subscription_id: SubscriptionId) -> ColumnElement[bool]:
    # Spelled out in the statement, or the database would not see that the index fits.
    return lead.c.subscription_id == bindparam(
        None, int(subscription_id), literal_execute=True, unique=True
    )


def _is_one_of(field: LeadField, values: Sequence[Any]) -> ColumnElement[bool]:
    if field.data_type.storage is not Storage.TEXT:
        return _key(lead, field).in_(values)
    is_found = _key(lead, field).in_([value[:KEY_CHARACTERS] for value in values])
    if max(map(len, values)) < KEY_CHARACTERS:
        return is_found
    return and_(is_found, folded_text(_stored(lead, field)).in_(values))


def _key(leads: Table, field: LeadField) -> ColumnElement[Any]:
    """What an index holds of the field."""
    stored = _stored(leads, field)
    if field.data_type.storage is Storage.TEXT:
        return lookup_key(stored)
    return cast(stored, BigInteger) if field.is_custom else stored


def _stored(leads: Table, field: LeadField) -> ColumnElement[Any]:
    return json_member(leads.c.custom, field.name) if field.is_custom else leads.c[field.name]


def _comparable(field: LeadField, values: Sequence[StoredValue]) -> set[Any]:
    if field.name == "leadPartitionId":
        # Every lead is in the one partition: there is nothing to look for in others.
        return {PARTITION_ID} if PARTITION_ID in values else set()
    if field.data_type.storage is Storage.TEXT:
        return {folded(str(value)) for value in values}
    return set(values)
