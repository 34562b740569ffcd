"""Servers, and their database, killed at random moments while clients call: nothing is lost.

Whatever chance decides comes from one seed, which a failure names: `TAILRACE_KILL_SEED` runs it
again. What the machine does meanwhile is another matter, so a replay does the same, not always at
the same moment. `TAILRACE_KILLS` is the number of kills of a long run.
"""

from __future__ import annotations

import math
import os
import secrets
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tests.support.home import Home
from tests.support.kills.run import run_with_kills
from tests.support.postgresql import postgresql
from tests.support.stores import POSTGRESQL, SQLITE
from tests.support.world import World

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tests.support.kills.run import Report

#: Of both scenarios together.
SHORT, LONG = 500, int(os.environ.get("TAILRACE_KILLS", "5000"))
#: A short run kills for no longer, on a machine that is too slow for that many.
SHORT_SECONDS = 90
#: A home has no more: what accumulates in it would make every kill dearer than the one before.
KILLS_OF_A_HOME = 500


@dataclass(frozen=True, slots=True)
class Length:
    kills: int
    most_seconds: float
    seed: str

    def runs(self, share: float) -> Iterator[tuple[str, int]]:
        """Seed and number of kills of each home, for a share of all kills."""
        left, number = int(self.kills * share), 0
        while left > 0:
            yield f"{self.seed}.{number}", min(left, KILLS_OF_A_HOME)
            left, number = left - KILLS_OF_A_HOME, number + 1


def seed_or(usual: str) -> str:
    return os.environ.get("TAILRACE_KILL_SEED") or usual


LENGTHS = [
    pytest.param(
        Length(SHORT, SHORT_SECONDS, seed_or("1")), id="short", marks=pytest.mark.timeout(600)
    ),
    pytest.param(
        Length(LONG, math.inf, seed_or(secrets.token_hex(4))),
        id="long",
        marks=[pytest.mark.soak, pytest.mark.timeout(14_400)],
    ),
]


@pytest.mark.parametrize("length", LENGTHS)
def test_killed_server_on_its_file__has_lost_nothing(tmp_path: Path, length: Length) -> None:
    for seed, kills in length.runs(0.6):
        directory = tmp_path / seed
        directory.mkdir()
        report = run_with_kills(
            World.build(Home(directory / "home", SQLITE)),
            seed=seed,
            kills=kills,
            most_seconds=length.most_seconds,
        )
        check(report, length, directory)


@pytest.mark.parametrize("length", LENGTHS)
def test_killed_servers_on_a_killed_database__have_lost_nothing(
    tmp_path: Path, length: Length
) -> None:
    for seed, kills in length.runs(0.4):
        directory = tmp_path / seed
        directory.mkdir()
        report = run_with_kills(
            World.build(Home(directory / "home", POSTGRESQL)),
            seed=seed,
            kills=kills,
            most_seconds=length.most_seconds,
            servers=2,
            database=postgresql(),
        )
        check(report, length, directory)


def check(report: Report, length: Length, directory: Path) -> None:
    print(directory.name, report)
    assert report.breaches == [], f"seed {length.seed}, history and logs in {directory}"
    # Whoever is killed at rest has nothing to lose: far more is in flight than this.
    assert sum(report.unknown.values()) >= report.tally.kills / 2
    assert report.completed
