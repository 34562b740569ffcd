"""Bulk lead imports in SQL: submitted, claimed under a lease, moved on, finished (section 7.4).

Every move names the fencing number of the claim, so whoever lost an import changes nothing.
"""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, func, insert, literal, select, update

from tailrace.domain.export_job import ApiUserId, SubscriptionId
from tailrace.domain.file_format import FileFormat
from tailrace.domain.lead_import import (
    MAXIMUM_RUNNING,
    FailedRecord,
    ImportCounts,
    ImportState,
    LeadImport,
)
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.tables import Microseconds, lead_import, lead_import_failure

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

_UNFINISHED = (ImportState.QUEUED.value, ImportState.IMPORTING.value)

#: Waiting imports looked at in one claim: more than a few subscriptions' queues.
_CLAIM_WINDOW = 1000


def insert_import(connection: Connection, submitted: LeadImport) -> None:
    """Add a queued import."""
    connection.execute(
        insert(lead_import).values(
            subscription_id=submitted.subscription_id,
            id=submitted.id,
            api_user_id=submitted.api_user_id,
            state=submitted.state.value,
            format=submitted.format.value,
            lookup_field=submitted.lookup_field,
            list_id=submitted.list_id,
            header=submitted.header,
            created_at=submitted.created_at,
        )
    )


def unfinished_count(connection: Connection, subscription_id: SubscriptionId) -> int:
    """Imports that count against the queue limit: queued or importing."""
    query = select(func.count()).where(
        lead_import.c.subscription_id == subscription_id, lead_import.c.state.in_(_UNFINISHED)
    )
    return connection.execute(query).scalar_one()


def find_import(
    connection: Connection, subscription_id: SubscriptionId, import_id: int
) -> LeadImport | None:
    query = select(lead_import).where(
        lead_import.c.subscription_id == subscription_id, lead_import.c.id == import_id
    )
    row = connection.execute(query).one_or_none()
    return None if row is None else _import(row)


def failed_records(
    connection: Connection, subscription_id: SubscriptionId, import_id: int
) -> list[FailedRecord]:
    """The rows that were not imported, by line."""
    query = (
        select(lead_import_failure)
        .where(
            lead_import_failure.c.subscription_id == subscription_id,
            lead_import_failure.c.import_id == import_id,
        )
        .order_by(lead_import_failure.c.line)
    )
    return [FailedRecord(row.line, row.text, row.reason) for row in connection.execute(query)]


# The runner's side.


def expire_leases(connection: Connection, now: datetime) -> None:
    """Let running imports be claimed again at once: nobody else runs on this home."""
    connection.execute(
        update(lead_import)
        .where(lead_import.c.state == ImportState.IMPORTING.value)
        .values(lease_expires_at=now)
    )


def claimable(connection: Connection, now: datetime) -> LeadImport | None:
    """The import to go on with: one whose lease has run out, else the first with a free slot."""
    abandoned = (
        select(lead_import)
        .where(
            lead_import.c.state == ImportState.IMPORTING.value,
            lead_import.c.lease_expires_at <= now,
        )
        .order_by(lead_import.c.created_at)
        .limit(1)
    )
    row = connection.execute(abandoned).first()
    if row is not None:
        return _import(row)
    counts = (
        select(lead_import.c.subscription_id, func.count().label("imports"))
        .where(lead_import.c.state == ImportState.IMPORTING.value)
        .group_by(lead_import.c.subscription_id)
    )
    running = {one.subscription_id: one.imports for one in connection.execute(counts)}
    queued = (
        select(lead_import)
        .where(lead_import.c.state == ImportState.QUEUED.value)
        .order_by(lead_import.c.created_at, lead_import.c.id)
        .limit(_CLAIM_WINDOW)
    )
    for one in connection.execute(queued):
        if running.get(one.subscription_id, 0) < MAXIMUM_RUNNING:
            return _import(one)
    return None


