"""A thread that does one thing again and again until it is stopped, and outlives its errors."""

from __future__ import annotations

import os
import sys
import threading
from typing import TYPE_CHECKING

import structlog

if TYPE_CHECKING:
    from collections.abc import Callable

_log = structlog.get_logger(__name__)

#: Of 19, beyond what the process has. What runs in the background takes what requests leave of the
#: processors, and a third of their share at least: with more of it, exports nearly stand on a
#: machine that is busy otherwise.
_NICENESS = 5


class Repeating:
    """Calls `action` every `pause_seconds`, and sooner when it is woken.

    What the action raises is logged under the thread's name and tried again after
    `pause_after_error_seconds`, which are the same unless given.
    """

    def __init__(
        self,
        name: str,
        action: Callable[[], None],
        *,
        pause_seconds: float,
        pause_after_error_seconds: float | None = None,
    ) -> None:
        self._action = action
        self._pause_seconds = pause_seconds
        self._pause_after_error_seconds = pause_after_error_seconds or pause_seconds
        self._is_first_due = True
        self._is_first_done = threading.Event()
        self._wake = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name=name)

    @property
    def is_stopping(self) -> bool:
        return self._stopping.is_set()

    def start(self, *, at_once: bool = True) -> None:
        """Begin with the action, or with a pause."""
        self._is_first_due = at_once
        self._thread.start()

    def start_and_wait(self) -> None:
        """Begin with the action, and return when it was done once, or has failed."""
        self.start()
        self._is_first_done.wait()

    def wake(self) -> None:
        """Do it now rather than at the end of the pause."""
        self._wake.set()

    def stop(self) -> None:
        """Do it no more; returns when what is under way has ended."""
        self._stopping.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()

    def wait_unless_stopping(self, seconds: float) -> None:
        """Pause within an action, no longer than until the stop."""
        self._stopping.wait(seconds)

    def _run(self) -> None:
        if sys.platform == "linux":
            # Of this thread alone, and of those that it will start. Never upwards: that is allowed
            # to few, and whoever started the server with `nice` has meant it.
            own = threading.get_native_id()
            niceness = os.getpriority(os.PRIO_PROCESS, own) + _NICENESS
            os.setpriority(os.PRIO_PROCESS, own, niceness)
        try:
            pause = self._act() if self._is_first_due else self._pause_seconds
        finally:
            self._is_first_done.set()
        while not self.is_stopping:
            self._wake.wait(pause)
            self._wake.clear()
            if not self.is_stopping:
                pause = self._act()

    def _act(self) -> float:
        """Seconds to pause after it."""
        try:
            self._action()
        except Exception:  # noqa: BLE001 - whatever it is may be over the next time
            _log.exception("failed", thread=self._thread.name)
            return self._pause_after_error_seconds
        return self._pause_seconds
