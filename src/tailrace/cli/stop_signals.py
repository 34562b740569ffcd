"""SIGINT and SIGTERM, kept waiting until the server can take them.

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
