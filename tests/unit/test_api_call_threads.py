"""Calls in threads: one that has waited too long behind others is refused, and not begun."""

from __future__ import annotations

import asyncio

import pytest
from starlette.responses import Response

from tailrace.api.call_threads import CallThreads
from tailrace.api.replies import Answer
from tailrace.domain.errors import ServerBusyError


def drop(_answer: Answer) -> None:
    raise AssertionError("nobody has gone away")


def test_call__is_begun_as_long_as_it_has_not_waited_too_long() -> None:
    answer = Answer(Response())
    threads = CallThreads(drop, threads=1)
    assert asyncio.run(threads.run(lambda: answer)) is answer


def test_call_that_has_waited_too_long__is_refused_and_not_begun() -> None:
    begun: list[str] = []

    def call() -> Answer:
        begun.append("call")
        return Answer(Response())

    # Whatever it has waited is more.
    threads = CallThreads(drop, threads=1, longest_wait_seconds=-1)
    with pytest.raises(ServerBusyError):
        asyncio.run(threads.run(call))
    assert begun == []
