"""Export jobs in SQL: every change of state is one guarded UPDATE and one row of the event log.

Nothing here decides what may follow what (`domain.job_state` does); nothing elsewhere writes the
state column.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any
from typing import cast as typed

import msgspec
import structlog
from sqlalchemy import BigInteger, cast, delete, func, insert, select, tuple_, update

from tailrace.domain.export_job import (
    ApiUserId,
    ExportId,
    ExportJob,
    ObjectFamily,
    ResultFile,
    SubscriptionId,
)
from tailrace.domain.export_request import ExportRequest
from tailrace.domain.job_state import FINAL_STATES, QUEUE_STATES, TRANSITIONS, JobEvent, JobState
from tailrace.store.tables import export_job, job_event

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row, Select


_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class JobOwner:
    """Whose jobs of which family: any other caller misses them (contract section 3.7)."""

    subscription_id: SubscriptionId
    api_user_id: ApiUserId
    family: ObjectFamily


def insert_job(connection: Connection, job: ExportJob) -> None:
    """Write a created job and its first event."""
    connection.execute(
        insert(export_job).values(
            export_id=job.export_id,
            subscription_id=job.subscription_id,
            api_user_id=job.api_user_id,
            family=job.family.value,
            request=msgspec.json.encode(job.request).decode(),
            state=job.state.value,
            state_changed_at=job.state_changed_at,
            created_at=job.created_at,
            fence=job.fence,
            attempts=job.attempts,
        )
    )
    _record(connection, job, JobEvent.CREATE, fence=job.fence, at=job.created_at)


def find_job(
    connection: Connection, owner: JobOwner, export_id: str, *, for_update: bool = False
) -> ExportJob | None:
    """The job if it is this owner's, whatever its age; locked until the transaction ends if asked."""
    query = select(export_job).where(export_job.c.export_id == export_id, *_owned_by(owner))
    if for_update:
        query = query.with_for_update()
    row = connection.execute(query).one_or_none()
    return None if row is None else _job(row)


def list_jobs(
    connection: Connection,
    owner: JobOwner,
    *,
    created_since: datetime,
    after: tuple[datetime, str] | None,
    limit: int,
) -> list[ExportJob]:
    """The owner's jobs, newest first, continuing after a (created_at, export_id)."""
    query = select(export_job).where(*_owned_by(owner), export_job.c.created_at >= created_since)
    order = (export_job.c.created_at, export_job.c.export_id)
    if after is not None:
        # Without the types SQLite would get the instant as text, and every number is below a text.
        position = tuple_(*after, types=[column.type for column in order])
        query = query.where(tuple_(*order) < position)
    rows = connection.execute(query.order_by(*(column.desc() for column in order)).limit(limit))
    return [_job(row) for row in rows]


def apply_event(
    connection: Connection,
    job: ExportJob,
    event: JobEvent,
    at: datetime,
    changes: Mapping[str, object],
) -> bool:
    """Move `job` by `event` if it is still as read; False if somebody else was first.

    For what only the runner may do, `job.fence` must still be the current fencing number.
    `changes` are the columns that change with the state.
    """
    transition = TRANSITIONS[event]
    conditions: list[ColumnElement[bool]] = [
        export_job.c.export_id == job.export_id,
        export_job.c.state == job.state.value,
        export_job.c.state.in_([state.value for state in transition.sources]),
    ]
    if transition.is_fenced:
        conditions.append(export_job.c.fence == job.fence)
    values = {"lease_expires_at": None, **changes}
    result = connection.execute(
        update(export_job)
        .where(*conditions)
        .values(state=transition.target.value, state_changed_at=at, **values)
    )
    if result.rowcount == 0:
        return False
    fence = typed("int", values.get("fence", job.fence))
    _record(connection, job, event, fence=fence, at=at)
    return True


def enqueue(connection: Connection, job: ExportJob, now: datetime) -> bool:
    """Put a created job at the end of the queue; False if it is no longer as read."""
    last = select(func.coalesce(func.max(export_job.c.queue_position), 0)).scalar_subquery()
    changes: dict[str, object] = {"queued_at": now, "queue_position": last + 1}
    return apply_event(connection, job, JobEvent.ENQUEUE, now, changes)


def queued_count(connection: Connection, subscription_id: SubscriptionId) -> int:
    """Jobs that count against the queue limit: queued or processing (contract section 3.6)."""
    query = select(func.count()).where(
        export_job.c.subscription_id == subscription_id,
        export_job.c.state.in_([state.value for state in QUEUE_STATES]),
    )
    return connection.execute(query).scalar_one()


