"""Objects that somebody reads: deleting one of them waits until nobody does.

Object storage has no open files: whoever reads a file asks for one piece after another, and a
deleted object has no more of them. So deletions and readers of one process are brought together
here; what several processes do is not known to each other.
"""

from __future__ import annotations

import threading
from collections import Counter


class OpenObjects:
    """By their keys; for any number of threads."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._readers: Counter[str] = Counter()
        self._doomed: set[str] = set()

    def begin(self, key: str) -> bool:
        """Count one more reader, unless the object is to be deleted."""
        with self._lock:
            if key in self._doomed:
                return False
            self._readers[key] += 1
            return True

    def end(self, key: str) -> bool:
        """Count one reader less; whether the object waited for that to be deleted."""
        with self._lock:
            self._readers[key] -= 1
            if self._readers[key]:
                return False
            del self._readers[key]
            return key in self._doomed

    def doom(self, key: str) -> bool:
        """No new readers from now on; whether it can be deleted at once."""
        with self._lock:
            self._doomed.add(key)
            return key not in self._readers

    def deleted(self, key: str) -> None:
        """It is gone."""
        with self._lock:
            self._doomed.discard(key)
