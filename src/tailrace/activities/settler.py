"""The thread that settles while a server runs, so that the store keeps only what is fresh."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.activities.settling import settle
from tailrace.repeating import Repeating
from tailrace.store.hot_activities import hot_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions

#: Seconds between looks at how many hot activities there are.
_LOOK_SECONDS = 0.5


@dataclass(frozen=True, slots=True)
class SettlingLimits:
    #: Hot activities wait this long at most, as a rule.
    seconds: float
    #: So many are settled at once.
    rows: int
    #: Above so many, whoever writes more settles first.
    most_rows: int


class Settler:
    """Settles the activities of every subscription of one home."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        *,
        activity_log: Callable[[SubscriptionId], ActivityLog],
        limits: SettlingLimits,
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._activity_log = activity_log
        self._limits = limits
        self._due_at = 0.0
        # After an error the rows are safe where they are.
        self._repeating = Repeating(
            "settler",
            self._settle_what_is_due,
            pause_seconds=min(_LOOK_SECONDS, limits.seconds),
            pause_after_error_seconds=limits.seconds,
        )

    def start(self) -> None:
        """Settle what an earlier process has left, then again and again."""
        self._repeating.start()

    def stop(self) -> None:
        self._repeating.stop()

    def settle(self, subscription_id: SubscriptionId) -> int:
        """Settle one subscription now; returns how many activities it moved."""
        return settle(self._database, self._activity_log(subscription_id), subscription_id)

    def make_room(self, subscription_id: SubscriptionId) -> None:
        """Wait until there is room for more hot activities, settling if need be.

        To be called before the transaction that writes them begins: settling writes, too.
        """
        if self._hot_rows(subscription_id) > self._limits.most_rows:
            self.settle(subscription_id)

    def _settle_what_is_due(self) -> None:
        is_time = time.monotonic() >= self._due_at
        if is_time:
            self._due_at = time.monotonic() + self._limits.seconds
        for subscription_id in self._subscriptions.ids():
            hot_rows = self._hot_rows(subscription_id)
            if hot_rows >= self._limits.rows or (is_time and hot_rows):
                self.settle(subscription_id)

    def _hot_rows(self, subscription_id: SubscriptionId) -> int:
        with self._database.read() as connection:
            hot = hot_range(connection, subscription_id)
        return 0 if hot is None else hot.most_rows
