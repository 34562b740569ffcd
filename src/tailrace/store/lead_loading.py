"""Bringing leads in by the thousand: inserted if new, updated where a value differs.

A loaded record tells how a lead is, not that something happened to it: no activity is written.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import Enum, auto
from typing import TYPE_CHECKING

from tailrace.domain.lead_lookup import folded
from tailrace.store.lead_batch import LeadsSought, open_batch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.domain.lead_values import StoredValue
    from tailrace.store.lead_batch import LeadBatch


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
        return None if email is None else folded(str(email))


class Outcome(Enum):
    """What became of a row."""

    CREATED = auto()
    UPDATED = auto()
    UNCHANGED = auto()
    #: Several leads have its address: not stored.
    AMBIGUOUS = auto()


def upsert_leads(
    connection: Connection,
    subscription_id: SubscriptionId,
    fields: LeadFieldCatalogue,
    rows: Sequence[LeadRow],
    now: str,
) -> list[Outcome]:
    """Store the rows one after another; `now` is the moment as the wire writes it."""
    addresses = {row.address for row in rows if row.known_id is None and row.address is not None}
    sought = LeadsSought(
        lookup=fields["email"],
        values=addresses,
        names=set[str]().union(*(row.values for row in rows)),
        ids={row.known_id for row in rows if row.known_id is not None},
    )
    batch = open_batch(connection, subscription_id, fields, sought, now=now)
    outcomes = [_apply(batch, row) for row in rows]
    batch.write(connection, subscription_id)
    return outcomes


def _apply(batch: LeadBatch, row: LeadRow) -> Outcome:
    lead_id = row.known_id
    known = None if lead_id is None else batch.leads.get(lead_id)
    if lead_id is None and row.address is not None:
        found = batch.find(row.address)
        if len(found) > 1:
            return Outcome.AMBIGUOUS
        known = found[0] if found else None
    moments = {"created_at": row.created_at, "updated_at": row.updated_at}
    if known is None:
        batch.create(row.values, lead_id=lead_id, **moments)
        return Outcome.CREATED
    is_changed = batch.update(known, row.values, **moments) is not None
    return Outcome.UPDATED if is_changed else Outcome.UNCHANGED
