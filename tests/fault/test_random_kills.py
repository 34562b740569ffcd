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
    from pathlib import Path

#: Of both scenarios together. A short run has as many as fit into the time of all tests.
SHORT, LONG = 160, int(os.environ.get("TAILRACE_KILLS", "500"))
#: A short run kills for no longer, on a machine that is too slow for that many.
SHORT_SECONDS = 45


@dataclass(frozen=True, slots=True)
class Length:
    kills: int
    most_seconds: float
    seed: str


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
    world = World.build(Home(tmp_path / "home", SQLITE))
    report = run_with_kills(
        world,
        seed=length.seed,
        kills=length.kills * 3 // 4,
        most_seconds=length.most_seconds,
    )
    print(length, report)
    assert report.breaches == [], f"seed {length.seed}, history and logs in {tmp_path}"


@pytest.mark.parametrize("length", LENGTHS)
def test_killed_servers_on_a_killed_database__have_lost_nothing(
    tmp_path: Path, length: Length
) -> None:
    world = World.build(Home(tmp_path / "home", POSTGRESQL))
    report = run_with_kills(
        world,
        seed=length.seed,
        kills=length.kills // 4,
        most_seconds=length.most_seconds,
        servers=2,
        database=postgresql(),
    )
    print(length, report)
    assert report.breaches == [], f"seed {length.seed}, history and logs in {tmp_path}"