def exported_bytes(connection: Connection, subscription_id: SubscriptionId, since: datetime) -> int:
    """Size of all files finished since then: what the quota counts."""
    # PostgreSQL adds up to a decimal number.
    total = cast(func.coalesce(func.sum(export_job.c.file_size_bytes), 0), BigInteger)
    query = select(total).where(
        export_job.c.subscription_id == subscription_id, export_job.c.finished_at >= since
    )
    return connection.execute(query).scalar_one()


# The runner's side.


def processing_counts(connection: Connection) -> dict[SubscriptionId, int]:
    """Jobs in processing by subscription; those with none are left out."""
    query = (
        select(export_job.c.subscription_id, func.count().label("jobs"))
        .where(export_job.c.state == JobState.PROCESSING.value)
        .group_by(export_job.c.subscription_id)
    )
    return {SubscriptionId(row.subscription_id): row.jobs for row in connection.execute(query)}


def queued_jobs(connection: Connection, limit: int) -> list[ExportJob]:
    """Jobs waiting for a slot, first come first."""
    query = (
        select(export_job)
        .where(export_job.c.state == JobState.QUEUED.value)
        .order_by(export_job.c.queue_position)
        .limit(limit)
    )
    return _readable_jobs(connection, query)


def abandoned_jobs(connection: Connection, now: datetime, limit: int) -> list[ExportJob]:
    """Jobs in processing whose lease has run out, oldest first."""
    query = (
        select(export_job)
        .where(
            export_job.c.state == JobState.PROCESSING.value, export_job.c.lease_expires_at <= now
        )
        .order_by(export_job.c.queue_position)
        .limit(limit)
    )
    return _readable_jobs(connection, query)


def claim(
    connection: Connection, job: ExportJob, event: JobEvent, now: datetime, until: datetime
) -> ExportJob | None:
    """Take a queued job, or one whose runner is gone, and return it as it is from now on.

    None if somebody else was first.
    """
    claimed = replace(
        job,
        state=JobState.PROCESSING,
        fence=job.fence + 1,
        attempts=job.attempts + 1,
        started_at=job.started_at or now,
        state_changed_at=now,
    )
    changes = {
        "fence": claimed.fence,
        "attempts": claimed.attempts,
        "started_at": claimed.started_at,
        "lease_expires_at": until,
    }
    return claimed if apply_event(connection, job, event, now, changes) else None


def extend_lease(connection: Connection, job: ExportJob, until: datetime) -> bool:
    """Keep holding a claimed job; False once it was cancelled or taken over."""
    result = connection.execute(
        update(export_job)
        .where(
            export_job.c.export_id == job.export_id,
            export_job.c.state == JobState.PROCESSING.value,
            export_job.c.fence == job.fence,
        )
        .values(lease_expires_at=until)
    )
    return result.rowcount == 1


def release(connection: Connection, job: ExportJob, now: datetime, *, is_attempt: bool) -> None:
    """End the lease of a claimed job, if it still is ours, so that it is claimed again at once.

    An orderly stop is no attempt; a run that broke off is.
    """
    connection.execute(
        update(export_job)
        .where(
            export_job.c.export_id == job.export_id,
            export_job.c.state == JobState.PROCESSING.value,
            export_job.c.fence == job.fence,
        )
        .values(lease_expires_at=now, attempts=export_job.c.attempts - (0 if is_attempt else 1))
    )


def expire_leases(connection: Connection, now: datetime) -> None:
    """Give up every lease at once: only for the one server of a home, before its runner starts."""
    connection.execute(
        update(export_job)
        .where(export_job.c.state == JobState.PROCESSING.value)
        .values(lease_expires_at=now)
    )


def complete(connection: Connection, job: ExportJob, result: ResultFile, now: datetime) -> bool:
    """Publish the result of a claimed job; False once it was cancelled or taken over."""
    changes: dict[str, object] = {
        "finished_at": now,
        "file_name": result.name,
        "file_size_bytes": result.size_bytes,
        "file_sha256": result.sha256,
        "row_count": result.row_count,
    }
    return apply_event(connection, job, JobEvent.COMPLETE, now, changes)


def fail(connection: Connection, job: ExportJob, reason: str, now: datetime) -> bool:
    """End a claimed job without a file; False once it was cancelled or taken over."""
    return apply_event(connection, job, JobEvent.FAIL, now, {"finished_at": now, "failure": reason})


