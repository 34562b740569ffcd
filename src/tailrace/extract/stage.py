"""One stage of a pipeline: a thread that makes items ahead of the thread that takes them."""

from __future__ import annotations

import threading
from collections import deque
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable

Item = TypeVar("Item")


class StageAbandonedError(Exception):
    """Raised inside a stage's thread when nobody takes its items any more."""


class Stage(Generic[Item]):
    """Runs `produce(put)` in a thread; whoever is inside the `with` block takes what it puts.

    `put` blocks while `ahead` items wait to be taken, so a producer that makes an item between
    two puts is at most that many items ahead. An error of `produce` is raised by `take` in place
    of the next item. Leaving the block ends and joins the thread, whatever happened.
    """

    def __init__(
        self, produce: Callable[[Callable[[Item], None]], None], *, ahead: int, name: str
    ) -> None:
        self._produce = produce
        self._ahead = ahead
        self._changed = threading.Condition()
        self._waiting: deque[Item] = deque()
        self._error: BaseException | None = None
        self._is_finished = False
        self._is_abandoned = False
        self._thread = threading.Thread(target=self._run, name=name, daemon=True)

    def take(self, timeout_seconds: float | None = None) -> Item | None:
        """The next item. Raises StopIteration"""
