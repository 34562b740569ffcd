"""Waiting for something to become true, never longer than a deadline and never a fixed time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")

#: Only a hang lasts longer, however slow the machine: no test depends on how fast anything is.
DEADLINE_SECONDS = 60.0
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
