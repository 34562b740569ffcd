"""Stages of a pipeline: what one thread makes, another takes, a few pieces apart."""

from __future__ import annotations

import queue
import threading
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Generic, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Iterator

Item = TypeVar("Item")

#: Pieces that may wait between two stages: enough to even out their pace, bounding memory.
QUEUED_PIECES = 2


@dataclass(frozen=True, slots=True)
class _End:
    #: What ended the items before their time.
    error: BaseException | None = None


class _Stage(Generic[Item]):
    """A thread that makes items until there are no more, or nobody wants them any longer."""

    def __init__(self, items: Iterable[Item]) -> None:
        self._items = items
        self._queue: queue.Queue[Item | _End] = queue.Queue(QUEUED_PIECES)
        self._is_wanted = True
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
        self._thread.start()

    def items(self) -> Iterator[Item]:
        while True:
            item = self._queue.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            yield item

    def stop(self) -> None:
        self._is_wanted = False
        while self._thread.is_alive():
            # The thread may be waiting for room.
            self._discard()
            self._thread.join(0.01)

    def _run(self) -> None:
        try:
            for item in self._items:
                self._queue.put(item)
                if not self._is_wanted:
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the items are taken
            self._queue.put(_End(error))
        else:
            self._queue.put(_End())

    def _discard(self) -> None:
        try:
            self._queue.get_nowait()
        except queue.Empty:
            return


@contextmanager
def read_ahead(items: Iterable[Item]) -> Generator[Iterator[Item]]:
    """The same items, made in a thread of their own; it has ended when the block is left."""
    stage = _Stage(items)
    try:
        yield stage.items()
    finally:
        stage.stop()
