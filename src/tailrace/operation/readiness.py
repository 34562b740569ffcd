"""Whether this server should be sent calls: what a load balancer asks every few seconds.

Theory of operation: anybody may ask, so an answer is kept for a second, and asking costs no more
than that. A server that is about to stop says no before it stops listening.
"""

from __future__ import annotations

import shutil
import threading
import time
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import select

from tailrace.domain.errors import HomeError, RetryLaterError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.operation.cluster_watch import ClusterWatch
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions

_log = structlog.get_logger(__name__)

_KEPT_SECONDS = 1.0

_MEGABYTE = 1024 * 1024


class Readiness:
    """Of one server on one home."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        *,
        activity_log: Callable[[SubscriptionId], ActivityLog],
        home: Path,
        least_free_megabytes: int,
        elsewhere: Mapping[str, Callable[[], None]],
        cluster: ClusterWatch | None = None,
    ) -> None:
        """`elsewhere` are parts that are not in the home: each raises if it does not answer."""
        self._home = home
        self._elsewhere = elsewhere
        self._least_free_bytes = least_free_megabytes * _MEGABYTE
        self._database = database
        self._subscriptions = subscriptions
        self._activity_log = activity_log
        self._cluster = cluster
        self._is_stopping = False
        self._lock = threading.Lock()
        self._checks: Mapping[str, bool] = {}
        self._checked_at = float("-inf")

    def begin_stopping(self) -> None:
        """From now on it is not ready, whatever else is well."""
        self._is_stopping = True

    def checks(self) -> Mapping[str, bool]:
        """Each condition by its name, and whether it holds; ready is who has them all."""
        with self._lock:
            if time.monotonic() - self._checked_at > _KEPT_SECONDS:
                self._checks = {
                    "store": self._holds("store", self._does_store_answer),
                    "lake": self._holds("lake", self._is_lake_readable),
                    "disk": self._holds("disk", self._has_disk_room),
                    **{name: self._holds(name, check) for name, check in self._elsewhere.items()},
                }
                self._checked_at = time.monotonic()
            return {**self._checks, "notStopping": not self._is_stopping}

    def cluster(self) -> Mapping[str, bool | int] | None:
        """How the cluster is that renders; None without one.

        No condition: calls are answered without it, exports wait for it, and taking every server
        out at once would help nobody.
        """
        if self._cluster is None:
            return None
        state = self._cluster.state()
        return {"reachable": state is not None, "workers": state.workers if state else 0}

    def _holds(self, name: str, check: Callable[[], bool | None]) -> bool:
        try:
            return check() is not False
        except (RetryLaterError, HomeError, OSError):
            # What is wrong is the operator's to read, not whoever asked.
            _log.exception("not_ready", check=name)
            return False

    def _does_store_answer(self) -> bool:
        with self._database.read() as connection:
            return connection.execute(select(1)).scalar() == 1

    def _is_lake_readable(self) -> bool:
        if "lake" in self._elsewhere:
            return True
        log = self._activity_log(self._subscriptions.default_id())
        # One that nothing was ever written to is not made by asking.
        return not log.is_made() or log.settled_to() >= 0

    def _has_disk_room(self) -> bool:
        return shutil.disk_usage(self._home).free >= self._least_free_bytes
