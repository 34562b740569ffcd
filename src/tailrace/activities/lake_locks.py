"""Which lock orders the writers of a lake: a file beside it, or one of the store they share."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from tailrace.lake.table_lock import TableLock, locked_file

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.database import Database


class LakeLocks:
    """The locks of one home, whose directory `path` holds its lake unless that is elsewhere."""

    def __init__(self, database: Database, path: Path, *, is_elsewhere: bool) -> None:
        self._database = database
        self._path = path
        # Servers on other machines write to the same lake, whatever home they are on.
        self._is_of_the_store = is_elsewhere and database.is_shared
        self._locks: dict[SubscriptionId, TableLock] = {}

    def of(self, subscription_id: SubscriptionId) -> TableLock:
        """The one lock by which this process keeps others from writing to a subscription's lake."""
        known = self._locks.get(subscription_id)
        return known or self._locks.setdefault(subscription_id, self._lock(subscription_id))

    def _lock(self, subscription_id: SubscriptionId) -> TableLock:
        if self._is_of_the_store:
            return TableLock(partial(self._database.lake_turn, subscription_id))
        path = self._path / str(subscription_id) / "activities.lock"
        return TableLock(partial(locked_file, path))
