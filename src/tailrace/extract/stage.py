"""One stage of a pipeline: a thread that makes items ahead of the thread that takes them."""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Callable
from contextvars import copy_context
from functools import partial
from typing import TYPE_CHECKING, Generic, Self, TypeVar

if TYPE_CHECKING:
    from collections.abc import Iterator

Item = TypeVar("Item")

#: Hands an item to whoever takes them; blocks while enough are waiting.
Put = Callable[[Item], None]

_IDLE_SECONDS = 1.0


class StageAbandonedError(Exception):
    """Raised by `put` when nobody takes the items any more."""


class Stage(Generic[Item]):
    """Runs `produce(put)` in a thread while the `with` block that it opens takes the items.

    `put` returns once fewer than `ahead` items are waiting, so a producer works on at most one
    item beyond those. What `produce` raises is raised by `items` in its place. Leaving the block
    ends and joins the thread, whatever happened.
    """

    def __init__(self, produce: Callable[[Put[Item]], None], *, ahead: int, name: str) -> None:
        self._produce = produce
        self._ahead = ahead
        self._changed = threading.Condition()
        self._waiting: deque[Item] = deque()
        self._error: BaseException | None = None
        self._is_finished = False
        self._is_abandoned = False
        # What the logs of the export are bound to, those of its threads are bound to.
        run = partial(copy_context().run, self._run)
        self._thread = threading.Thread(target=run, name=name, daemon=True)

    def items(self, *, on_idle: Callable[[], None] | None = None) -> Iterator[Item]:
        """The items in order; calls `on_idle` each second that none comes.

        An item is the caller's alone: nothing here holds on to it.
        """
        while self._has_item(on_idle):
            yield self._taken()
        if self._error is not None:
            raise self._error

    def _has_item(self, on_idle: Callable[[], None] | None) -> bool:
        """Waits for one. False when there are no more."""
        with self._changed:
            while not self._waiting and not self._is_finished:
                has_news = self._changed.wait(_IDLE_SECONDS)
                if not has_news and on_idle is not None:
                    on_idle()
            return bool(self._waiting)

    def _taken(self) -> Item:
        with self._changed:
            self._changed.notify_all()
            return self._waiting.popleft()

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        with self._changed:
            self._is_abandoned = True
            self._waiting.clear()
            self._changed.notify_all()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._produce(self._put)
        except BaseException as error:  # noqa: BLE001 - it is raised again where items are taken
            self._error = error
        with self._changed:
            self._is_finished = True
            self._changed.notify_all()

    def _put(self, item: Item) -> None:
        with self._changed:
            if not self._is_abandoned:
                self._waiting.append(item)
                self._changed.notify_all()
            self._changed.wait_for(lambda: self._is_abandoned or len(self._waiting) < self._ahead)
            if self._is_abandoned:
                raise StageAbandonedError