# The janitor's side.


def files_in_use(connection: Connection, subscription_id: SubscriptionId) -> set[str]:
    """Names of published files that are not deleted yet."""
    query = select(export_job.c.file_name).where(
        export_job.c.subscription_id == subscription_id,
        export_job.c.state == JobState.COMPLETED.value,
        export_job.c.file_deleted_at.is_(None),
    )
    return {row.file_name for row in connection.execute(query)}


def claims_in_progress(
    connection: Connection, subscription_id: SubscriptionId
) -> set[tuple[ExportId, int]]:
    """Export id and fencing number of every job that a runner may be writing a file for."""
    query = select(export_job.c.export_id, export_job.c.fence).where(
        export_job.c.subscription_id == subscription_id,
        export_job.c.state == JobState.PROCESSING.value,
    )
    return {(ExportId(row.export_id), row.fence) for row in connection.execute(query)}


def oldest_claim(connection: Connection, subscription_id: SubscriptionId) -> datetime | None:
    """When the runner that has been at its job for longest claimed it; None if there is none."""
    claimed_at = select(func.min(export_job.c.state_changed_at)).where(
        export_job.c.subscription_id == subscription_id,
        export_job.c.state == JobState.PROCESSING.value,
    )
    return connection.execute(claimed_at).scalar_one()


def mark_expired_files(
    connection: Connection,
    subscription_id: SubscriptionId,
    finished_before: datetime,
    now: datetime,
) -> None:
    """Note that files finished before then are past their retention."""
    connection.execute(
        update(export_job)
        .where(
            export_job.c.subscription_id == subscription_id,
            export_job.c.state == JobState.COMPLETED.value,
            export_job.c.finished_at < finished_before,
            export_job.c.file_deleted_at.is_(None),
        )
        .values(file_deleted_at=now)
    )


def delete_old_jobs(
    connection: Connection, subscription_id: SubscriptionId, changed_before: datetime
) -> None:
    """Forget jobs that nothing can happen to any more, and jobs that were never enqueued."""
    idle = (*FINAL_STATES, JobState.CREATED)
    old = select(export_job.c.export_id).where(
        export_job.c.subscription_id == subscription_id,
        export_job.c.state.in_([state.value for state in idle]),
        export_job.c.state_changed_at < changed_before,
    )
    connection.execute(delete(job_event).where(job_event.c.export_id.in_(old)))
    connection.execute(delete(export_job).where(export_job.c.export_id.in_(old)))


def _owned_by(owner: JobOwner) -> tuple[ColumnElement[bool], ...]:
    return (
        export_job.c.subscription_id == owner.subscription_id,
        export_job.c.api_user_id == owner.api_user_id,
        export_job.c.family == owner.family.value,
    )


def _record(
    connection: Connection, job: ExportJob, event: JobEvent, *, fence: int, at: datetime
) -> None:
    connection.execute(
        insert(job_event).values(
            export_id=job.export_id,
            event=event.value,
            from_state=None if event is JobEvent.CREATE else job.state.value,
            to_state=TRANSITIONS[event].target.value,
            fence=fence,
            at=at,
        )
    )


def _readable_jobs(connection: Connection, query: Select[Any]) -> list[ExportJob]:
    """The jobs of `query`; one damaged row must not keep all others waiting."""
    jobs: list[ExportJob] = []
    for row in connection.execute(query):
        try:
            jobs.append(_job(row))
        except (msgspec.DecodeError, ValueError):
            _log.exception("job_unreadable", export_id=row.export_id)
    return jobs


def _job(row: Row[Any]) -> ExportJob:
    return ExportJob(
        export_id=ExportId(row.export_id),
        subscription_id=SubscriptionId(row.subscription_id),
        api_user_id=ApiUserId(row.api_user_id),
        family=ObjectFamily(row.family),
        request=msgspec.json.decode(row.request, type=ExportRequest),
        state=JobState(row.state),
        created_at=row.created_at,
        queued_at=row.queued_at,
        started_at=row.started_at,
        finished_at=row.finished_at,
        result=_result(row),
        failure=row.failure,
        fence=row.fence,
        attempts=row.attempts,
        state_changed_at=row.state_changed_at,
    )


def _result(row: Row[Any]) -> ResultFile | None:
    if row.file_name is None:
        return None
    return ResultFile(
        name=row.file_name,
        size_bytes=row.file_size_bytes,
        sha256=row.file_sha256,
        row_count=row.row_count,
    )
