"""Threads for the synchronous side of the edge, so that no call holds up the event loop."""

from __future__ import annotations

import asyncio
import time
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

from tailrace.domain.errors import ServerBusyError

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from tailrace.api.replies import Answer

#: Calls worked on at once. The store lets one write at a time, so more would only wait there.
CALL_THREADS = 16

#: For what must be answered whatever those are doing.
SPARE_THREADS = 4

#: A client that has waited so long has given up, or does better to ask again.
_LONGEST_WAIT_SECONDS = 30.0


class CallThreads:
    def __init__(
        self,
        drop: Callable[[Answer], None],
        *,
        threads: int = CALL_THREADS,
        longest_wait_seconds: float = _LONGEST_WAIT_SECONDS,
    ) -> None:
        self._drop = drop
        self._longest_wait_seconds = longest_wait_seconds
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="call")

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """What `call` returns. If nobody waits for it any more, its answer is dropped.

        Raises ServerBusyError if it was not begun because it had waited too long for a thread.
        """
        # What is bound to the logs of the call is bound to those of its thread, and so is its span.
        begin = copy_context().run
        future = self._pool.submit(self._begin, begin, call, time.monotonic())
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(self._drop_result)
            raise

    def _begin(
        self,
        begin: Callable[[Callable[[], Answer]], Answer],
        call: Callable[[], Answer],
        asked_at: float,
    ) -> Answer:
        if time.monotonic() - asked_at > self._longest_wait_seconds:
            raise ServerBusyError
        return begin(call)

    def _drop_result(self, future: Future[Answer]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._drop(future.result())
