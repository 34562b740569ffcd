"""Leads read at once, changed in memory one record after another, and written at once.

Theory of operation: the leads that a batch of records may mean are read first; each record is
applied to them in memory, so that a later one sees what an earlier one did; what has changed is
written at the end. The caller's transaction holds the write lock, so nobody else changes those
leads in between. What each record did to its lead comes back as a change, for those who log it.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, func, select, update

from tailrace.domain.lead_fields import DataType, Storage, standard_lead_fields
from tailrace.domain.lead_lookup import PARTITION_ID, folded
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.lead_lookup import lookup_conditions
from tailrace.store.sequences import SequenceKind, next_number, pass_number
from tailrace.store.tables import lead

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Iterator, Mapping

    from sqlalchemy import ColumnElement, Connection, Select

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.domain.lead_values import StoredValue

#: Standard fields that say what the row is, not what the lead is like.
_IDENTITY = frozenset({"id", "createdAt", "updatedAt"})

#: Fields that hold the lead's own id unless told otherwise (contract section 8.2).
_OWN_ID_FIELDS = ("leadPerson", "personPrimaryLeadInterest")

#: What every change needs to know of a lead, whatever its record is about.
_ALWAYS_READ = (
    "id",
    "createdAt",
    "updatedAt",
    "changed_at",
    "custom",
    "firstName",
    "lastName",
    "mktoName",
    "leadSource",
)

#: Leads beyond two a value that are read to see that a value names several leads.
_MOST_NAMESAKES = 1000


@dataclass(frozen=True, slots=True)
class FieldChange:
    #: REST name.
    name: str
    old: StoredValue | None
    new: StoredValue | None


class LeadChange(msgspec.Struct, frozen=True):
    """What one record did to one lead."""

    lead_id: int
    is_new: bool
    #: What it was called when the record was done with it.
    full_name: str | None
    lead_source: str | None
    #: Of a lead that was there before: the fields that the record named and changed.
    fields: Sequence[FieldChange] = ()


@cache
def standard_defaults() -> dict[str, StoredValue]:
    """What a new lead holds where nothing is given (contract section 8.2)."""
    booleans = {
        one.name: False for one in standard_lead_fields() if one.data_type is DataType.BOOLEAN
    }
    del booleans["emailSuspended"]
    return {**booleans, "isLead": True, "personType": "contact", "leadPartitionId": PARTITION_ID}


def full_name(first: StoredValue | None, last: StoredValue | None) -> str | None:
    """The Full Name of a lead."""
    if first and last:
        return f"{first} {last}"
    return str(first or last) if first or last else None


@dataclass(slots=True)
class StoredLead:
    """A lead as the store holds it, or shall."""

    standard: dict[str, Any]
    custom: dict[str, Any]
    is_new: bool = False
    #: Columns to be written again.
    changed_columns: frozenset[str] = frozenset()

    @property
    def id(self) -> int:
        return self.standard["id"]


@dataclass(slots=True)
class LeadBatch:
    """The leads that a batch of records may mean."""

    #: What records without an id find their leads by.
    lookup: LeadField
    custom_names: frozenset[str]
    #: What a new lead holds where its record says nothing.
    template: Mapping[str, StoredValue]
    now: str
    #: Given to the next new lead that brings none.
    next_id: int
    #: Whether its values are texts, which compare without regard to case.
    is_text: bool
    leads: dict[int, StoredLead] = field(default_factory=dict[int, StoredLead])
    #: Ids by lookup key; complete for the keys of the records.
    by_key: dict[StoredValue, set[int]] = field(
        default_factory=lambda: defaultdict[Any, set[int]](set)
    )

    def add(self, one: StoredLead) -> None:
        self.leads[one.id] = one
        key = self._key_of(one)
        if key is not None:
            self.by_key[key].add(one.id)

    def find(self, value: StoredValue) -> list[StoredLead]:
        """The leads whose lookup field holds what counts as the same."""
        found = self.by_key.get(self._key(value))
        return [self.leads[one] for one in sorted(found)] if found else []

    def create(
        self,
        values: Mapping[str, StoredValue | None],
        *,
        lead_id: int | None = None,
        created_at: str | None = None,
        updated_at: str | None = None,
    ) -> LeadChange:
        """A new lead; `lead_id` None gives it the next one."""
        if lead_id is None:
            lead_id = self.next_id
            self.next_id += 1
        if None in values.values():
            values = {name: value for name, value in values.items() if value is not None}
        standard, custom = self._split(values)
        stored: dict[str, Any] = {
            **self.template,
            **dict.fromkeys(_OWN_ID_FIELDS, lead_id),
            "mktoName": full_name(standard.get("firstName"), standard.get("lastName")),
            **standard,
        }
        stored["id"] = lead_id
        stored["createdAt"] = created_at = created_at or self.now
        updated_at = updated_at or max(created_at, self.now)
        stored["updatedAt"] = stored["changed_at"] = updated_at
        self.add(StoredLead(stored, custom, is_new=True))
        return LeadChange(lead_id, True, stored["mktoName"], stored.get("leadSource"))

    def update(
        self,
        known: StoredLead,
        values: Mapping[str, StoredValue | None],
        *,
        created_at: str | None = None,
        updated_at: str | None = None,
    ) -> LeadChange | None:
        """The lead with these values; None where it held them all."""
        standard, custom = self._split(values)
        _complete(standard, known)
        changes = _differences(known.standard, standard)
        own_changes = _differences(known.custom, custom)
        given = {"createdAt": created_at, "updatedAt": updated_at}
        moments = {name: at for name, at in given.items() if at and known.standard[name] != at}
        if not (changes or own_changes or moments):
            return None
        if changes and updated_at is None:
            moments["updatedAt"] = self.now
        moments["changed_at"] = self._watermark(known.standard["changed_at"], updated_at)
        self._change(known, {one.name: one.new for one in changes} | moments, custom)
        return LeadChange(
            known.id,
            False,
            known.standard.get("mktoName"),
            known.standard.get("leadSource"),
            [one for one in (*changes, *own_changes) if one.name in values],
        )

    def write(self, connection: Connection, subscription_id: SubscriptionId) -> None:
        """Store what is new or changed."""
        _write(connection, subscription_id, self.leads.values())

    def _watermark(self, stored: str, given: str | None) -> str:
        """When the lead changed last, so that an export by updatedAt finds this change too."""
        return given if given is not None and given > stored else max(self.now, stored)

    def _change(self, known: StoredLead, standard: dict[str, Any], custom: dict[str, Any]) -> None:
        key = self._key_of(known)
        if key is not None:
            self.by_key[key].discard(known.id)
        known.standard |= standard
        merged = known.custom | custom
        known.custom = {name: value for name, value in merged.items() if value is not None}
        known.changed_columns |= frozenset((*standard, "custom"))
        key = self._key_of(known)
        if key is not None:
            self.by_key[key].add(known.id)

    def _key_of(self, one: StoredLead) -> StoredValue | None:
        held = one.custom if self.lookup.is_custom else one.standard
        value = held.get(self.lookup.name)
        return None if value is None else self._key(value)

    def _key(self, value: StoredValue) -> StoredValue:
        return folded(str(value)) if self.is_text else value

    def _split(
        self, values: Mapping[str, StoredValue | None]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Standard and custom values, without what says which lead it is."""
        if not self.custom_names and _IDENTITY.isdisjoint(values):
            return dict(values), {}
        standard: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for name, value in values.items():
            if name in self.custom_names:
                custom[name] = value
            elif name not in _IDENTITY:
                standard[name] = value
        return standard, custom


