"""Pages of activities, each once, whether hot or in the lake by now (contract section 6.4).

Theory of operation: what is hot is looked at first, in one transaction, then the newest version of
the lake. What was settled before the first is in the second; what was settled in between is in
both, and the version says up to which GUID that is. A page that ends before the earliest hot
activity needs none of them, and of the first look no more than that date. Activities of the future wait for their time: a
reader who went past them would not see what happens before.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.activities.lake_window import TimedFile
from tailrace.activities.lake_windows import LakeWindows
from tailrace.activities.wanted import may_hold
from tailrace.domain.activity_paging import ActivityPage, LoggedActivity
from tailrace.domain.instants import instant_of, second_of
from tailrace.store.hot_activities import earliest_hot_second, hot_page
from tailrace.store.remembered import Remembered

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from tailrace.domain.activity_paging import ActivityPosition, ActivitySelection
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.lake.snapshot import DataFile
    from tailrace.lake.table_storage import TableStorage
    from tailrace.store.database import Database
    from tailrace.store.hot_activities import HotRow


@dataclass(frozen=True, slots=True)
class _KnownLake:
    """One version of a lake."""

    version: int
    settled_to: int
    storage: TableStorage
    files: tuple[tuple[DataFile, TimedFile], ...]

    def files_for(self, wanted: ActivitySelection) -> list[TimedFile]:
        return [timed for file, timed in self.files if may_hold(file, wanted)]


@dataclass(frozen=True, slots=True)
class _LakePage:
    """What one version of the lake has for a page."""

    found: list[LoggedActivity]
    version: int
    settled_to: int
    #: How far was looked for it; None where nothing is left to look through.
    looked_to: ActivityPosition | None
    #: Behind what no hot row can be on the page; None where any can.
    end: ActivityPosition | None


class ActivityPages:
    """The activity logs of one home, read forwards."""

    def __init__(
        self,
        database: Database,
        activity_log: Callable[[SubscriptionId], ActivityLog],
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._activity_log = activity_log
        self._clock = clock
        self._windows = LakeWindows()
        self._first_hot = Remembered(database, self._read_first_hot)
        self._lakes: dict[SubscriptionId, _KnownLake] = {}

    def page(
        self,
        subscription_id: SubscriptionId,
        wanted: ActivitySelection,
        after: ActivityPosition,
        limit: int,
    ) -> ActivityPage:
        """The first `limit` wanted activities behind a position, by date and GUID."""
        last_second = second_of(self._clock())
        first_hot = self._first_hot.get(subscription_id)
        cold = self._lake_page(subscription_id, wanted, after, last_second, limit)
        if first_hot is None or (cold.end is not None and cold.end.second < first_hot):
            # Nearly every page lies before all that is hot, however much that is.
            return _page(cold, [], after, limit)
        with self._database.read() as connection:
            hot = hot_page(
                connection,
                subscription_id,
                wanted,
                after,
                last_second=last_second,
                limit=limit + 1,
            )
        if not self._activity_log(subscription_id).is_current(cold.version):
            cold = self._lake_page(subscription_id, wanted, after, last_second, limit)
        return _page(cold, _fresh(hot, cold), after, limit)

    def _read_first_hot(self, subscription_id: SubscriptionId) -> int | None:
        with self._database.read() as connection:
            return earliest_hot_second(connection, subscription_id)

    def _lake_page(
        self,
        subscription_id: SubscriptionId,
        wanted: ActivitySelection,
        after: ActivityPosition,
        last_second: int,
        limit: int,
    ) -> _LakePage:
        lake = self._lake(subscription_id)
        part = self._windows.read(
            lake.storage,
            lake.files_for(wanted),
            wanted,
            after,
            last_second=last_second,
            limit=limit + 1,
        )
        found = [LoggedActivity(*row) for row in part.rows.iter_rows()]
        is_full = len(found) > limit
        end = found[-1].position if is_full else part.looked_to
        return _LakePage(found, lake.version, lake.settled_to, part.looked_to, end)

    def _lake(self, subscription_id: SubscriptionId) -> _KnownLake:
        log = self._activity_log(subscription_id)
        known = self._lakes.get(subscription_id)
        if known is not None and log.is_current(known.version):
            return known
        snapshot = log.snapshot()
        files = tuple((file, TimedFile.of(file)) for file in snapshot.files)
        known = _KnownLake(snapshot.version, snapshot.settled_to, snapshot.storage, files)
        self._lakes[subscription_id] = known
        return known


def _fresh(hot: Sequence[HotRow], cold: _LakePage) -> list[LoggedActivity]:
    """The hot rows that the lake has not, and that may be on the page."""
    last = None if cold.end is None else (cold.end.second * 1_000_000, cold.end.guid)
    return [
        LoggedActivity(row[0], row[1], instant_of(row[2] // 1_000_000), *row[3:])
        for row in hot
        if row[0] > cold.settled_to and (last is None or (row[2], row[0]) <= last)
    ]


def _page(
    cold: _LakePage, fresh: list[LoggedActivity], after: ActivityPosition, limit: int
) -> ActivityPage:
    found = cold.found
    if fresh:
        found = sorted((*found, *fresh), key=lambda one: (one.at, one.guid))
    shown = tuple(found[:limit])
    if len(found) > limit:
        return ActivityPage(shown, end=shown[-1].position, has_more=True)
    if cold.looked_to is not None:
        return ActivityPage(shown, end=max(cold.looked_to, after), has_more=True)
    return ActivityPage(shown, end=shown[-1].position if shown else after, has_more=False)
