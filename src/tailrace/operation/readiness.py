"""Whether this server should be sent calls: what a load balancer asks every few seconds.

Theory of operation: anybody may ask, so an answer is kept for a second, and asking costs no more
than that. A server that is about to stop says no before it stops listening. What has not answered
in some seconds does not hold, and is not asked again until it has.
"""

from __future__ import annotations

import shutil
import threading
import time
from concurrent.futures import Future, ThreadPoolExecutor, wait
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

#: As long as any load balancer waits, and longer than a machine that is only busy takes.
_PATIENCE_SECONDS = 10.0

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
        self._conditions: Mapping[str, Callable[[], bool | None]] = {
            "store": self._does_store_answer,
            "lake": self._is_lake_readable,
            "disk": self._has_disk_room,
            **elsewhere,
        }
        self._least_free_bytes = least_free_megabytes * _MEGABYTE
        self._database = database
        self._subscriptions = subscriptions
        self._activity_log = activity_log
        self._cluster = cluster
        self._is_stopping = False
        self._lock = threading.Lock()
        self._threads = ThreadPoolExecutor(len(self._conditions), thread_name_prefix="readiness")
        self._looks: dict[str, Future[bool]] = {}
        self._checks: Mapping[str, bool] = {}
        self._checked_at = float("-inf")

    def begin_stopping(self) -> None:
        """From now on it is not ready, whatever else is well."""
        self._is_stopping = True

    def checks(self) -> Mapping[str, bool]:
        """Each condition by its name, and whether it holds; ready is who has them all."""
        with self._lock:
            if time.monotonic() - self._checked_at > _KEPT_SECONDS:
                self._checks = self._look()
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

    def _look(self) -> Mapping[str, bool]:
        for name, check in self._conditions.items():
            look = self._looks.get(name)
            if look is None or look.done():
                self._looks[name] = self._threads.submit(self._holds, name, check)
        wait(self._looks.values(), timeout=_PATIENCE_SECONDS)
        return {name: look.done() and look.result() for name, look in self._looks.items()}

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
        log = self._activity_log(self._subscriptions.default_id())
        # One that nothing was ever written to is not made by asking.
        return not log.is_made() or log.settled_to() >= 0

    def _has_disk_room(self) -> bool:
        return shutil.disk_usage(self._home).free >= self._least_free_bytes
