"""Runs queued export jobs: claims them under a lease, extracts, publishes, and gives up cleanly.

Theory of operation: one dispatcher thread claims jobs while slots and threads are free, keeps the
leases of running jobs alive, and notices that one was cancelled or taken over; such a job's
thread is told at its next checkpoint and leaves nothing behind. A job is finished by one
transaction that names its fencing number, after its file was published under a name that holds
the same number: whatever dies in between, the row stays the truth and the file an orphan that
the janitor sweeps.
"""

from __future__ import annotations

import errno
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from structlog.contextvars import bound_contextvars

from tailrace.crash_points import reach
from tailrace.domain.errors import (
    ExportFailedError,
    ExportInterruptedError,
    FilesUnavailableError,
    LakeUnavailableError,
    LeaseLostError,
    StoreUnavailableError,
)
from tailrace.domain.job_state import JobEvent
from tailrace.extract.pipeline import write_export
from tailrace.repeating import Repeating
from tailrace.store import jobs as store
from tailrace.store.turns import CLAIMS, jobs_of
from tailrace.telemetry.metrics import EXPORT_RUNS, EXPORTED_BYTES, EXPORTED_ROWS
from tailrace.telemetry.stages import PLAN, PUBLISH, rows_stages, stage
from tailrace.telemetry.tracing import span

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.export_job import ExportId, ExportJob, ResultFile, SubscriptionId
    from tailrace.extract.executor import FragmentExecutor
    from tailrace.extract.planning import Planner
    from tailrace.extract.rendered import RenderedFragments
    from tailrace.files.result_files import ResultFiles
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions

_log = structlog.get_logger(__name__)

#: How often a job's end is written again when the store refuses it, before the lease decides.
_FINISH_ATTEMPTS = 5
_FINISH_PAUSE_SECONDS = 1.0

#: How often a stop looks whether the running jobs are done.
_STOP_LOOK_SECONDS = 0.05

#: Queued jobs looked at in one claim: more than any subscription's queue times a few of them.
_CLAIM_WINDOW = 1000

_DISK_ERRORS = {
    errno.ENOSPC: "No space left on the server to write the export file",
    errno.EDQUOT: "No space left on the server to write the export file",
    errno.EIO: "The server could not write the export file",
    errno.EFBIG: "The export file is larger than the server can keep",
}


_OTHER_DISK_ERROR = "The server could not read or write its data"

_OBJECT_STORAGE_ERROR = "The object storage did not take the export file"

_LAKE_ERROR = "The object storage did not hand out the activities"


@dataclass(frozen=True, slots=True)
class RunnerLimits:
    #: Jobs that this process runs at once, over all subscriptions.
    threads: int
    lease_seconds: int
    #: Claims after which a job is failed rather than tried again.
    maximum_attempts: int
    #: Seconds between looks for work that another process made.
    poll_seconds: float


@dataclass(slots=True)
class _Running:
    job: ExportJob
    is_lost: threading.Event = field(default_factory=threading.Event)


