"""Bringing leads in by the thousand: inserted if new, updated where a value differs.

Theory of operation: the leads that a batch of rows may mean are read at once, rows are applied
to them in memory one after another, so that a later row of a batch sees what an earlier one did,
and what has changed is written at once. The caller's transaction holds the write lock, so nobody
else changes those leads in between.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field
from enum import Enum, auto
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, func, select, update

from tailrace.domain.lead_fields import DataType, standard_lead_fields
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.sequences import SequenceKind, next_number, pass_number
from tailrace.store.tables import lead

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.domain.lead_values import StoredValue

#: Values of one IN list: below the parameter limit of every database.
_VALUES_PER_QUERY = 500

#: Standard fields that say what the row is, not what the lead is like.
_IDENTITY = frozenset({"id", "createdAt", "updatedAt"})

#: Fields that hold the lead's own id unless told otherwise (contract section 8.2).
_OWN_ID_FIELDS = ("leadPerson", "personPrimaryLeadInterest")


@dataclass(frozen=True, slots=True)
class LeadRow:
    """One record as it comes in; values by REST name, None for a field to be cleared."""

    values: Mapping[str, StoredValue | None]
    #: None finds the lead by its address, or makes a new one.
    id: int | None = None
    #: Id kept for this very row, should it have neither an id nor an address to be known by.
    reserved_id: int | None = None
    created_at: str | None = None
    updated_at: str | None = None

    @property
    def known_id(self) -> int | None:
        """The id that the row brings along in one way or the other."""
        return self.id if self.id is not None or self.address else self.reserved_id

    @property
    def address(self) -> str | None:
        email = self.values.get("email")
        return None if email is None else _folded(str(email))


class Outcome(Enum):
    """What became of a row."""

    CREATED = auto()
    UPDATED = auto()
    UNCHANGED = auto()
    #: Several leads have its address: not stored.
    AMBIGUOUS = auto()


@cache
def standard_defaults() -> dict[str, StoredValue]:
    """What a new lead holds where nothing is given (contract section 8.2)."""
    booleans = {
        one.name: False for one in standard_lead_fields() if one.data_type is DataType.BOOLEAN
    }
    del booleans["emailSuspended"]
    return {**booleans, "isLead": True, "personType": "contact", "leadPartitionId": 1}


def full_name(first: StoredValue | None, last: StoredValue | None) -> str | None:
    """The Full Name of a lead."""
    return " ".join(str(part) for part in (first, last) if part) or None


@dataclass(slots=True)
class _Lead:
    """A lead as the store holds it, or shall."""

    standard: dict[str, Any]
    custom: dict[str, Any]
    is_new: bool = False
    #: Columns to be written again.
    changed_columns: set[str] = field(default_factory=set[str])

    @property
    def id(self) -> int:
        return self.standard["id"]

    @property
    def address(self) -> str | None:
        email = self.standard.get("email")
        return None if email is None else _folded(email)


@dataclass(slots=True)
class _Batch:
    """The leads that a batch of rows may mean."""

    custom_names: frozenset[str]
    now: str
    #: Given to the next new lead that brings none.
    next_id: int
    leads: dict[int, _Lead] = field(default_factory=dict[int, _Lead])
    #: Ids by folded address; complete for the addresses of the rows that have no id.
    by_address: dict[str, set[int]] = field(default_factory=lambda: defaultdict[str, set[int]](set))

    def add(self, one: _Lead) -> None:
        self.leads[one.id] = one
        if one.address is not None:
            self.by_address[one.address].add(one.id)

    def apply(self, row: LeadRow) -> Outcome:
        lead_id = row.known_id
        if lead_id is None and row.address is not None:
            found = self.by_address[row.address]
            if len(found) > 1:
                return Outcome.AMBIGUOUS
            lead_id = next(iter(found), None)
        known = None if lead_id is None else self.leads.get(lead_id)
        if known is not None:
            return self._update(known, row)
        self._create(row, lead_id)
        return Outcome.CREATED

    def _create(self, row: LeadRow, lead_id: int | None) -> None:
        if lead_id is None:
            lead_id = self.next_id
            self.next_id += 1
        standard, custom = self._split(row.values)
        values: dict[str, Any] = {**standard_defaults(), **dict.fromkeys(_OWN_ID_FIELDS, lead_id)}
        values |= {name: value for name, value in standard.items() if value is not None}
        values.setdefault("mktoName", full_name(values.get("firstName"), values.get("lastName")))
        created_at = row.created_at or self.now
        updated_at = row.updated_at or max(created_at, self.now)
        values |= {"id": lead_id, "createdAt": created_at}
        values |= {"updatedAt": updated_at, "changed_at": updated_at}
        kept = {name: value for name, value in custom.items() if value is not None}
        self.add(_Lead(values, kept, is_new=True))

    def _update(self, known: _Lead, row: LeadRow) -> Outcome:
        standard, custom = self._split(row.values)
        _complete(standard, known)
        changed = {name for name, value in standard.items() if known.standard.get(name) != value}
        is_custom_changed = any(known.custom.get(name) != value for name, value in custom.items())
        given = {"createdAt": row.created_at, "updatedAt": row.updated_at}
        moments = {name: at for name, at in given.items() if at and known.standard[name] != at}
        if not (changed or is_custom_changed or moments):
            return Outcome.UNCHANGED
        if changed and row.updated_at is None:
            moments["updatedAt"] = self.now
        moments["changed_at"] = self._watermark(known.standard["changed_at"], row.updated_at)
        self._change(known, {name: standard[name] for name in changed} | moments, custom)
        return Outcome.UPDATED

    def _watermark(self, stored: str, given: str | None) -> str:
        """When the lead changed last, so that an export by updatedAt finds this change too."""
        return given if given is not None and given > stored else max(self.now, stored)

    def _change(self, known: _Lead, standard: dict[str, Any], custom: dict[str, Any]) -> None:
        if known.address is not None:
            self.by_address[known.address].discard(known.id)
        known.standard |= standard
        merged = known.custom | custom
        known.custom = {name: value for name, value in merged.items() if value is not None}
        known.changed_columns |= {*standard, "custom"}
        if known.address is not None:
            self.by_address[known.address].add(known.id)

    def _split(
        self, values: Mapping[str, StoredValue | None]
    ) -> tuple[dict[str, Any], dict[str, Any]]:
        """Standard and custom values, without what says which lead it is."""
        standard: dict[str, Any] = {}
        custom: dict[str, Any] = {}
        for name, value in values.items():
            if name in self.custom_names:
                custom[name] = value
            elif name not in _IDENTITY:
                standard[name] = value
        return standard, custom


def upsert_leads(
    connection: Connection,
    subscription_id: SubscriptionId,
    fields: LeadFieldCatalogue,
    rows: Sequence[LeadRow],
    now: str,
) -> list[Outcome]:
    """Store the rows one after another; `now` is the moment as the wire writes it."""
    batch = _Batch(
        custom_names=frozenset(one.name for one in fields if one.is_custom),
        now=now,
        next_id=next_lead_id(connection, subscription_id),
    )
    known_ids = {row.known_id for row in rows if row.known_id is not None}
    addresses = {row.address for row in rows if row.known_id is None and row.address is not None}
    batch.next_id = max(batch.next_id, max(known_ids, default=0) + 1)
    for one in _stored_leads(connection, subscription_id, known_ids, addresses):
        batch.add(one)
    outcomes = [batch.apply(row) for row in rows]
    _write(connection, subscription_id, batch.leads.values())
    return outcomes


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
    names = sorted({name for one in leads for name, value in one.items() if value is not None})
    rows = [(subscription_id, *map(one.get, names)) for one in leads]
    insert_rows(connection, lead, ["subscription_id", *names], rows)


def _folded(address: str) -> str:
    """The address as the store's index compares it: without regard to the case of ASCII letters."""
    return address.lower() if address.isascii() else "".join(map(_fold_letter, address))


