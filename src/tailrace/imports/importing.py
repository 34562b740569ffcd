"""Some rows of an import brought into the store, within one transaction (contract section 7.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.domain.errors import (
    LeadNotFoundError,
    LookupValueMissingError,
    PartitionChangeError,
    SeveralLeadsError,
)
from tailrace.domain.lead_import import FailedRecord, ImportCounts
from tailrace.domain.lead_sync import SyncRequest
from tailrace.imports.upload import action_of
from tailrace.store.lead_activities import ChangeCause
from tailrace.store.lead_sync import sync_leads
from tailrace.store.list_members import MemberList

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.errors import TailraceError
    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.domain.lead_import import LeadImport
    from tailrace.imports.records import ImportRow
    from tailrace.store.lead_sync import SyncOutcome

_SOURCE = "List import"


@dataclass(frozen=True, slots=True)
class ImportedRows:
    counts: ImportCounts
    failures: Sequence[FailedRecord]


def import_rows(
    connection: Connection,
    running: LeadImport,
    fields: LeadFieldCatalogue,
    lookup: LeadField,
    rows: Sequence[ImportRow],
    at: datetime,
) -> ImportedRows:
    """Import rows in their order, each change told to the log.

    Raises ObjectNotFoundError where the list that they shall come into is gone.
    """
    owner = running.subscription_id
    into = None if running.list_id is None else MemberList(connection, owner, running.list_id)
    cause = ChangeCause(at, _SOURCE, list_name=None if into is None else into.name)
    records = [(row, row.record) for row in rows if row.record is not None]
    request = SyncRequest(action_of(lookup), lookup, [record for _, record in records])
    outcomes = sync_leads(connection, owner, fields, request, cause)
    if into is not None:
        into.add([one.lead_id for one in outcomes if one.lead_id and one.error is None], cause)
    failures = [FailedRecord(row.line, row.text, row.reason) for row in rows if row.record is None]
    failures += _skipped([row for row, _ in records], outcomes)
    counts = ImportCounts(len(rows), len(rows) - len(failures), len(failures))
    return ImportedRows(counts, failures)


def _skipped(rows: Sequence[ImportRow], outcomes: Sequence[SyncOutcome]) -> list[FailedRecord]:
    return [
        FailedRecord(row.line, row.text, _reason(outcome.error))
        for row, outcome in zip(rows, outcomes, strict=True)
        if outcome.error is not None
    ]


def _reason(error: TailraceError) -> str:
    """A sentence for the failures file: without commas, by which clients take its lines apart."""
    match error:
        case LeadNotFoundError():
            return "Lead not found"
        case SeveralLeadsError():
            return "Multiple leads match lookup criteria"
        case LookupValueMissingError(field):
            return f"Value for lookup field '{field}' not found"
        case PartitionChangeError():
            return "Partition update not allowed"
        case _:
            raise AssertionError(error)
