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

#: Pieces made before one is taken: enough to even out the pace of two stages, bounding memory.
PIECES_AHEAD = 3


@dataclass(frozen=True, slots=True)
class _End:
    #: What ended the items before their time.
    error: BaseException | None = None


class _Stage(Generic[Item]):
    """A thread that makes items until there are no more, or nobody wants them any longer."""

    def __init__(self, items: Iterable[Item], ahead: int) -> None:
        self._items = items
        self._made: queue.SimpleQueue[Item | _End] = queue.SimpleQueue()
        self._room = threading.Semaphore(ahead)
        self._is_wanted = True
        self._thread = threading.Thread(target=self._run, name="read-ahead", daemon=True)
        self._thread.start()

    def items(self) -> Iterator[Item]:
        while True:
            item = self._made.get()
            if isinstance(item, _End):
                if item.error is not None:
                    raise item.error
                return
            self._room.release()
            yield item

    def stop(self) -> None:
        self._is_wanted = False
        self._room.release()
        self._thread.join()

    def _run(self) -> None:
        try:
            self._room.acquire()
            for item in self._items:
                self._made.put(item)
                self._room.acquire()
                if not self._is_wanted:
                    return
        except BaseException as error:  # noqa: BLE001 - raised again where the items are taken
            self._made.put(_End(error))
        else:
            self._made.put(_End())


@contextmanager
def read_ahead(items: Iterable[Item], ahead: int = PIECES_AHEAD) -> Generator[Iterator[Item]]:
    """The same items, made in a thread of their own; it has ended when the block is left.

    So many as `ahead` says are made or being made that were not taken yet.
    """
    stage = _Stage(items, ahead)
    try:
        yield stage.items()
    finally:
        stage.stop()
