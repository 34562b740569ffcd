"""How the cluster that renders exports is, looked up at most every few seconds.

A load balancer and Prometheus ask often, and a scheduler that is gone takes two seconds to say so.
"""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.domain.cluster_state import ClusterState

_KEPT_SECONDS = 5.0


class ClusterWatch:
    """`look` says what there is; None if the cluster does not answer."""

    def __init__(self, look: Callable[[], ClusterState | None]) -> None:
        self._look = look
        self._lock = threading.Lock()
        self._state: ClusterState | None = None
        self._looked_at = float("-inf")

    def state(self) -> ClusterState | None:
        """The cluster as it was some seconds ago at the most; None if it did not answer."""
        with self._lock:
            if time.monotonic() - self._looked_at > _KEPT_SECONDS:
                self._state = self._look()
                self._looked_at = time.monotonic()
            return self._state
