"""The lock that makes one process and one thread at a time write to a table."""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class TableLock:
    """Held by whoever writes; the holder may take it again. The kernel drops it with the process."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._thread_lock = threading.RLock()
        self._depth = 0
        self._descriptor = -1

    @contextmanager
    def held(self) -> Generator[None]:
        """Waits until nobody else holds the lock, in this process or another on this machine."""
        with self._thread_lock:
            if self._depth == 0:
                self._descriptor = self._locked_descriptor()
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1
                if self._depth == 0:
                    os.close(self._descriptor)

    def _locked_descriptor(self) -> int:
        descriptor = os.open(self._path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            fcntl.flock(descriptor, fcntl.LOCK_EX)
        except BaseException:
            os.close(descriptor)
            raise
        return descriptor