def _fold_letter(letter: str) -> str:
    return letter.lower() if letter.isascii() else letter


def _complete(standard: dict[str, Any], known: _Lead) -> None:
    """Give fields that are never empty their default, and keep the full name in step."""
    defaults = standard_defaults()
    for name, value in standard.items():
        if value is None and isinstance(defaults.get(name), bool):
            standard[name] = defaults[name]
    if "mktoName" not in standard and not standard.keys().isdisjoint({"firstName", "lastName"}):
        merged = known.standard | standard
        standard["mktoName"] = full_name(merged.get("firstName"), merged.get("lastName"))


def _stored_leads(
    connection: Connection,
    subscription_id: SubscriptionId,
    ids: Iterable[int],
    addresses: Iterable[str],
) -> Iterable[_Lead]:
    sought: list[tuple[ColumnElement[Any], Sequence[Any]]] = [
        (lead.c.id, sorted(ids)),
        (lead.c.email.collate("NOCASE"), sorted(addresses)),
    ]
    for column, values in sought:
        for start in range(0, len(values), _VALUES_PER_QUERY):
            some = values[start : start + _VALUES_PER_QUERY]
            query = select(lead).where(lead.c.subscription_id == subscription_id, column.in_(some))
            for row in connection.execute(query).mappings():
                values_of = dict(row)
                yield _Lead(values_of, msgspec.json.decode(values_of.pop("custom")))


def _write(
    connection: Connection, subscription_id: SubscriptionId, leads: Collection[_Lead]
) -> None:
    new = [_stored_values(one) for one in leads if one.is_new]
    if new:
        largest = max(one["id"] for one in new)
        pass_number(connection, subscription_id, SequenceKind.LEAD, largest)
        insert_leads(connection, subscription_id, new)
    changed = [one for one in leads if one.changed_columns and not one.is_new]
    columns = set[str]().union(*(one.changed_columns for one in changed))
    if columns:
        statement = (
            update(lead)
            .where(lead.c.subscription_id == subscription_id, lead.c.id == bindparam("lead_id"))
            .values({name: bindparam(f"new_{name}") for name in columns})
        )
        connection.execute(statement, [_new_values(one, columns) for one in changed])


def _new_values(one: _Lead, columns: Iterable[str]) -> dict[str, Any]:
    values = _stored_values(one)
    return {"lead_id": one.id, **{f"new_{name}": values.get(name) for name in columns}}


def _stored_values(one: _Lead) -> dict[str, Any]:
    return {**one.standard, "custom": msgspec.json.encode(one.custom).decode()}
