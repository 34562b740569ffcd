"""The thread that settles while a server runs, so that the store keeps only what is fresh."""

from __future__ import annotations

import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

import structlog

from tailrace.activities.settling import settle
from tailrace.store.hot_activities import hot_range

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions

#: Seconds between looks at how many hot activities there are.
_LOOK_SECONDS = 0.5

_log = structlog.get_logger(__name__)


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
        self._is_stopping = threading.Event()
        self._thread = threading.Thread(target=self._repeat, name="settler")

    def start(self) -> None:
        """Settle what an earlier process has left, then again and again."""
        self._thread.start()

    def stop(self) -> None:
        self._is_stopping.set()
        if self._thread.is_alive():
            self._thread.join()

    def settle(self, subscription_id: SubscriptionId) -> int:
        """Settle one subscription now; returns how many activities it moved."""
        return settle(self._database, self._activity_log(subscription_id), subscription_id)

    def make_room(self, subscription_id: SubscriptionId) -> None:
        """Wait until there is room for more hot activities, settling if need be.

        To be called before the transaction that writes them begins: settling writes, too.
        """
        if self._hot_rows(subscription_id) > self._limits.most_rows:
            self.settle(subscription_id)

    def _repeat(self) -> None:
        pause = 0.0
        while not self._is_stopping.wait(pause):
            pause = min(_LOOK_SECONDS, self._limits.seconds)
            try:
                self._settle_what_is_due()
            except Exception:  # noqa: BLE001 - the rows are safe where they are: try again later
                _log.exception("settle_failed")
                pause = self._limits.seconds

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
