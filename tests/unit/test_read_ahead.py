"""Stages of a pipeline: order, errors, and threads that end."""

from __future__ import annotations

import itertools
import threading
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tailrace.ingest.read_ahead import read_ahead

if TYPE_CHECKING:
    from collections.abc import Iterator


def failing_after(count: int) -> Iterator[int]:
    yield from range(count)
    raise ValueError("no more")


def stage_threads() -> list[threading.Thread]:
    return [thread for thread in threading.enumerate() if thread.name == "read-ahead"]


def test_items__come_in_order_through_several_stages() -> None:
    with ExitStack() as stages:
        first = stages.enter_context(read_ahead(range(100)))
        second = stages.enter_context(read_ahead(map(str, first)))
        assert list(second) == [str(number) for number in range(100)]
    assert stage_threads() == []


def test_error__is_raised_where_the_items_are_taken() -> None:
    with ExitStack() as stages:
        first = stages.enter_context(read_ahead(failing_after(3)))
        second = stages.enter_context(read_ahead(map(str, first)))
        assert list(itertools.islice(second, 3)) == ["0", "1", "2"]
        with pytest.raises(ValueError, match="no more"):
            next(second)
    assert stage_threads() == []


def leave_early() -> None:
    with ExitStack() as stages:
        first = stages.enter_context(read_ahead(itertools.count()))
        second = stages.enter_context(read_ahead(map(str, first)))
        assert next(second) == "0"
        raise KeyError


def test_leaving_early__ends_the_threads() -> None:
    with pytest.raises(KeyError):
        leave_early()
    assert stage_threads() == []
