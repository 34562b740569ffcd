"""What an API user may do with export jobs: create, enqueue, cancel, look, and take the file.

Every rule of the life cycle that a caller can meet is applied here, inside one transaction each
(contract sections 3.3 to 3.7).
"""

from __future__ import annotations

import uuid
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tailrace.crash_points import reach
from tailrace.domain.errors import (
    ExportFileNotFoundError,
    ExportQuotaError,
    JobAlreadyQueuedError,
    JobCancelledError,
    JobCompletedError,
    JobFailedError,
    JobQueueFullError,
    ObjectNotFoundError,
    PagingTokenError,
)
from tailrace.domain.export_job import ExportId, ExportJob, ObjectFamily
from tailrace.domain.export_request import (
    ExportRequest,
    LeadFilter,
    SmartListMembers,
    SmartListMembersByName,
    StaticListMembers,
    StaticListMembersByName,
    parse_activity_request,
    parse_lead_request,
)
from tailrace.domain.job_state import JobEvent, JobState
from tailrace.domain.quota import BYTES_PER_MEGABYTE, quota_day_start
from tailrace.domain.smart_list import decode_rule
from tailrace.store import assets
from tailrace.store import jobs as store
from tailrace.store.remembered import Remembered
from tailrace.store.turns import jobs_of

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection

    from tailrace.domain.caller import Caller
    from tailrace.domain.errors import TailraceError
    from tailrace.domain.export_job import ResultFile, SubscriptionId
    from tailrace.domain.subscription_settings import SubscriptionSettings
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions

_PARSERS = {
    ObjectFamily.ACTIVITIES: parse_activity_request,
    ObjectFamily.LEADS: parse_lead_request,
}

#: Why a job in this state cannot be enqueued (contract section 3.3).
_ENQUEUE_REFUSALS: dict[JobState, type[TailraceError]] = {
    JobState.QUEUED: JobAlreadyQueuedError,
    JobState.PROCESSING: JobAlreadyQueuedError,
    JobState.COMPLETED: JobAlreadyQueuedError,
    JobState.FAILED: JobFailedError,
    JobState.CANCELLED: JobCancelledError,
}


#: Jobs read at once for a page of the list: a page of one must not cost a query a job.
_LEAST_CHUNK = 300


@dataclass(frozen=True, slots=True)
class JobPage:
    jobs: list[ExportJob]
    #: Where the next page begins; None on the last one.
    next_position: str | None


