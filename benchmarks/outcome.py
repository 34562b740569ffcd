"""What a case is, and what comes out of it: runs of each side, and its goals, met or missed."""

from __future__ import annotations

import os
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import figures
from benchmarks.measurement import Measurement

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence


def _nothing() -> None:
    """Where there is nothing to clear away."""


@dataclass(frozen=True, slots=True)
class Side:
    """One of those that a case compares."""

    name: str
    run: Callable[[], Measurement]
    #: Removes what the run left, so that no other side pays for it; not measured.
    clear: Callable[[], None] = _nothing


@dataclass(frozen=True, slots=True)
class Reached:
    """A goal of the issue and what was reached."""

    goal: str
    value: float
    limit: float
    is_at_most: bool = True

    @property
    def is_met(self) -> bool:
        return self.value <= self.limit if self.is_at_most else self.value >= self.limit


def at_most(goal: str, value: float, limit: float) -> Reached:
    return Reached(goal, value, limit)


def at_least(goal: str, value: float, limit: float) -> Reached:
    return Reached(goal, value, limit, is_at_most=False)


@dataclass(slots=True)
class Outcome:
    case: str
    #: By side, in the order of the rounds.
    runs: dict[str, list[Measurement]] = field(default_factory=dict[str, list[Measurement]])
    reached: list[Reached] = field(default_factory=list[Reached])
    #: What else was seen, and who could not take part.
    notes: list[str] = field(default_factory=list[str])

    def walls(self, side: str) -> list[float]:
        return [run.wall_seconds for run in self.runs[side]]

    def wall_ratio(self, mine: str, theirs: str) -> float:
        return figures.ratio(self.walls(mine), self.walls(theirs))

    def cpu_ratio(self, mine: str, theirs: str) -> float:
        return figures.ratio(
            [run.cpu_seconds for run in self.runs[mine]],
            [run.cpu_seconds for run in self.runs[theirs]],
        )

    def peak_megabytes(self, side: str) -> float:
        return max(run.peak_megabytes for run in self.runs[side])


def alternate(sides: Sequence[Side], rounds: int) -> dict[str, list[Measurement]]:
    """Runs of every side, one after the other, `rounds` times.

    One more round comes first and is not counted: it fills the page cache for all of them.
    """
    runs: dict[str, list[Measurement]] = {side.name: [] for side in sides}
    for number in range(rounds + 1):
        for side in sides:
            # Nobody pays for writing back what another has left.
            os.sync()
            run = side.run()
            side.clear()
            if number > 0:
                runs[side.name].append(run)
    return runs