@dataclass(frozen=True, slots=True)
class LeadsSought:
    """Which leads a batch of records may mean, and what of them."""

    #: What records without an id find their leads by.
    lookup: LeadField
    #: What the records hold in that field.
    values: Collection[StoredValue]
    #: Names of the fields that the records have values for.
    names: Collection[str]
    #: Ids that records bring along.
    ids: Collection[int] = ()


def open_batch(
    connection: Connection,
    subscription_id: SubscriptionId,
    fields: LeadFieldCatalogue,
    sought: LeadsSought,
    *,
    now: str,
    given: Mapping[str, StoredValue] | None = None,
) -> LeadBatch:
    """A batch with the leads that are sought.

    `now` is the moment as the wire writes it, `given` what new leads hold besides the defaults.
    """
    lookup = sought.lookup
    batch = LeadBatch(
        lookup=lookup,
        is_text=lookup.data_type.storage is Storage.TEXT,
        custom_names=frozenset(one.name for one in fields if one.is_custom),
        template={**standard_defaults(), **(given or {})},
        now=now,
        next_id=max(next_lead_id(connection, subscription_id), max(sought.ids, default=0) + 1),
    )
    # Reading all of a lead takes five times as long as reading what a few fields need.
    names = {*_ALWAYS_READ, lookup.name, *sought.names} & set(lead.c.keys())
    query = select(*(lead.c[name] for name in sorted(names))).where(
        lead.c.subscription_id == subscription_id
    )
    conditions = partial(lookup_conditions, subscription_id)
    for found in (
        _held(connection, query, partial(conditions, fields["id"]), list(sought.ids)),
        _held(connection, query, partial(conditions, lookup), list(sought.values)),
    ):
        for held in found:
            if held["id"] not in batch.leads:
                batch.add(StoredLead(held, msgspec.json.decode(held.pop("custom"))))
    return batch


