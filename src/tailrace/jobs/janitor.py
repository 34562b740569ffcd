"""Retention: result files and jobs past their time, and files that no job names.

A reader that holds a file open keeps it until it is done; deleting only takes the name away.
"""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from tailrace.domain.activity_batch import KEY_MEMORY
from tailrace.files.result_files import part_name, result_name
from tailrace.repeating import Repeating
from tailrace.store import jobs as store
from tailrace.store import lead_imports
from tailrace.store.ingested_batches import forget_outcomes
from tailrace.store.turns import jobs_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.files.result_files import ResultFiles
    from tailrace.files.uploads import Uploads
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.store.database import Database
    from tailrace.store.identity import Identity
    from tailrace.store.subscriptions import Subscriptions

#: A sweep of a lake keeps its writers waiting, and finds something only after a crash.
_LAKE_SWEEP_INTERVAL = timedelta(hours=1)

#: An upload rests on disk before its import is a row: one that is younger may still become one.
_UPLOAD_GRACE = timedelta(hours=1)


class Janitor:
    """Keeps every subscription of one home within its retention."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        identity: Identity,
        files: ResultFiles,
        uploads: Uploads,
        *,
        activity_log: Callable[[SubscriptionId], ActivityLog],
        pause_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._identity = identity
        self._files = files
        self._uploads = uploads
        self._activity_log = activity_log
        self._lakes_due_at = clock()
        self._clock = clock
        # After an error the next round finds the same work again.
        self._repeating = Repeating("janitor", self.clean, pause_seconds=pause_seconds)

    def start(self) -> None:
        """Clean up once, so that nothing of an earlier process stays, then again and again."""
        # A damaged lake does not keep the server from starting.
        self._repeating.start_and_wait()

    def stop(self) -> None:
        self._repeating.stop()

    def clean(self) -> None:
        """One round over every subscription."""
        for subscription_id in self._subscriptions.ids():
            self._apply_retention(subscription_id)
            self._sweep_files(subscription_id)
            self._sweep_uploads(subscription_id)
        self._identity.forget_expired_tokens()
        if self._clock() >= self._lakes_due_at:
            self._sweep_lakes()

    def _sweep_lakes(self) -> None:
        self._lakes_due_at = self._clock() + _LAKE_SWEEP_INTERVAL
        for subscription_id in self._subscriptions.ids():
            with self._database.read() as connection:
                read_since = store.oldest_claim(connection, subscription_id)
            self._activity_log(subscription_id).sweep(self._clock(), read_since=read_since)

    def _apply_retention(self, subscription_id: SubscriptionId) -> None:
        now = self._clock()
        settings = self._subscriptions.settings(subscription_id)
        files_before = now - timedelta(days=settings.file_retention_days)
        jobs_before = now - timedelta(days=settings.status_retention_days)
        with self._database.write(jobs_of(subscription_id)) as connection:
            store.mark_expired_files(connection, subscription_id, files_before, now)
            store.delete_old_jobs(connection, subscription_id, jobs_before)
            lead_imports.forget_imports(connection, subscription_id, files_before)
            forget_outcomes(connection, subscription_id, now - KEY_MEMORY)

    def _sweep_files(self, subscription_id: SubscriptionId) -> None:
        # The files are listed before the jobs are: a file that appears later is not looked at,
        # and a job that was claimed later has no file in the list.
        names = self._files.names(subscription_id)
        with self._database.read() as connection:
            used = store.files_in_use(connection, subscription_id)
            claims = store.claims_in_progress(connection, subscription_id)
        for export_id, fence in claims:
            used |= {part_name(export_id, fence), result_name(export_id, fence)}
        for name in names - used:
            self._files.delete(subscription_id, name)

    def _sweep_uploads(self, subscription_id: SubscriptionId) -> None:
        before = (self._clock() - _UPLOAD_GRACE).timestamp()
        numbers = self._uploads.numbers(subscription_id, older_than=before)
        with self._database.read() as connection:
            used = lead_imports.unfinished_ids(connection, subscription_id)
        for number in numbers - used:
            self._uploads.delete(subscription_id, number)
