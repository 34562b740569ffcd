"""Threads for the synchronous side of the edge, so that no call holds up the event loop."""

from __future__ import annotations

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextvars import copy_context
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable
    from concurrent.futures import Future

    from tailrace.api.replies import Answer

#: Calls worked on at once. The store lets one write at a time, so more would only wait there.
CALL_THREADS = 16


class CallThreads:
    def __init__(self, drop: Callable[[Answer], None]) -> None:
        self._drop = drop
        self._pool = ThreadPoolExecutor(CALL_THREADS, thread_name_prefix="call")

    async def run(self, call: Callable[[], Answer]) -> Answer:
        """What `call` returns. If nobody waits for it any more, its answer is dropped."""
        # What is bound to the logs of the call is bound to those of its thread, and so is its span.
        future = self._pool.submit(copy_context().run, call)
        try:
            return await asyncio.wrap_future(future)
        except asyncio.CancelledError:
            future.add_done_callback(self._drop_result)
            raise

    def _drop_result(self, future: Future[Answer]) -> None:
        if not future.cancelled() and future.exception() is None:
            self._drop(future.result())
