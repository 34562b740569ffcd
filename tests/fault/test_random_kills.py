"""Servers, and their database, killed at random moments while clients call: nothing is lost.

Whatever chance decides comes from one seed, which a failure names: `TAILRACE_KILL_SEED` runs it
again. What the machine does meanwhile is another matter, so a replay does the same, not always at
the same moment. `TAILRACE_KILLS` is the number of kills of a long run.
"""

from __future__ import annotations

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


@dataclass(frozen=True, slots=True)
class Length:
    kills: int
    seed: str


def length(kills: int, *, is_new: bool) -> Length:
    """Of so many kills for all scenarios; a new seed each time, or always the same one."""
    seed = os.environ.get("TAILRACE_KILL_SEED") or (secrets.token_hex(4) if is_new else "1")
    return Length(kills, seed)


LENGTHS = [
    pytest.param(length(SHORT, is_new=False), id="short", marks=pytest.mark.timeout(600)),
    pytest.param(
        length(LONG, is_new=True), id="long", marks=[pytest.mark.soak, pytest.mark.timeout(14_400)]
    ),
]


@pytest.mark.parametrize("length", LENGTHS)
def test_killed_server_on_its_file__has_lost_nothing(tmp_path: Path, length: Length) -> None:
    world = World.build(Home(tmp_path / "home", SQLITE))
    report = run_with_kills(world, seed=length.seed, kills=length.kills * 3 // 4)
    print(length, report)
    assert report.breaches == [], f"seed {length.seed}, history and logs in {tmp_path}"


@pytest.mark.parametrize("length", LENGTHS)
def test_killed_servers_on_a_killed_database__have_lost_nothing(
    tmp_path: Path, length: Length
) -> None:
    world = World.build(Home(tmp_path / "home", POSTGRESQL))
    report = run_with_kills(
        world, seed=length.seed, kills=length.kills // 4, servers=2, database=postgresql()
    )
    print(length, report)
    assert report.breaches == [], f"seed {length.seed}, history and logs in {tmp_path}"
