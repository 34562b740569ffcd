"""Objects that somebody reads: deleting one of them waits until nobody does.

Object storage has no open files: whoever reads a file asks for one piece after another, and a
deleted object has no more of them. So deletions and readers of one process are brought together
here. What other processes read is not known: an object is left to them for a time of grace.
"""

from __future__ import annotations

import threading
import time
from collections import Counter


class OpenObjects:
    """By their keys; for any number of threads."""

    def __init__(self, grace_seconds: float) -> None:
        self._grace_seconds = grace_seconds
        self._lock = threading.Lock()
        self._readers: Counter[str] = Counter()
        #: When each was first to be deleted.
        self._doomed: dict[str, float] = {}

    def begin(self, key: str) -> bool:
        """Count one more reader, unless the object is to be deleted."""
        with self._lock:
            if key in self._doomed:
                return False
            self._readers[key] += 1
            return True

    def end(self, key: str) -> bool:
        """Count one reader less; whether the object waited for just that to be deleted."""
        with self._lock:
            self._readers[key] -= 1
            if self._readers[key]:
                return False
            del self._readers[key]
            return self._may_go(key)

    def doom(self, key: str) -> bool:
        """No new readers from now on; whether it can be deleted at once."""
        with self._lock:
            self._doomed.setdefault(key, time.monotonic())
            return self._may_go(key)

    def deleted(self, key: str) -> None:
        """It is gone."""
        with self._lock:
            self._doomed.pop(key, None)

    def forget_others(self, folder: str, keys: set[str]) -> None:
        """In `folder`, nothing but `keys` is there any more: others have deleted the rest."""
        with self._lock:
            gone = [key for key in self._doomed if key.startswith(folder) and key not in keys]
            for key in gone:
                del self._doomed[key]

    def _may_go(self, key: str) -> bool:
        since = self._doomed.get(key)
        if since is None or key in self._readers:
            return False
        return time.monotonic() - since >= self._grace_seconds
