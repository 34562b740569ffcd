"""Waiting for something to become true, never longer than a deadline and never a fixed time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: Long enough for a busy machine, short enough that a hang is noticed.
DEADLINE_SECONDS = 30.0
_LOOK_EVERY_SECONDS = 0.01


def wait_for(look: Callable[[], T | None], what: str, seconds: float = DEADLINE_SECONDS) -> T:
    """The first answer of `look` that is not None. Fails the test with `what` at the deadline."""
    deadline = time.monotonic() + seconds
    while True:
        seen = look()
        if seen is not None:
            return seen
        if time.monotonic() > deadline:
            raise AssertionError(f"waited {seconds} s in vain for {what}")
        time.sleep(_LOOK_EVERY_SECONDS)


def wait_until(holds: Callable[[], bool], what: str, seconds: float = DEADLINE_SECONDS) -> None:
    """Return once `holds()` is true. Fails the test with `what` at the deadline."""
    wait_for(lambda: True if holds() else None, what, seconds)
