"""The lock that makes one process and one thread at a time write to a table."""

from __future__ import annotations

import fcntl
import os
import threading
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

from tailrace.durability import make_directory

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from contextlib import AbstractContextManager
    from pathlib import Path


class TableLock:
    """Held by whoever writes; the holder may take it again.

    `taken` keeps other processes out while its block lasts, and waits for them first.
    """

    def __init__(self, taken: Callable[[], AbstractContextManager[None]]) -> None:
        self._taken = taken
        self._thread_lock = threading.RLock()
        self._depth = 0

    @contextmanager
    def held(self) -> Generator[None]:
        """Waits until nobody else holds the lock, in this process or another."""
        with self._thread_lock, ExitStack() as stack:
            if self._depth == 0:
                stack.enter_context(self._taken())
            self._depth += 1
            try:
                yield
            finally:
                self._depth -= 1


@contextmanager
def locked_file(path: Path) -> Generator[None]:
    """Keep out other processes that lock the file. The kernel drops the lock with the process."""
    make_directory(path.parent)
    descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX)
        yield
    finally:
        os.close(descriptor)
