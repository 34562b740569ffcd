"""Runs submitted imports: claims them under a lease, imports some rows at a time, gives up cleanly.

Theory of operation: each transaction imports some rows, counts them as done and renews the
lease, all under the fencing number of the claim. So an import that dies is exactly as far as its
row says; whoever claims it next skips the records that are done and goes on.
"""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from itertools import islice
from typing import TYPE_CHECKING

import structlog

from tailrace.crash_points import reach
from tailrace.domain.errors import (
    AdministrationError,
    LeaseLostError,
    LookupFieldError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from tailrace.domain.lead_lookup import lookup_field
from tailrace.imports.importing import import_rows
from tailrace.imports.records import open_rows
from tailrace.ingest.read_ahead import read_ahead
from tailrace.repeating import Repeating
from tailrace.store import lead_imports as store
from tailrace.store.turns import CLAIMS, jobs_of, records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime

    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.domain.lead_import import LeadImport
    from tailrace.files.uploads import Uploads
    from tailrace.imports.records import ImportRow
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions

_log = structlog.get_logger(__name__)

#: Rows of a transaction: other writers wait a fraction of a second for it.
ROWS_PER_TRANSACTION = 2_000

#: Imports that this process runs at once; they take turns at writing anyway.
_THREADS = 2


class ImportRunner:
    """The imports of every subscription in one home, run by this process."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        uploads: Uploads,
        *,
        lease_seconds: int,
        maximum_attempts: int,
        poll_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._uploads = uploads
        self._lease = timedelta(seconds=lease_seconds)
        self._maximum_attempts = maximum_attempts
        self._clock = clock
        self._free = threading.Semaphore(_THREADS)
        self._threads = ThreadPoolExecutor(_THREADS, thread_name_prefix="import")
        # Jobs of others must go on being run, whatever an error was.
        self._dispatcher = Repeating(
            "import-dispatcher", self._start_claimed, pause_seconds=poll_seconds
        )

    def start(self) -> None:
        """Begin to import."""
        self._dispatcher.start()

    def wake(self) -> None:
        """Look for work now rather than at the next poll."""
        self._dispatcher.wake()

    def stop(self) -> None:
        """Let running imports end with the transaction that they are in, and end the threads."""
        self._dispatcher.stop()
        self._threads.shutdown(wait=True)

    def run_pending(self) -> int:
        """Run what is submitted now in this thread; returns how many imports that were."""
        count = 0
        while (claimed := self._claim()) is not None:
            self._run(claimed)
            count += 1
        return count

    def _start_claimed(self) -> None:
        while self._free.acquire(blocking=False):
            claimed = None
            try:
                claimed = self._claim()
            finally:
                if claimed is None:
                    self._free.release()
            if claimed is None:
                return
            self._threads.submit(self._run_and_release, claimed)

    def _run_and_release(self, claimed: LeadImport) -> None:
        try:
            self._run(claimed)
        finally:
            self._free.release()
            self._dispatcher.wake()

    def _claim(self) -> LeadImport | None:
        with self._database.read() as connection:
            if store.claimable(connection, self._clock()) is None:
                return None
        with self._database.write(CLAIMS) as connection:
            now = self._clock()
            while (found := store.claimable(connection, now)) is not None:
                if found.attempts < self._maximum_attempts:
                    claimed = store.claim(connection, found, now, now + self._lease)
                    reach("import.claim.before_commit")
                    return claimed
                reason = f"The import was interrupted {found.attempts} times and given up"
                store.fail(connection, found, reason, now)
        return None

    def _run(self, claimed: LeadImport) -> None:
        log = _log.bind(import_id=claimed.id, attempt=claimed.fence)
        reach("import.begin")
        try:
            self._import(claimed)
        except LeaseLostError:
            log.info("import_abandoned")
            self._give_back(claimed, is_attempt=False)
        except StoreUnavailableError:
            log.exception("import_interrupted")
            self._give_back(claimed, is_attempt=True)
        except ObjectNotFoundError:
            self._fail(claimed, "List not found")
        except LookupFieldError:
            self._fail(claimed, "Lookup field not found")
        except (OSError, AdministrationError):
            log.exception("import_failed")
            self._fail(claimed, "The server could not read the uploaded file")
        except Exception:
            # Whatever goes wrong ends the import, never the runner.
            log.exception("import_failed")
            self._fail(claimed, "System error")

    def _import(self, claimed: LeadImport) -> None:
        fields = self._subscriptions.lead_fields(claimed.subscription_id)
        lookup = lookup_field(fields, claimed.lookup_field)
        path = self._uploads.path(claimed.subscription_id, claimed.id)
        with open_rows(path, claimed, fields, lookup) as rows:
            behind = islice(rows, claimed.counts.records, None)
            # The next rows are read while these are stored.
            with read_ahead(_pieces(behind)) as pieces:
                for some in pieces:
                    self._import_some(claimed, fields, lookup, some)
        with self._database.write(jobs_of(claimed.subscription_id)) as connection:
            if not store.complete(connection, claimed, self._clock()):
                raise LeaseLostError
            reach("import.complete.before_commit")
        reach("import.complete.after_commit")
        self._uploads.delete(claimed.subscription_id, claimed.id)

    def _import_some(
        self,
        claimed: LeadImport,
        fields: LeadFieldCatalogue,
        lookup: LeadField,
        rows: list[ImportRow],
    ) -> None:
        if self._dispatcher.is_stopping:
            raise LeaseLostError
        with self._database.write(records_of(claimed.subscription_id)) as connection:
            # Only now: the wait for the write lock is no part of the moment or the lease.
            now = self._clock()
            done = import_rows(connection, claimed, fields, lookup, rows, now)
            if not store.advance(
                connection, claimed, done.counts, done.failures, now + self._lease
            ):
                raise LeaseLostError
            reach("import.rows.before_commit")
        reach("import.rows.after_commit")

    def _fail(self, claimed: LeadImport, reason: str) -> None:
        try:
            with self._database.write(jobs_of(claimed.subscription_id)) as connection:
                is_failed = store.fail(connection, claimed, reason, self._clock())
                reach("import.fail.before_commit")
        except StoreUnavailableError:
            # Its lease runs out and it is tried again.
            _log.exception("import_fail_failed", import_id=claimed.id)
            return
        if is_failed:
            self._uploads.delete(claimed.subscription_id, claimed.id)

    def _give_back(self, claimed: LeadImport, *, is_attempt: bool) -> None:
        """Let the import be claimed again at once; nothing if it is no longer ours."""
        try:
            with self._database.write(jobs_of(claimed.subscription_id)) as connection:
                store.release(connection, claimed, self._clock(), is_attempt=is_attempt)
        except StoreUnavailableError:
            _log.exception("import_give_back_failed", import_id=claimed.id)


def _pieces(rows: Iterator[ImportRow]) -> Iterator[list[ImportRow]]:
    while piece := list(islice(rows, ROWS_PER_TRANSACTION)):
        yield piece