def _held(
    connection: Connection,
    query: Select[Any],
    conditions: Callable[[Sequence[StoredValue]], Iterator[ColumnElement[bool]]],
    values: Sequence[StoredValue],
) -> list[dict[str, Any]]:
    """The leads that have one of `values`; of very many at least two a value, which says it all."""
    bound = 2 * len(values) + _MOST_NAMESAKES
    found: list[dict[str, Any]] = []
    for condition in conditions(values):
        found += _rows(connection, query.where(condition).limit(bound))
        if len(found) >= bound:
            break
    else:
        return found
    return [
        row
        for value in values
        for condition in conditions([value])
        for row in _rows(connection, query.where(condition).limit(2))
    ]


def _rows(connection: Connection, query: Select[Any]) -> list[dict[str, Any]]:
    result = connection.execute(query)
    names = list(result.keys())
    # The library's own rows by name cost more than reading them does.
    return [dict(zip(names, row, strict=True)) for row in result]


def next_lead_id(connection: Connection, subscription_id: SubscriptionId) -> int:
    """The id of the next new lead."""
    query = select(func.max(lead.c.id)).where(lead.c.subscription_id == subscription_id)
    largest = connection.execute(query).scalar() or 0
    return max(next_number(connection, subscription_id, SequenceKind.LEAD), largest + 1)


def insert_leads(
    connection: Connection,
    subscription_id: SubscriptionId,
    leads: Sequence[Mapping[str, StoredValue | None]],
) -> None:
    """Insert complete leads: values by column of the table, `custom` as JSON text."""
    shared = {
        name: int(value)
        for name, value in standard_defaults().items()
        if isinstance(value, int) and all(one.get(name) is value for one in leads)
    }
    given = set[str]().union(*leads) - shared.keys()
    # In the order of the table, which is that of the statement: nothing is to be put in order.
    names = [name for name in lead.c.keys() if name in given]  # noqa: SIM118 - of its columns
    rows = [(subscription_id, *map(one.get, names)) for one in leads]
    insert_rows(connection, lead, ["subscription_id", *names], rows, shared)


def _differences(
    held: Mapping[str, Any], values: Mapping[str, StoredValue | None]
) -> list[FieldChange]:
    return [
        FieldChange(name, held.get(name), value)
        for name, value in values.items()
        if held.get(name) != value
    ]


def _complete(standard: dict[str, Any], known: StoredLead) -> None:
    """Give fields that are never empty their default, and keep the full name in step."""
    defaults = standard_defaults()
    for name, value in standard.items():
        if value is None and isinstance(defaults.get(name), bool):
            standard[name] = defaults[name]
    if "mktoName" not in standard and not standard.keys().isdisjoint({"firstName", "lastName"}):
        merged = known.standard | standard
        standard["mktoName"] = full_name(merged.get("firstName"), merged.get("lastName"))


def _write(
    connection: Connection, subscription_id: SubscriptionId, leads: Collection[StoredLead]
) -> None:
    new = [_stored_values(one) for one in leads if one.is_new]
    if new:
        largest = max(one["id"] for one in new)
        pass_number(connection, subscription_id, SequenceKind.LEAD, largest)
        insert_leads(connection, subscription_id, new)
    changed = [one for one in leads if one.changed_columns and not one.is_new]
    columns = frozenset[str]().union(*(one.changed_columns for one in changed))
    if columns:
        statement = (
            update(lead)
            .where(lead.c.subscription_id == subscription_id, lead.c.id == bindparam("lead_id"))
            .values({name: bindparam(f"new_{name}") for name in columns})
        )
        connection.execute(statement, [_new_values(one, columns) for one in changed])


def _new_values(one: StoredLead, columns: Iterable[str]) -> dict[str, Any]:
    values = _stored_values(one)
    return {"lead_id": one.id, **{f"new_{name}": values.get(name) for name in columns}}


def _stored_values(one: StoredLead) -> dict[str, Any]:
    return {**one.standard, "custom": msgspec.json.encode(one.custom).decode()}
