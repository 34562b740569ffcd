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

from tailrace.domain.lead_fields import DataType, LeadFieldCatalogue, standard_lead_fields
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.sequences import SequenceKind, pass_number
from tailrace.store.tables import lead

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from sqlalchemy import ColumnElement, Connection

    from tailrace.domain.export_job import SubscriptionId
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
    created_at: str | None = None
    updated_at: str | None = None


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
    is_changed: bool = False

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

    fields: LeadFieldCatalogue
    now: str
    leads: dict[int, _Lead] = field(default_factory=dict[int, _Lead])
    #: Ids by folded address; complete for the addresses of the rows that have no id.
    by_address: dict[str, set[int]] = field(default_factory=lambda: defaultdict[str, set[int]](set))

    def add(self, one: _Lead) -> None:
        self.leads[one.id] = one
        if one.address is not None:
            self.by_address[one.address].add(one.id)

    def apply(self, row: LeadRow, new_id: Callable[[], int]) -> Outcome:
        if row.id is not None:
            lead_id = row.id
        else:
            email = row.values.get("email")
            found = self.by_address[_folded(str(email))] if email is not None else set[int]()
            if len(found) > 1:
                return Outcome.AMBIGUOUS
            lead_id = next(iter(found)) if found else new_id()
        known = self.leads.get(lead_id)
        if known is None:
            self.add(_new_lead(self, row, lead_id))
            return Outcome.CREATED
        return self._update(known, row)

    def _update(self, known: _Lead, row: LeadRow) -> Outcome:
        standard, custom = _split(self.fields, row.values)
        _complete(standard, known)
        is_standard_changed = any(
            known.standard.get(name) != value for name, value in standard.items()
        )
        is_changed = is_standard_changed or any(
            known.custom.get(name) != value for name, value in custom.items()
        )
        given = {"createdAt": row.created_at, "updatedAt": row.updated_at}
        moved = {name: at for name, at in given.items() if at and known.standard[name] != at}
        if not is_changed and not moved:
            return Outcome.UNCHANGED
        self._change(known, standard, custom)
        known.standard |= moved
        if is_standard_changed and row.updated_at is None:
            known.standard["updatedAt"] = self.now
        watermark = known.standard["changed_at"]
        is_later = row.updated_at is not None and row.updated_at > watermark
        known.standard["changed_at"] = row.updated_at if is_later else max(self.now, watermark)
        return Outcome.UPDATED

    def _change(
        self, known: _Lead, standard: Mapping[str, Any], custom: Mapping[str, Any]
    ) -> None:
        if known.address is not None:
            self.by_address[known.address].discard(known.id)
        known.standard |= standard
        changed = known.custom | custom
        known.custom = {name: value for name, value in changed.items() if value is not None}
        known.is_changed = True
        if known.address is not None:
            self.by_address[known.address].add(known.id)


def upsert_leads(
    connection: Connection,
    subscription_id: SubscriptionId,
    fields: LeadFieldCatalogue,
    rows: Sequence[LeadRow],
    *,
    now: str,
    new_id: Callable[[int], int],
) -> list[Outcome]:
    """Store the rows, in order; `now` is the wire's text of the moment.

    `new_id` gives the id for the row at a position if that turns out to be a new lead; a lead
    that has the id already is taken to be that row's, loaded before.
    """
    batch = _Batch(fields, now)
    wanted = {row.id for row in rows if row.id is not None}
    nameless = [place for place, row in enumerate(rows) if _is_nameless(row)]
    wanted |= {new_id(place) for place in nameless}
    addresses = {_folded(str(row.values["email"])) for row in rows if _is_by_address(row)}
    for one in _stored_leads(connection, subscription_id, wanted, addresses):
        batch.add(one)
    outcomes = [
        batch.apply(row, lambda place=place: new_id(place)) for place, row in enumerate(rows)
    ]
    _write(connection, subscription_id, batch.leads.values())
    return outcomes


def next_lead_id(connection: Connection, subscription_id: SubscriptionId) -> int:
    """The id after the largest that any lead has."""
    query = select(func.max(lead.c.id)).where(lead.c.subscription_id == subscription_id)
    return (connection.execute(query).scalar() or 0) + 1


def insert_leads(
    connection: Connection,
    subscription_id: SubscriptionId,
    leads: Sequence[Mapping[str, StoredValue | None]],
) -> None:
    """Insert complete leads: values by column of the table, `custom` as JSON text."""
    names = {name for one in leads for name, value in one.items() if value is not None}
    columns = ["subscription_id", *sorted(names)]
    rows = [(subscription_id, *(one.get(name) for name in columns[1:])) for one in leads]
    insert_rows(connection, lead, columns, rows)


def _is_nameless(row: LeadRow) -> bool:
    return row.id is None and row.values.get("email") is None


def _is_by_address(row: LeadRow) -> bool:
    return row.id is None and row.values.get("email") is not None


def _folded(address: str) -> str:
    """The address as the store's index compares it: without regard to the case of ASCII letters."""
    return address.lower() if address.isascii() else "".join(map(_fold_letter, address))


def _fold_letter(letter: str) -> str:
    return letter.lower() if letter.isascii() else letter


def _new_lead(batch: _Batch, row: LeadRow, lead_id: int) -> _Lead:
    standard, custom = _split(batch.fields, row.values)
    defaults = standard_defaults() | dict.fromkeys(_OWN_ID_FIELDS, lead_id)
    given = {name: value for name, value in standard.items() if value is not None}
    created_at = row.created_at or batch.now
    updated_at = row.updated_at or max(created_at, batch.now)
    values = defaults | given
    values.setdefault("mktoName", full_name(values.get("firstName"), values.get("lastName")))
    values |= {
        "id": lead_id,
        "createdAt": created_at,
        "updatedAt": updated_at,
        "changed_at": updated_at,
    }
    kept = {name: value for name, value in custom.items() if value is not None}
    return _Lead(values, kept, is_new=True)


def _split(
    fields: LeadFieldCatalogue, values: Mapping[str, StoredValue | None]
) -> tuple[dict[str, Any], dict[str, Any]]:
    """Standard and custom values, without what says which lead it is."""
    standard: dict[str, Any] = {}
    custom: dict[str, Any] = {}
    for name, value in values.items():
        if fields[name].is_custom:
            custom[name] = value
        elif name not in _IDENTITY:
            standard[name] = value
    return standard, custom


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
    connection: Connection, subscription_id: SubscriptionId, leads: Iterable[_Lead]
) -> None:
    touched = [one for one in leads if one.is_new or one.is_changed]
    new = [_stored_values(one) for one in touched if one.is_new]
    changed = [_stored_values(one) for one in touched if not one.is_new]
    if new:
        pass_number(
            connection, subscription_id, SequenceKind.LEAD, max(one["id"] for one in new)
        )
        insert_leads(connection, subscription_id, new)
    if changed:
        columns = [column.name for column in lead.c if not column.primary_key]
        statement = (
            update(lead)
            .where(lead.c.subscription_id == subscription_id, lead.c.id == bindparam("lead_id"))
            .values({name: bindparam(f"new_{name}") for name in columns})
        )
        connection.execute(
            statement,
            [
                {"lead_id": one["id"], **{f"new_{name}": one.get(name) for name in columns}}
                for one in changed
            ],
        )


def _stored_values(one: _Lead) -> dict[str, Any]:
    return {**one.standard, "custom": msgspec.json.encode(one.custom).decode()}
