"""SIGINT and SIGTERM, kept waiting until they can be taken.

One that came while threads are being started, or the store is being made, would end the main
thread half-way. What is held is delivered as soon as it is let in.
"""

from __future__ import annotations

import signal
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM)


@contextmanager
def held_stop_signals() -> Generator[None]:
    """Hold the signals for the length of the block, unless `let_stop_signals_in` ends that."""
    signal.pthread_sigmask(signal.SIG_BLOCK, STOP_SIGNALS)
    try:
        yield
    finally:
        let_stop_signals_in()


def let_stop_signals_in() -> None:
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOP_SIGNALS)


@contextmanager
def postponed_stop_signals() -> Generator[None]:
    """Hold the signals for the length of the block in a process that has other threads already.

    Those take a signal that this thread holds, and it is this thread that their signal interrupts.
    """
    came: list[int] = []

    def note(number: int, _frame: object) -> None:
        came.append(number)

    handlers = {number: signal.signal(number, note) for number in STOP_SIGNALS}
    try:
        yield
    finally:
        for number, handler in handlers.items():
            signal.signal(number, handler)
        for number in came:
            signal.raise_signal(number)
