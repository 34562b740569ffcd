"""A load that is killed: loading the same file again ends with every row there once."""

from __future__ import annotations

import json
import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.application import SteppedApplication
from tests.support.home import Home
from tests.support.loading import activities_in, leads_in, text_file
from tests.support.stores import store_environment

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 6000

#: Of the moments at which a load is killed; the more, the longer it takes.
SEEDS = [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 6))]

#: Batches of a few rows, so that a small file has many.
SMALL_BATCHES = """
import sys
from tailrace.ingest import activities, byte_reader, delimited, leads
activities.BATCH_ROWS = 500
leads.ROWS_PER_TRANSACTION = 500
delimited.DelimitedSource.__init__.__defaults__ = (20_000,)
from tailrace.cli.main import run
run()
"""


def start_load(home: Path, kind: str, file: Path, **environment: str) -> subprocess.Popen[str]:
    command = ["load", kind, str(file), "--home", str(home), "--json"]
    return subprocess.Popen(
        [sys.executable, "-c", SMALL_BATCHES, *command],
        env={**os.environ, **store_environment(home), **environment},
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def finish_load(home: Path, kind: str, file: Path) -> dict[str, Any]:
    """Load the file to its end with the product's own command."""
    return Home(home).command("load", kind, str(file), "--json").json()


@pytest.fixture(params=["with GUIDs", "without GUIDs"])
def activities(tmp_path: Path, request: pytest.FixtureRequest) -> Path:
    """A file of activities over four days."""
    has_guids = request.param == "with GUIDs"
    header = ["marketoGUID"] * has_guids + ["leadId", "activityDate", "activityTypeId"]
    lines = [
        ",".join(
            [str(number)] * has_guids
            + [str(1 + number), f"2026-02-0{1 + number * 4 // ROWS}T00:00:{number % 60:02}Z", "1"]
        )
        for number in range(1, ROWS)
    ]
    return text_file(tmp_path / "activities.csv", ",".join(header), *lines)


@pytest.fixture
def leads(tmp_path: Path) -> Path:
    """A file of leads, every fifth without an address."""
    lines = [
        f"{'' if number % 5 == 0 else f'lead{number}@example.com'},City {number}"
        for number in range(1, ROWS)
    ]
    return text_file(tmp_path / "leads.csv", "email,city", *lines)


def assert_activities_are_there_once(home: Path) -> None:
    stepped = SteppedApplication.open(home)
    rows = activities_in(stepped.application)
    stepped.close()
    assert rows["marketoGUID"].n_unique() == rows.height
    assert rows["leadId"].sort().to_list() == list(range(2, ROWS + 1))


def assert_leads_are_there_once(home: Path) -> None:
    stepped = SteppedApplication.open(home)
    cities = [one["city"] for one in leads_in(stepped.application)]
    stepped.close()
    assert sorted(cities) == sorted(f"City {number}" for number in range(1, ROWS))


@pytest.mark.parametrize(
    "point",
    ["load.activities.batch_appended", "append.files_synced", "append.committed"],
)
@pytest.mark.usefixtures("either_lake")
def test_killed_load_of_activities__is_finished_by_the_next(
    tmp_path: Path, activities: Path, point: str
) -> None:
    home = tmp_path / "home"
    killed = start_load(
        home, "activities", activities, TAILRACE_CRASH_POINT=point, TAILRACE_CRASH_AFTER="3"
    )
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    report = finish_load(home, "activities", activities)
    assert report["loaded"] + report["alreadyThere"] == ROWS - 1
    assert report["alreadyThere"] > 0
    assert_activities_are_there_once(home)


@pytest.mark.parametrize("point", ["load.leads.batch_committed", "load.leads.before_completed"])
def test_killed_load_of_leads__is_finished_by_the_next(
    tmp_path: Path, leads: Path, point: str
) -> None:
    home = tmp_path / "home"
    after = "1" if point.endswith("completed") else "3"
    killed = start_load(
        home, "leads", leads, TAILRACE_CRASH_POINT=point, TAILRACE_CRASH_AFTER=after
    )
    killed.communicate()
    assert killed.returncode == -signal.SIGKILL
    report = finish_load(home, "leads", leads)
    assert report["created"] + report["alreadyThere"] == ROWS - 1
    assert report["alreadyThere"] > 0
    assert_leads_are_there_once(home)


def kill_at_any_moments(home: Path, kind: str, file: Path, seed: int) -> None:
    """Two loads of the file, one after the other, that do not come to their end."""
    chance = random.Random(seed)
    for _ in range(2):
        load = start_load(home, kind, file)
        time.sleep(chance.uniform(0.5, 2.0))
        load.kill()
        load.communicate()


@pytest.mark.parametrize("seed", SEEDS)
def test_load_of_activities_killed_at_any_moment__is_finished_by_the_next(
    tmp_path: Path, activities: Path, seed: int
) -> None:
    home = tmp_path / "home"
    kill_at_any_moments(home, "activities", activities, seed)
    finish_load(home, "activities", activities)
    assert_activities_are_there_once(home)


@pytest.mark.parametrize("seed", SEEDS)
def test_load_of_leads_killed_at_any_moment__is_finished_by_the_next(
    tmp_path: Path, leads: Path, seed: int
) -> None:
    home = tmp_path / "home"
    kill_at_any_moments(home, "leads", leads, seed)
    finish_load(home, "leads", leads)
    assert_leads_are_there_once(home)


def load_twice_at_once(home: Path, kind: str, file: Path) -> None:
    loads = [start_load(home, kind, file) for _ in range(2)]
    reports = [json.loads(load.communicate()[0]) for load in loads]
    assert sum(report["created"] for report in reports) == ROWS - 1
    assert sum(report["rejected"] for report in reports) == 0


def test_two_loads_of_activities_at_once__store_every_row_once(
    tmp_path: Path, activities: Path
) -> None:
    load_twice_at_once(tmp_path / "home", "activities", activities)
    assert_activities_are_there_once(tmp_path / "home")


def test_two_loads_of_leads_at_once__store_every_row_once(tmp_path: Path, leads: Path) -> None:
    load_twice_at_once(tmp_path / "home", "leads", leads)
    assert_leads_are_there_once(tmp_path / "home")
