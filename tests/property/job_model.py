"""What the contract knows of export jobs, as plain values and rules (sections 3.3, 3.6 and 3.7)."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import TYPE_CHECKING
from zoneinfo import ZoneInfo

from tailrace.domain.errors import (
    ExportQuotaError,
    JobAlreadyQueuedError,
    JobCancelledError,
    JobFailedError,
    JobQueueFullError,
    ObjectNotFoundError,
    TailraceError,
)
from tailrace.domain.job_state import JobState

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.domain.export_job import ExportJob, ObjectFamily

QUEUE_LIMIT, SLOTS, ATTEMPTS = 10, 2, 5
QUOTA_BYTES = 500 * 1024 * 1024
LEASE = timedelta(seconds=60)
FILE_LIFE, STATUS_LIFE, LIST_WINDOW = timedelta(days=7), timedelta(days=30), timedelta(days=7)
CHICAGO = ZoneInfo("America/Chicago")

IN_QUEUE = {JobState.QUEUED, JobState.PROCESSING}
FINISHED = {JobState.COMPLETED, JobState.FAILED}


@dataclass
class Model:
    """What the contract knows of one job."""

    owner: int
    family: ObjectFamily
    created_at: datetime
    state: JobState = JobState.CREATED
    changed_at: datetime | None = None
    queued_at: datetime | None = None
    started_at: datetime | None = None
    finished_at: datetime | None = None
    lease_until: datetime | None = None
    attempts: int = 0
    place_in_queue: int = 0
    size_bytes: int = 0
    is_forgotten: bool = False


@dataclass
class ExpectedJobs:
    """Every job ever made, by id, and what the contract says about them at any moment."""

    clock: Callable[[], datetime]
    jobs: dict[str, Model] = field(default_factory=dict[str, Model])
    enqueued: int = 0

    def create(self, export_id: str, owner: int, family: ObjectFamily) -> None:
        now = self.clock()
        self.jobs[export_id] = Model(owner, family, now, changed_at=now)

    def enqueue(self, export_id: str) -> None:
        model = self.jobs[export_id]
        self.enqueued += 1
        model.state, model.queued_at = JobState.QUEUED, self.clock()
        model.changed_at, model.place_in_queue = self.clock(), self.enqueued

    def forget_old(self) -> None:
        """What the janitor leaves out once the status life is over."""
        idle = {JobState.CREATED, JobState.CANCELLED, *FINISHED}
        for model in self.jobs.values():
            assert model.changed_at is not None
            if model.state in idle and model.changed_at < self.clock() - STATUS_LIFE:
                model.is_forgotten = True

    def run_pending(self) -> None:
        """A runner takes everything it may and brings it to its end."""
        for model in self.by_queue(JobState.PROCESSING):
            assert model.lease_until is not None
            if model.lease_until <= self.clock():
                self.retake(model)
        waiting = self.by_queue(JobState.QUEUED)
        if len(self.by_queue(JobState.PROCESSING)) < SLOTS:
            for model in waiting:
                self.take(model)
                self.end(model, JobState.COMPLETED)

    def enqueue_refusal(
        self, export_id: str, user: int, family: ObjectFamily
    ) -> type[TailraceError] | None:
        model = self.visible(export_id, user, family)
        if model is None:
            return ObjectNotFoundError
        refusals: dict[JobState, type[TailraceError]] = {
            JobState.FAILED: JobFailedError,
            JobState.CANCELLED: JobCancelledError,
        }
        if model.state is not JobState.CREATED:
            return refusals.get(model.state, JobAlreadyQueuedError)
        if self.used_bytes() >= QUOTA_BYTES:
            return ExportQuotaError
        in_queue = [one for one in self.jobs.values() if one.state in IN_QUEUE]
        return JobQueueFullError if len(in_queue) >= QUEUE_LIMIT else None

    def visible(self, export_id: str, user: int, family: ObjectFamily) -> Model | None:
        model = self.jobs[export_id]
        is_over = model.finished_at is not None and self.clock() >= model.finished_at + STATUS_LIFE
        if (model.owner, model.family) != (user, family) or model.is_forgotten or is_over:
            return None
        return model

    def listed(self, user: int, family: ObjectFamily) -> dict[str, Model]:
        since = self.clock() - LIST_WINDOW
        return {
            export_id: model
            for export_id, model in self.jobs.items()
            if self.visible(export_id, user, family) and model.created_at >= since
        }

    def has_file(self, model: Model) -> bool:
        if model.state is not JobState.COMPLETED or model.is_forgotten:
            return False
        assert model.finished_at is not None
        return self.clock() < model.finished_at + FILE_LIFE

    def used_bytes(self) -> int:
        """Of files finished since midnight in Chicago."""
        today = self.clock().astimezone(CHICAGO).date()
        return sum(
            model.size_bytes
            for model in self.jobs.values()
            if model.finished_at and model.finished_at.astimezone(CHICAGO).date() == today
        )

    def by_queue(self, state: JobState) -> list[Model]:
        found = [model for model in self.jobs.values() if model.state is state]
        return sorted(found, key=lambda model: model.place_in_queue)

    def take(self, model: Model) -> None:
        now = self.clock()
        model.state, model.changed_at = JobState.PROCESSING, now
        model.started_at = model.started_at or now
        model.attempts += 1
        model.lease_until = now + LEASE

    def retake(self, model: Model) -> None:
        """A job whose runner is gone is run again, but not for ever."""
        if model.attempts >= ATTEMPTS:
            self.end(model, JobState.FAILED)
            return
        self.take(model)
        self.end(model, JobState.COMPLETED)

    def end(self, model: Model, state: JobState) -> None:
        model.state, model.changed_at, model.finished_at = state, self.clock(), self.clock()
        # Files of the runs made here are a header line: nothing to a quota of 500 MB.
        model.size_bytes = 0


def assert_shows(job: ExportJob, model: Model) -> None:
    assert job.state is model.state
    assert job.created_at == model.created_at
    assert job.queued_at == model.queued_at
    assert job.started_at == model.started_at
    assert job.finished_at == model.finished_at
    assert (job.result is not None) == (model.state is JobState.COMPLETED)
    assert (job.failure is not None) == (model.state is JobState.FAILED)