class Runner:
    """The export jobs of every subscription in one home, run by this process."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        files: ResultFiles,
        *,
        planner: Callable[[SubscriptionId], Planner],
        rendered: RenderedFragments,
        executor: FragmentExecutor | None,
        limits: RunnerLimits,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._files = files
        self._planner = planner
        self._rendered = rendered
        self._executor = executor
        self._limits = limits
        self._clock = clock
        #: By export id and fencing number: a job taken over within one process is two claims.
        self._running: dict[tuple[ExportId, int], _Running] = {}
        self._lock = threading.Lock()
        self._is_claiming = True
        self._finish_by = 0.0
        self._threads = ThreadPoolExecutor(limits.threads, thread_name_prefix="export")
        # Jobs of others must go on being run, whatever an error was.
        self._dispatcher = Repeating(
            "dispatcher", self._dispatch, pause_seconds=limits.poll_seconds
        )

    def start(self) -> None:
        """Begin to run jobs."""
        self._dispatcher.start()

    def wake(self) -> None:
        """Look for work, and for cancelled jobs, now rather than at the next poll."""
        self._dispatcher.wake()

    def begin_to_stop(self, finish_seconds: float) -> None:
        """Claim no more; a stop lets running jobs finish until so many seconds from now."""
        self._is_claiming = False
        self._finish_by = time.monotonic() + finish_seconds

    def stop(self) -> None:
        """Abandon running jobs, hand back their leases, and end the threads."""
        while self._held() and time.monotonic() < self._finish_by:
            time.sleep(_STOP_LOOK_SECONDS)
        self._dispatcher.stop()
        for running in self._held():
            running.is_lost.set()
        self._threads.shutdown(wait=True)

    def run_pending(self) -> int:
        """Run what is queued now in this thread; returns how many jobs that were.

        For tests and tools that want no dispatcher.
        """
        count = 0
        while claimed := self._claim(1):
            for job in claimed:
                self._hold(job)
                self._run(job)
                count += 1
        return count

    # The dispatcher.

    def _dispatch(self) -> None:
        self._keep_leases()
        self._start_claimed()

    def _start_claimed(self) -> None:
        if not self._is_claiming:
            return
        with self._lock:
            free = self._limits.threads - len(self._running)
        for job in self._claim(free):
            self._hold(job)
            self._threads.submit(self._run, job)

    def _keep_leases(self) -> None:
        if not self._held():
            return
        with self._database.write(CLAIMS) as connection:
            # Only now: the wait for the write lock is no part of the lease, and a job that was
            # given back meanwhile must not be leased again.
            until = self._lease_end(self._clock())
            held = self._held()
            lost = [one for one in held if not store.extend_lease(connection, one.job, until)]
        for one in lost:
            one.is_lost.set()

    def _claim(self, most: int) -> list[ExportJob]:
        if most <= 0:
            return []
        with self._database.read() as connection:
            now = self._clock()
            is_idle = not store.queued_jobs(connection, 1) and not store.abandoned_jobs(
                connection, now, 1
            )
        if is_idle:
            return []
        with self._database.write(CLAIMS) as connection:
            claims = self._claim_abandoned(connection, most)
            claims += self._claim_queued(connection, most - len(claims))
            reach("job.claim.before_commit")
        reach("job.claim.after_commit")
        return claims

    def _claim_abandoned(self, connection: Connection, most: int) -> list[ExportJob]:
        now = self._clock()
        claims: list[ExportJob] = []
        for job in store.abandoned_jobs(connection, now, most):
            if self._is_running(job):
                # Its lease ran out while this process stood still; it is renewed as it goes on.
                continue
            if job.attempts >= self._limits.maximum_attempts:
                reason = f"The export was interrupted {job.attempts} times and given up"
                store.fail(connection, job, reason, now)
            elif claimed := store.claim(
                connection, job, JobEvent.RECLAIM, now, self._lease_end(now)
            ):
                claims.append(claimed)
        return claims

    def _claim_queued(self, connection: Connection, most: int) -> list[ExportJob]:
        """First come first served within each subscription, as far as its slots go."""
        now = self._clock()
        processing = store.processing_counts(connection)
        slots: dict[SubscriptionId, int] = {}
        claims: list[ExportJob] = []
        for job in store.queued_jobs(connection, _CLAIM_WINDOW):
            if len(claims) >= most:
                break
            owner = job.subscription_id
            if owner not in slots:
                limit = self._subscriptions.settings(owner).processing_slots
                slots[owner] = limit - processing.get(owner, 0)
            if slots[owner] > 0 and (
                claimed := store.claim(connection, job, JobEvent.CLAIM, now, self._lease_end(now))
            ):
                slots[owner] -= 1
                claims.append(claimed)
        return claims

    def _lease_end(self, now: datetime) -> datetime:
        return now + timedelta(seconds=self._limits.lease_seconds)

    # One job, in a thread of its own.

    def _run(self, job: ExportJob) -> None:
        named = {"export_id": job.export_id, "attempt": job.fence}
        with bound_contextvars(**named), span("export", **named):
            outcome = self._run_to_an_end(job)
            EXPORT_RUNS.labels(job.family.value, outcome).inc()

    def _run_to_an_end(self, job: ExportJob) -> str:
        """How the run ended, in a word."""
        try:
            result = self._extract(job)
        except LeaseLostError:
            _log.info("export_abandoned")
            self._give_back(job, is_attempt=False)
            return "abandoned"
        except (ExportInterruptedError, StoreUnavailableError):
            # It may go well the next time; attempts are counted.
            _log.exception("export_interrupted")
            self._give_back(job, is_attempt=True)
            return "interrupted"
        except ExportFailedError as error:
            self._fail(job, error.reason)
        except FilesUnavailableError as error:
            _log.error("export_failed", reason=error.reason)
            self._fail(job, _OBJECT_STORAGE_ERROR)
        except LakeUnavailableError as error:
            _log.error("export_failed", reason=error.reason)
            self._fail(job, _LAKE_ERROR)
        except OSError as error:
            _log.exception("export_failed")
            self._fail(job, _DISK_ERRORS.get(error.errno or 0, _OTHER_DISK_ERROR))
        except Exception:  # noqa: BLE001 - whatever goes wrong ends the job, never the runner
            _log.exception("export_failed")
            self._fail(job, "System error")
        else:
            self._complete(job, result)
            return "completed"
        finally:
            self._release(job)
        return "failed"

    def _extract(self, job: ExportJob) -> ResultFile:
        settings = self._subscriptions.settings(job.subscription_id)
        reach("export.begin")
        with stage(PLAN):
            source = self._planner(job.subscription_id).plan(job, job.state_changed_at)
        with self._files.writer(job.subscription_id, job.export_id, job.fence) as out:
            delimiter = job.request.format.delimiter(settings.ssv_delimiter)
            with rows_stages(lambda: out.write_seconds):
                written = write_export(
                    source,
                    job.request,
                    delimiter,
                    out,
                    lambda: self._go_on(job),
                    known=self._rendered,
                    executor=self._executor,
                )
            self._check_held(job)
            with stage(PUBLISH):
                result = out.publish()
        self._rendered.remember(job.subscription_id, result.name, written)
        return result

    def _complete(self, job: ExportJob, result: ResultFile) -> None:
        def complete(connection: Connection, now: datetime) -> None:
            if not store.complete(connection, job, result, now):
                _log.info("export_abandoned", export_id=job.export_id, attempt=job.fence)
            reach("job.complete.before_commit")

        reach("job.complete.before_transaction")
        self._finish(job, complete)
        reach("job.complete.after_commit")
        EXPORTED_ROWS.labels(job.family.value).inc(result.row_count)
        EXPORTED_BYTES.labels(job.family.value).inc(result.size_bytes)

    def _fail(self, job: ExportJob, reason: str) -> None:
        def fail(connection: Connection, now: datetime) -> None:
            store.fail(connection, job, reason, now)
            reach("job.fail.before_commit")

        self._finish(job, fail)

    def _finish(self, job: ExportJob, change: Callable[[Connection, datetime], None]) -> None:
        """Write the end of a job; a store that refuses is asked again a few times.

        After that the lease runs out and the job is run again. A published file that no row came
        to name is the janitor's: only the row tells whether it counts.
        """
        for attempt in range(1, _FINISH_ATTEMPTS + 1):
            try:
                with self._database.write(jobs_of(job.subscription_id)) as connection:
                    change(connection, self._clock())
            except StoreUnavailableError:
                _log.exception("finish_failed", export_id=job.export_id, attempt=attempt)
                self._dispatcher.wait_unless_stopping(_FINISH_PAUSE_SECONDS)
            else:
                return

    def _give_back(self, job: ExportJob, *, is_attempt: bool) -> None:
        """Let the job be claimed again at once; nothing if it is no longer ours."""
        # First, or the dispatcher might renew the lease that ends here.
        self._release(job)
        try:
            with self._database.write(jobs_of(job.subscription_id)) as connection:
                store.release(connection, job, self._clock(), is_attempt=is_attempt)
        except StoreUnavailableError:
            _log.exception("give_back_failed", export_id=job.export_id)

    def _go_on(self, job: ExportJob) -> None:
        """What is done between two pieces. Raises LeaseLostError like `_check_held`."""
        self._check_held(job)
        reach("export.rows", meanwhile=lambda: self._check_held(job))

    def _check_held(self, job: ExportJob) -> None:
        """Raises LeaseLostError once the job is no longer ours to run."""
        with self._lock:
            running = self._running.get((job.export_id, job.fence))
        if running is None or running.is_lost.is_set():
            raise LeaseLostError

    def _hold(self, job: ExportJob) -> None:
        with self._lock:
            self._running[job.export_id, job.fence] = _Running(job)

    def _is_running(self, job: ExportJob) -> bool:
        with self._lock:
            return (job.export_id, job.fence) in self._running

    def _held(self) -> list[_Running]:
        with self._lock:
            return list(self._running.values())

    def _release(self, job: ExportJob) -> None:
        with self._lock:
            self._running.pop((job.export_id, job.fence), None)
        self._dispatcher.wake()
