"""Sync Leads: records applied to leads by its four actions, and told to the log (section 7.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec

from tailrace.domain.errors import (
    LeadExistsError,
    LeadNotFoundError,
    ParameterError,
    SeveralLeadsError,
    TailraceError,
)
from tailrace.domain.instants import format_instant
from tailrace.domain.lead_sync import SyncAction, SyncRequest
from tailrace.store.hot_activities import record_activities
from tailrace.store.lead_activities import change_activities
from tailrace.store.lead_batch import LeadBatch, LeadChange, LeadsSought, open_batch
from tailrace.store.lead_lookup import prepare_lookup

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.domain.lead_values import StoredValue
    from tailrace.store.lead_activities import ChangeCause


class SyncOutcome(msgspec.Struct, frozen=True):
    """What became of one record."""

    #: None where no one lead was found.
    lead_id: int | None
    is_created: bool = False
    #: Why the record was skipped; None where it was not.
    error: TailraceError | None = None


def sync_leads(
    connection: Connection,
    subscription_id: SubscriptionId,
    fields: LeadFieldCatalogue,
    request: SyncRequest,
    cause: ChangeCause,
) -> list[SyncOutcome]:
    """Apply the records one after another, within the caller's transaction, and log the changes."""
    prepare_lookup(connection, subscription_id, request.lookup)
    batch = open_batch(
        connection,
        subscription_id,
        fields,
        _sought(request),
        now=format_instant(cause.at),
        given=dict.fromkeys(("originalSourceType", "registrationSourceType"), cause.source),
    )
    sync = _Sync(request, batch, [])
    outcomes = [
        SyncOutcome(None, error=record)
        if isinstance(record, ParameterError)
        else sync.apply(record)
        for record in request.records
    ]
    sync.batch.write(connection, subscription_id)
    activities = list(change_activities(sync.changes, fields, cause))
    record_activities(connection, subscription_id, activities)
    return outcomes


def _sought(request: SyncRequest) -> LeadsSought:
    records = [one for one in request.records if not isinstance(one, ParameterError)]
    values: set[StoredValue] = set()
    if request.action is not SyncAction.CREATE_DUPLICATE:
        found = (one[request.lookup.name] for one in records)
        values = {value for value in found if value is not None}
    return LeadsSought(request.lookup, values, names=set[str]().union(*records))


@dataclass(frozen=True, slots=True)
class _Sync:
    request: SyncRequest
    batch: LeadBatch
    changes: list[LeadChange]

    def apply(self, values: Mapping[str, StoredValue | None]) -> SyncOutcome:
        action, lookup = self.request.action, self.request.lookup
        if action is SyncAction.CREATE_DUPLICATE:
            return self._create(values)
        value = values[lookup.name]
        assert value is not None, "a record without it is no record"
        found = self.batch.find(value)
        if found and action is SyncAction.CREATE_ONLY:
            only_id = found[0].id if len(found) == 1 else None
            return SyncOutcome(only_id, error=LeadExistsError())
        if len(found) > 1:
            return SyncOutcome(None, error=SeveralLeadsError())
        if found:
            change = self.batch.update(found[0], values)
            self.changes.extend([] if change is None else [change])
            return SyncOutcome(found[0].id)
        # An id is given by the server alone: one that is not there names no lead to be.
        if action is SyncAction.UPDATE_ONLY or lookup.name == "id":
            return SyncOutcome(None, error=LeadNotFoundError())
        return self._create(values)

    def _create(self, values: Mapping[str, StoredValue | None]) -> SyncOutcome:
        change = self.batch.create(values)
        self.changes.append(change)
        return SyncOutcome(change.lead_id, is_created=True)