class ExportJobs:
    """The export jobs of every subscription, as their API users may see and move them."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        *,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._clock = clock
        #: Called after an enqueue or cancel, so that the runner need not wait for its next look.
        self._on_change = on_change
        self._jobs = Remembered(database, self._read)

    def create(self, caller: Caller, family: ObjectFamily, body: object) -> ExportJob:
        """Make a job from a decoded JSON body; it does not run yet.

        Raises ExportQuotaError, then whatever rule of contract section 3.4 the body breaks first.
        """
        now = self._clock()
        rules = self._subscriptions.rules(caller.subscription_id)
        with self._database.read() as connection:
            _check_quota(connection, caller.subscription_id, rules.settings, now)
            request = _PARSERS[family](body, rules)
            request = _with_list_ids(connection, caller.subscription_id, request)
        job = _new_job(caller, family, request, now)
        with self._database.write(jobs_of(caller.subscription_id)) as connection:
            store.insert_job(connection, job)
            reach("job.create.before_commit")
        reach("job.create.after_commit")
        return job

    def enqueue(self, caller: Caller, family: ObjectFamily, export_id: str) -> ExportJob:
        """Ask for a job to run.

        Raises ObjectNotFoundError, a JobStateError, ExportQuotaError or JobQueueFullError; the job
        then stays as it was.
        """
        now = self._clock()
        settings = self._subscriptions.settings(caller.subscription_id)
        with self._database.write(jobs_of(caller.subscription_id)) as connection:
            found = store.find_job(connection, _owner(caller, family), export_id, for_update=True)
            job = _known(found, now, settings)
            if job.state in _ENQUEUE_REFUSALS:
                raise _ENQUEUE_REFUSALS[job.state]
            _check_quota(connection, caller.subscription_id, settings, now)
            if store.queued_count(connection, caller.subscription_id) >= settings.queue_limit_jobs:
                raise JobQueueFullError
            store.enqueue(connection, job, now)
            reach("job.enqueue.before_commit")
        reach("job.enqueue.after_commit")
        self._on_change()
        return replace(job, state=JobState.QUEUED, queued_at=now, state_changed_at=now)

    def cancel(self, caller: Caller, family: ObjectFamily, export_id: str) -> ExportJob:
        """Call a job off; one that has failed or was cancelled already stays as it is.

        Raises ObjectNotFoundError, or JobCompletedError for a completed job.
        """
        now = self._clock()
        settings = self._subscriptions.settings(caller.subscription_id)
        with self._database.write(jobs_of(caller.subscription_id)) as connection:
            found = store.find_job(connection, _owner(caller, family), export_id, for_update=True)
            job = _known(found, now, settings)
            if job.state is JobState.COMPLETED:
                raise JobCompletedError
            if job.state in (JobState.FAILED, JobState.CANCELLED):
                return job
            store.apply_event(connection, job, JobEvent.CANCEL, now, {})
            reach("job.cancel.before_commit")
        self._on_change()
        return replace(job, state=JobState.CANCELLED, state_changed_at=now)

    def status(self, caller: Caller, family: ObjectFamily, export_id: str) -> ExportJob:
        """The job as this caller may see it now. Raises ObjectNotFoundError."""
        now = self._clock()
        settings = self._subscriptions.settings(caller.subscription_id)
        job = _known(self._jobs.get((_owner(caller, family), export_id)), now, settings)
        return _as_shown(job, now, settings.status_refresh_seconds)

    def list(
        self,
        caller: Caller,
        family: ObjectFamily,
        states: frozenset[JobState],
        batch_size: int,
        position: str | None,
    ) -> JobPage:
        """The caller's jobs in any of `states` (all if empty) of the list window, newest first.

        Raises PagingTokenError for a position that `JobPage` never held.
        """
        now = self._clock()
        settings = self._subscriptions.settings(caller.subscription_id)
        created_since = now - timedelta(days=settings.list_window_days)
        after = None if position is None else _decode_position(position)
        shown: list[ExportJob] = []
        chunk = max(batch_size + 1, _LEAST_CHUNK)
        with self._database.read() as connection:
            while len(shown) <= batch_size:
                batch = store.list_jobs(
                    connection,
                    _owner(caller, family),
                    created_since=created_since,
                    after=after,
                    limit=chunk,
                )
                visible = (_as_shown(job, now, settings.status_refresh_seconds) for job in batch)
                shown += [job for job in visible if not states or job.state in states]
                if len(batch) < chunk:
                    break
                after = (batch[-1].created_at, batch[-1].export_id)
        page = shown[:batch_size]
        return JobPage(page, _encode_position(page[-1]) if len(shown) > batch_size else None)

    def result_file(self, caller: Caller, family: ObjectFamily, export_id: str) -> ResultFile:
        """What a completed job has published, while it is kept. Raises ExportFileNotFoundError."""
        try:
            job = self.status(caller, family, export_id)
        except ObjectNotFoundError as error:
            raise ExportFileNotFoundError from error
        if job.state is not JobState.COMPLETED or job.result is None or job.finished_at is None:
            raise ExportFileNotFoundError
        settings = self._subscriptions.settings(caller.subscription_id)
        if self._clock() >= job.finished_at + timedelta(days=settings.file_retention_days):
            raise ExportFileNotFoundError
        return job.result

    def _read(self, question: tuple[store.JobOwner, str]) -> ExportJob | None:
        owner, export_id = question
        with self._database.read() as connection:
            return store.find_job(connection, owner, export_id)


def _owner(caller: Caller, family: ObjectFamily) -> store.JobOwner:
    return store.JobOwner(caller.subscription_id, caller.api_user_id, family)


def _new_job(
    caller: Caller, family: ObjectFamily, request: ExportRequest, now: datetime
) -> ExportJob:
    return ExportJob(
        export_id=ExportId(str(uuid.uuid4())),
        subscription_id=caller.subscription_id,
        api_user_id=caller.api_user_id,
        family=family,
        request=request,
        state=JobState.CREATED,
        created_at=now,
        queued_at=None,
        started_at=None,
        finished_at=None,
        result=None,
        failure=None,
        fence=0,
        attempts=0,
        state_changed_at=now,
    )


def _check_quota(
    connection: Connection,
    subscription_id: SubscriptionId,
    settings: SubscriptionSettings,
    now: datetime,
) -> None:
    if settings.quota_megabytes == 0:
        return
    used = store.exported_bytes(connection, subscription_id, quota_day_start(now))
    if used >= settings.quota_megabytes * BYTES_PER_MEGABYTE:
        raise ExportQuotaError(settings.quota_megabytes)


def _with_list_ids(
    connection: Connection, subscription_id: SubscriptionId, request: ExportRequest
) -> ExportRequest:
    """The request with lists by id. Raises ObjectNotFoundError, AmbiguousNameError or a rule's."""
    found: LeadFilter
    match request.filter:
        case StaticListMembers(list_id):
            if not assets.has_static_list(connection, subscription_id, list_id):
                raise ObjectNotFoundError
            return request
        case StaticListMembersByName(name):
            found = StaticListMembers(assets.static_list_id(connection, subscription_id, name))
        case SmartListMembers(list_id):
            found = _smart_list_with_rules(connection, subscription_id, list_id)
        case SmartListMembersByName(name):
            list_id = assets.smart_list_id(connection, subscription_id, name)
            found = _smart_list_with_rules(connection, subscription_id, list_id)
        case _:
            return request
    return ExportRequest(request.format, request.columns, found)