def claim(
    connection: Connection, found: LeadImport, now: datetime, until: datetime
) -> LeadImport | None:
    """Take an import under a lease; None if somebody else was first."""
    claimed = replace(
        found, state=ImportState.IMPORTING, fence=found.fence + 1, attempts=found.attempts + 1
    )
    is_moved = _move(
        connection,
        found,
        state=claimed.state.value,
        fence=claimed.fence,
        attempts=claimed.attempts,
        lease_expires_at=until,
        started_at=func.coalesce(lead_import.c.started_at, literal(now, Microseconds())),
    )
    return claimed if is_moved else None


def advance(
    connection: Connection,
    held: LeadImport,
    counts: ImportCounts,
    failures: Sequence[FailedRecord],
    until: datetime,
) -> bool:
    """Count records as done, in the transaction that imports them; False if it is not ours."""
    is_moved = _move(
        connection,
        held,
        records_done=lead_import.c.records_done + counts.records,
        rows_imported=lead_import.c.rows_imported + counts.imported,
        rows_failed=lead_import.c.rows_failed + counts.failed,
        lease_expires_at=until,
    )
    if is_moved:
        insert_rows(
            connection,
            lead_import_failure,
            ("subscription_id", "import_id", "line", "text", "reason"),
            [(held.subscription_id, held.id, one.line, one.text, one.reason) for one in failures],
        )
    return is_moved


def complete(connection: Connection, held: LeadImport, now: datetime) -> bool:
    return _move(
        connection,
        held,
        state=ImportState.COMPLETE.value,
        lease_expires_at=None,
        finished_at=now,
    )


def fail(connection: Connection, held: LeadImport, reason: str, now: datetime) -> bool:
    """End an import as a whole; what it has imported stays."""
    return _move(
        connection,
        held,
        state=ImportState.FAILED.value,
        lease_expires_at=None,
        finished_at=now,
        failure=reason,
    )


def release(connection: Connection, held: LeadImport, now: datetime, *, is_attempt: bool) -> bool:
    """Let the import be claimed again at once."""
    attempts = held.attempts if is_attempt else held.attempts - 1
    return _move(connection, held, lease_expires_at=now, attempts=attempts)


# Retention.


def forget_imports(
    connection: Connection, subscription_id: SubscriptionId, finished_before: datetime
) -> None:
    """Delete imports that finished before then, with their failed rows."""
    old = select(lead_import.c.id).where(
        lead_import.c.subscription_id == subscription_id,
        lead_import.c.finished_at < finished_before,
    )
    for table, column in (
        (lead_import_failure, lead_import_failure.c.import_id),
        (lead_import, lead_import.c.id),
    ):
        connection.execute(
            delete(table).where(table.c.subscription_id == subscription_id, column.in_(old))
        )


def unfinished_ids(connection: Connection, subscription_id: SubscriptionId) -> set[int]:
    """Imports that still need their uploads."""
    query = select(lead_import.c.id).where(
        lead_import.c.subscription_id == subscription_id, lead_import.c.state.in_(_UNFINISHED)
    )
    return set(connection.execute(query).scalars())


def _move(connection: Connection, held: LeadImport, **values: Any) -> bool:
    result = connection.execute(
        update(lead_import)
        .where(
            lead_import.c.subscription_id == held.subscription_id,
            lead_import.c.id == held.id,
            lead_import.c.state == held.state.value,
            lead_import.c.fence == held.fence,
        )
        .values(**values)
    )
    return result.rowcount > 0


def _import(row: Row[Any]) -> LeadImport:
    return LeadImport(
        id=row.id,
        subscription_id=SubscriptionId(row.subscription_id),
        api_user_id=ApiUserId(row.api_user_id),
        state=ImportState(row.state),
        format=FileFormat(row.format),
        lookup_field=row.lookup_field,
        list_id=row.list_id,
        header=row.header,
        fence=row.fence,
        attempts=row.attempts,
        counts=ImportCounts(row.records_done, row.rows_imported, row.rows_failed),
        created_at=row.created_at,
        finished_at=row.finished_at,
        failure=row.failure,
    )
