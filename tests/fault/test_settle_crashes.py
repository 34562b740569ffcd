"""Settling that is killed: no activity is lost, and none is there twice."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from typing import TYPE_CHECKING

import pytest

from tailrace.activities.settling import settle
from tailrace.crash_points import POINTS
from tests.support.application import SteppedApplication
from tests.support.hot import happen, hot_guids, lake_rows
from tests.support.stores import store_environment

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tailrace.app import Application

#: Of one settling: every batch passes each point once.
BATCH = 40

SETTLE = f"""
import sys
from pathlib import Path
from tailrace.activities import settling
from tailrace.app import open_application
from tailrace.settings import Settings

settling.BATCH_ROWS = {BATCH}
application = open_application(Settings(home=Path(sys.argv[1])))
subscription_id = application.subscriptions.default_id()
log = application.activity_log(subscription_id)
while True:
    settling.settle(application.database, log, subscription_id)
    if len(sys.argv) < 3:
        break
"""

#: Writes activities, says so once they are committed, and goes on.
WRITE = """
import random, sys
from pathlib import Path
from tailrace.app import open_application
from tailrace.settings import Settings
from tests.support.hot import happen

application = open_application(Settings(home=Path(sys.argv[1])))
first = int(sys.argv[2])
while True:
    count = random.randint(1, 30)
    happen(application, count, first_lead=first)
    first += count
    print(first - 1, flush=True)
"""


@pytest.fixture
def home(tmp_path: Path) -> Path:
    SteppedApplication.open(tmp_path / "home").close()
    return tmp_path / "home"


@pytest.fixture
def application(home: Path) -> Iterator[Application]:
    stepped = SteppedApplication.open(home)
    yield stepped.application
    stepped.close()


def run(script: str, home: Path, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, str(home), *arguments],
        env={**os.environ, **store_environment(home), **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def settle_here(application: Application) -> None:
    subscription_id = application.subscriptions.default_id()
    log = application.activity_log(subscription_id)
    settle(application.database, log, subscription_id)


def leads_in_lake(application: Application) -> list[int]:
    rows = lake_rows(application.activity_log(application.subscriptions.default_id()))
    assert rows["marketoGUID"].n_unique() == rows.height, "an activity is there twice"
    return rows["leadId"].sort().to_list()


@pytest.mark.usefixtures("either_lake")
@pytest.mark.parametrize("after", [pytest.param(1, marks=pytest.mark.soak), 2])
@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("settle.")])
def test_killed_settling__is_finished_by_the_next(
    home: Path, application: Application, point: str, after: int
) -> None:
    happen(application, 3 * BATCH)
    killed = run(SETTLE, home, TAILRACE_CRASH_POINT=point, TAILRACE_CRASH_AFTER=str(after))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    happen(application, 5, first_lead=3 * BATCH + 1)
    settle_here(application)
    assert leads_in_lake(application) == list(range(1, 3 * BATCH + 6))
    assert hot_guids(application) == []


@pytest.mark.usefixtures("either_lake")
@pytest.mark.parametrize("point", ["append.files_synced", "append.committed"])
def test_settling_killed_within_its_append__is_finished_by_the_next(
    home: Path, application: Application, point: str
) -> None:
    happen(application, 2 * BATCH)
    killed = run(SETTLE, home, TAILRACE_CRASH_POINT=point, TAILRACE_CRASH_AFTER="2")
    killed.communicate(timeout=60)
    settle_here(application)
    assert leads_in_lake(application) == list(range(1, 2 * BATCH + 1))


@pytest.mark.usefixtures("either_lake")
def test_two_settlings_at_once__move_every_activity_once(
    home: Path, application: Application
) -> None:
    happen(application, 20 * BATCH)
    for process in [run(SETTLE, home) for _ in range(3)]:
        process.communicate(timeout=60)
        assert process.returncode == 0
    assert leads_in_lake(application) == list(range(1, 20 * BATCH + 1))
    assert hot_guids(application) == []


@pytest.mark.parametrize(
    "seed", [0, *(pytest.param(seed, marks=pytest.mark.soak) for seed in range(1, 9))]
)
def test_writes_and_settlings_killed_at_any_moment__lose_nothing_and_double_nothing(
    home: Path, application: Application, seed: int
) -> None:
    chance = random.Random(seed)
    acknowledged = 0
    for _ in range(3):
        # What a killed writer has committed without saying so is there all the same; what a killed
        # settling has not deleted yet is in both places. Here each lead's number is its GUID.
        first = len({*leads_in_lake(application), *hot_guids(application)}) + 1
        settler = run(SETTLE, home, "for ever")
        writer = run(WRITE, home, str(first))
        assert writer.stdout is not None
        said = writer.stdout.readline()
        time.sleep(chance.uniform(0.1, 1.0))
        for process in chance.sample([settler, writer], 2):
            process.kill()
            time.sleep(chance.uniform(0, 0.1))
        output, _ = writer.communicate(timeout=60)
        settler.communicate(timeout=60)
        acknowledged = [int(line) for line in (said + output).splitlines() if line.isdigit()][-1]
    settle_here(application)
    leads = leads_in_lake(application)
    assert leads == list(range(1, len(leads) + 1))
    assert len(leads) >= acknowledged
