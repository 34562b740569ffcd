"""The moments at which somebody is killed: what clients, the store and the files do marks them."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import random
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.kills.history import History

#: Generous: a machine may be busy, and a start after a kill may have work to do.
PATIENCE_SECONDS = 120

#: How long something may take to happen; then it is a moment like any other.
_SOON_SECONDS = 0.5

#: How long until an attempt at some job has come as far as its file.
_FILE_SECONDS = 3.0


class Moments:
    """Waits for one moment after the other, as chance has it."""

    def __init__(
        self,
        home: Path,
        chance: random.Random,
        history: History,
        is_anyone_dead: Callable[[], bool],
    ) -> None:
        self._home = home
        self._chance = chance
        self._history = history
        self._is_anyone_dead = is_anyone_dead

    def wait(self) -> None:
        """Return at the next one, or when somebody is dead.

        Many are while a server starts: it recovers from the kill before. Others are just after
        something was written: what is done in two steps is half done then.
        """
        weights: dict[Callable[[], None], int] = {
            self._at_once: 9,
            self._among_calls: 9,
            self._after_a_commit: 5,
            # It takes as long as a job takes to begin; the others are over in a moment.
            self._while_a_file_is_published: 1,
        }
        (wait,) = self._chance.choices([*weights], [*weights.values()])
        wait()

    def wait_for_a_point(self) -> None:
        """Give whoever is to die at a named point time to come there."""
        self._wait_for_calls(15)

    def _at_once(self) -> None:
        time.sleep(self._chance.uniform(0, 0.12))

    def _among_calls(self) -> None:
        self._wait_for_calls(self._chance.randint(1, 8))
        time.sleep(self._chance.uniform(0, 0.02))

    def _after_a_commit(self) -> None:
        self._wait_for_calls(self._chance.randint(1, 4))
        self._wait_for_change(self._committed)

    def _while_a_file_is_published(self) -> None:
        """Once an attempt at a job has begun its file: after the rename, or the next commit."""
        self._wait_for_change(self._file_names, _FILE_SECONDS)
        self._wait_for_change(self._chance.choice([self._file_names, self._committed]))

    def _committed(self) -> int:
        log = self._home / "tailrace.db-wal"
        return log.stat().st_mtime_ns if log.exists() else 0

    def _file_names(self) -> set[str]:
        return {one.name for one in self._home.glob("files/1/*")}

    def _wait_for_change(self, look: Callable[[], object], seconds: float = _SOON_SECONDS) -> None:
        """Return a moment after what is seen is another."""
        before, deadline = look(), time.monotonic() + seconds
        while look() == before and time.monotonic() < deadline:
            time.sleep(0.001)
        time.sleep(self._chance.uniform(0, 0.003))

    def _wait_for_calls(self, count: int) -> None:
        """By the progress of clients, so that a slow machine is killed no earlier."""
        wanted = self._history.acknowledged + count
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not self._history.wait_for(wanted, 0.02) and not self._is_anyone_dead():
            assert time.monotonic() < deadline, "no call comes through any more"
