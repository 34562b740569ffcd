"""An export on a cluster that stands still where a test wants to look, or to break something."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from tailrace.extract.activity_source import ActivitySource
from tailrace.extract.executor import Work
from tailrace.extract.shard import packed_task
from tests.support.activities import activity_request
from tests.support.deadlines import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator

    from tailrace.extract.dask_executor import DaskExecutor
    from tailrace.extract.shard import Shard
    from tailrace.lake.activity_log import ActivityLog

#: So small that a thousand activities are some twenty fragments.
FRAGMENT_BYTES = 10_000


def works_of(log: ActivityLog, **filters: Any) -> Iterator[Work[int]]:
    """What an export of the log asks an executor for."""
    request = activity_request(**filters)
    source = ActivitySource(log.snapshot(), request, fragment_bytes=FRAGMENT_BYTES)
    for number, fragment in enumerate(source.fragments()):
        yield Work(number, packed_task(source.reader(), fragment, ","))


class HeldExport:
    """An export whose first shard is taken, and the next ones only once it is let go."""

    def __init__(self, works: Iterator[Work[int]], executor: DaskExecutor) -> None:
        self.has_begun = threading.Event()
        self.content = b""
        self._may_go_on = threading.Event()
        self._threads = ThreadPoolExecutor(1)
        self._running = self._threads.submit(executor.render, works, self._take, lambda: None)

    def finish(self) -> bytes:
        """The data rows of the file."""
        self._may_go_on.set()
        self._running.result(DEADLINE_SECONDS * 2)
        return self.content

    def close(self) -> None:
        self._may_go_on.set()
        self._threads.shutdown()

    def _take(self, number: int, shard: Shard | None) -> None:
        assert shard is not None
        self.has_begun.set()
        assert self._may_go_on.wait(DEADLINE_SECONDS * 4)
        self.content += b"".join(shard.pieces)


@contextmanager
def held_export(works: Iterator[Work[int]], executor: DaskExecutor) -> Generator[HeldExport]:
    held = HeldExport(works, executor)
    try:
        assert held.has_begun.wait(DEADLINE_SECONDS)
        yield held
    finally:
        held.close()


def data_rows(content: bytes) -> bytes:
    """A file without its header line."""
    return content.split(b"\n", 1)[1]
