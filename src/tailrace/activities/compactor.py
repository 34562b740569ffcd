"""The thread that compacts the lakes while a server runs, so that small appends do not slow exports."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from tailrace.lake.compaction import compact
from tailrace.lake.compaction_plan import due
from tailrace.repeating import Repeating

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.lake.snapshot import DataFile
    from tailrace.store.subscriptions import Subscriptions

_log = structlog.get_logger(__name__)


class Compactor:
    """Compacts the lake of every subscription of one home, every `pause_seconds`; never if 0."""

    def __init__(
        self,
        subscriptions: Subscriptions,
        *,
        activity_log: Callable[[SubscriptionId], ActivityLog],
        pause_seconds: float,
        clock: Callable[[], datetime],
    ) -> None:
        self._subscriptions = subscriptions
        self._activity_log = activity_log
        self._is_wanted = pause_seconds > 0
        self._clock = clock
        # After an error the next round finds the same work again.
        self._repeating = Repeating("compactor", self._compact_all, pause_seconds=pause_seconds)

    def start(self) -> None:
        """Begin, after a first pause: a server has more urgent things to do as it starts."""
        if self._is_wanted:
            self._repeating.start(at_once=False)

    def stop(self) -> None:
        """Give up what is under way; nothing of it stays."""
        self._repeating.stop()

    def compact(self, subscription_id: SubscriptionId) -> int:
        """Compact one subscription now; returns how many files fewer its lake has."""
        log = self._activity_log(subscription_id)
        files_fewer = 0
        for files in self._due(log):
            done = compact(
                log, files, self._clock(), is_stopping=lambda: self._repeating.is_stopping
            )
            if done is None:
                continue
            files_fewer += done.files_before - done.files_after
            _log.info(
                "lake_compacted",
                subscription_id=subscription_id,
                files_before=done.files_before,
                files_after=done.files_after,
                rows=done.rows,
            )
        return files_fewer

    def _due(self, log: ActivityLog) -> list[tuple[DataFile, ...]]:
        with log.storage.refusals_told():
            return list(due(log.snapshot(), self._clock()))

    def _compact_all(self) -> None:
        for subscription_id in self._subscriptions.ids():
            if not self._repeating.is_stopping:
                self.compact(subscription_id)
