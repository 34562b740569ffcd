"""A thread that repeats an action: begins, goes on after errors, is woken, and stops."""

from __future__ import annotations

import os
import sys
import threading

import pytest

from tailrace.repeating import Repeating
from tests.support.deadlines import DEADLINE_SECONDS

#: A pause that no test sees the end of.
LONG = 3600.0


class Counted:
    """An action that may fail, and lets a test wait until it was called so many times."""

    def __init__(self, *, is_failing: bool = False) -> None:
        self.calls = 0
        self._is_failing = is_failing
        self._changed = threading.Condition()

    def __call__(self) -> None:
        with self._changed:
            self.calls += 1
            self._changed.notify_all()
        if self._is_failing:
            raise ValueError

    def wait_for(self, calls: int) -> bool:
        with self._changed:
            return self._changed.wait_for(lambda: self.calls >= calls, DEADLINE_SECONDS)


@pytest.mark.parametrize("is_failing", [False, True])
def test_start_and_wait__returns_when_the_action_was_done_or_failed(is_failing: bool) -> None:
    action = Counted(is_failing=is_failing)
    repeating = Repeating("test", action, pause_seconds=LONG)
    repeating.start_and_wait()
    assert action.calls == 1
    repeating.stop()


@pytest.mark.skipif(sys.platform != "linux", reason="a thread has no priority of its own there")
def test_action__and_threads_that_it_starts__give_way_to_others() -> None:
    priorities: list[int] = []

    def note() -> None:
        priorities.append(os.getpriority(os.PRIO_PROCESS, threading.get_native_id()))

    def act() -> None:
        note()
        thread = threading.Thread(target=note)
        thread.start()
        thread.join()

    repeating = Repeating("test", act, pause_seconds=LONG)
    repeating.start_and_wait()
    repeating.stop()
    own = os.getpriority(os.PRIO_PROCESS, threading.get_native_id())
    # 19 is the last there is.
    assert priorities == [min(own + 5, 19)] * 2


def test_action__is_done_at_once_and_again_after_each_pause() -> None:
    action = Counted()
    repeating = Repeating("test", action, pause_seconds=0.001)
    repeating.start()
    assert action.wait_for(3)
    repeating.stop()


def test_error__does_not_end_it() -> None:
    action = Counted(is_failing=True)
    repeating = Repeating("test", action, pause_seconds=LONG, pause_after_error_seconds=0.001)
    repeating.start()
    assert action.wait_for(3)
    repeating.stop()


def test_wake__ends_the_pause() -> None:
    action = Counted()
    repeating = Repeating("test", action, pause_seconds=LONG)
    repeating.start(at_once=False)
    assert action.calls == 0
    repeating.wake()
    assert action.wait_for(1)
    repeating.stop()


def test_stop__ends_the_pause_without_another_round() -> None:
    action = Counted()
    repeating = Repeating("test", action, pause_seconds=LONG)
    repeating.start()
    assert action.wait_for(1)
    repeating.stop()
    assert action.calls == 1
    assert repeating.is_stopping


def test_stop__waits_until_what_is_under_way_has_ended() -> None:
    begun, going_on, ended = threading.Event(), threading.Event(), threading.Event()

    def action() -> None:
        begun.set()
        going_on.wait(DEADLINE_SECONDS)
        ended.set()

    repeating = Repeating("test", action, pause_seconds=LONG)
    repeating.start()
    assert begun.wait(DEADLINE_SECONDS)
    threading.Timer(0.05, going_on.set).start()
    repeating.stop()
    assert ended.is_set()


def test_stop__of_what_never_began_is_fine() -> None:
    Repeating("test", Counted(), pause_seconds=LONG).stop()
