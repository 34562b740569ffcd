"""A stage of the pipeline: a thread that is a bounded number of items ahead."""

from __future__ import annotations

import threading
import time
import weakref

import pytest

from tailrace.extract.stage import Put, Stage, StageAbandonedError
from tests.support.deadlines import DEADLINE_SECONDS


class Counter:
    """Puts 0, 1, 2 … and remembers how far it came and how it ended."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.started = 0
        self.error: BaseException | None = None

    def __call__(self, put: Put[int]) -> None:
        try:
            for number in range(self.count):
                self.started += 1
                put(number)
        except StageAbandonedError as error:
            self.error = error
            raise


def test_items__come_in_order() -> None:
    with Stage(Counter(100), ahead=3, name="test") as stage:
        assert list(stage.items()) == list(range(100))


@pytest.mark.parametrize("ahead", [1, 4])
def test_producer__is_no_more_than_its_bound_ahead(ahead: int) -> None:
    counter = Counter(100)
    with Stage(counter, ahead=ahead, name="test") as stage:
        for taken, _ in enumerate(stage.items(), start=1):
            time.sleep(0.002)
            assert counter.started <= taken + ahead


def test_item_that_was_taken__is_held_by_nobody_but_its_taker() -> None:
    has_put_both = threading.Event()

    def produce(put: Put[Counter]) -> None:
        put(Counter(1))
        put(Counter(2))
        has_put_both.set()

    with Stage(produce, ahead=2, name="test") as stage:
        items = stage.items()
        first = weakref.ref(next(items))
        # By then the producer has let go of it.
        assert has_put_both.wait(DEADLINE_SECONDS)
        assert first() is None


def test_error_of_the_producer__comes_after_its_items() -> None:
    def produce(put: Put[int]) -> None:
        put(1)
        raise ValueError("broken")

    taken: list[int] = []
    with (
        Stage(produce, ahead=2, name="test") as stage,
        pytest.raises(ValueError, match="broken"),
    ):
        taken.extend(stage.items())
    assert taken == [1]


def test_leaving__ends_the_producer() -> None:
    counter = Counter(10**9)
    with Stage(counter, ahead=2, name="left early") as stage:
        next(stage.items())
    assert isinstance(counter.error, StageAbandonedError)
    assert "left early" not in [thread.name for thread in threading.enumerate()]


def test_idle_call__is_made_while_nothing_comes() -> None:
    go_on = threading.Event()

    def produce(put: Put[int]) -> None:
        assert go_on.wait(DEADLINE_SECONDS)
        put(1)

    with Stage(produce, ahead=1, name="test") as stage:
        assert list(stage.items(on_idle=go_on.set)) == [1]


def test_error_of_the_idle_call__is_raised() -> None:
    class LostError(Exception):
        pass

    is_told = threading.Event()

    def lost() -> None:
        is_told.set()
        raise LostError

    def produce(put: Put[int]) -> None:
        assert is_told.wait(DEADLINE_SECONDS)
        put(1)

    with pytest.raises(LostError), Stage(produce, ahead=1, name="test") as stage:
        list(stage.items(on_idle=lost))