def _smart_list_with_rules(
    connection: Connection, subscription_id: SubscriptionId, list_id: int
) -> SmartListMembers:
    rule = assets.smart_list_rule(connection, subscription_id, list_id)
    if rule is None:
        raise ObjectNotFoundError
    decode_rule(rule)
    return SmartListMembers(list_id)


def _known(job: ExportJob | None, now: datetime, settings: SubscriptionSettings) -> ExportJob:
    """The job that was found. Raises ObjectNotFoundError if none was, or one past retention."""
    if job is None or _is_forgotten(job, now, settings):
        raise ObjectNotFoundError
    return job


def _is_forgotten(job: ExportJob, now: datetime, settings: SubscriptionSettings) -> bool:
    """Whether its status is past retention, even if the janitor has not come by yet."""
    retention = timedelta(days=settings.status_retention_days)
    return job.finished_at is not None and now >= job.finished_at + retention


def _as_shown(job: ExportJob, now: datetime, refresh_seconds: int) -> ExportJob:
    """The job with its progress as of the last status refresh (contract section 3.6).

    Only what a runner did may lag; what the client did shows at once.
    """
    if refresh_seconds == 0 or job.state not in (
        JobState.PROCESSING,
        JobState.COMPLETED,
        JobState.FAILED,
    ):
        return job
    seconds = int(now.timestamp())
    refreshed_at = datetime.fromtimestamp(seconds - seconds % refresh_seconds, UTC)
    if job.finished_at is not None and job.finished_at <= refreshed_at:
        return job
    unfinished = replace(
        job, state=JobState.PROCESSING, finished_at=None, result=None, failure=None
    )
    if job.started_at is not None and job.started_at <= refreshed_at:
        return unfinished
    return replace(unfinished, state=JobState.QUEUED, started_at=None)


def _encode_position(job: ExportJob) -> str:
    return f"{job.created_at.isoformat()} {job.export_id}"


def _decode_position(position: str) -> tuple[datetime, str]:
    instant, _, export_id = position.partition(" ")
    try:
        created_at = datetime.fromisoformat(instant)
    except ValueError as error:
        raise PagingTokenError from error
    if created_at.tzinfo is None:
        raise PagingTokenError
    return created_at, export_id
