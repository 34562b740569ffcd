"""An append of activities that is killed, or meets a full disk: all of its rows or none."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tailrace.crash_points import POINTS
from tailrace.lake.table_storage import path_of
from tests.support.activities import activity_request, export, random_activities
from tests.support.lakes import LAKES, log_at

if TYPE_CHECKING:
    from pathlib import Path

    import polars as pl

    from tailrace.lake.activity_log import ActivityLog

#: Rows of one append, over four days: several files in one commit.
BATCH = 400

APPEND_ONE = """
import sys
from tests.support.activities import random_activities
from tests.support.lakes import log_at

log = log_at(sys.argv[1])
for batch in range(int(sys.argv[2]), int(sys.argv[3])):
    log.append(random_activities(400, seed=batch, seconds=4 * 86_400, first_guid=batch * 400 + 1))
    print(batch, flush=True)
"""

APPEND_WITH_LIMIT = """
import errno, resource, sys
from pathlib import Path
from tailrace.lake.activity_log import ActivityLog
from tests.support.activities import random_activities

log = ActivityLog.in_directory(Path(sys.argv[1]))
rows = random_activities(400, seed=1, seconds=4 * 86_400, first_guid=401)
resource.setrlimit(resource.RLIMIT_FSIZE, (5000, resource.RLIM_INFINITY))
try:
    log.append(rows)
except OSError as error:
    assert error.errno == errno.EFBIG, error
    sys.exit(3)
"""


@pytest.fixture
def log(place: str) -> ActivityLog:
    """A log with one batch in it."""
    log = log_at(place)
    log.append(batch_rows(0))
    return log


def batch_rows(batch: int) -> pl.DataFrame:
    return random_activities(BATCH, seed=batch, seconds=4 * 86_400, first_guid=batch * BATCH + 1)


def append_in_process(
    place: str, first: int, end: int, **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", APPEND_ONE, place, str(first), str(end)],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def guids_in(log: ActivityLog) -> set[int]:
    paths = [file.path for file in log.snapshot().files]
    guids = log.storage.scan(paths).select("marketoGUID").collect().to_series()
    assert guids.n_unique() == guids.len(), "an activity is there twice"
    return set(guids.to_list())


def batches_in(log: ActivityLog) -> set[int]:
    """The batches that are there, each of them whole."""
    guids = guids_in(log)
    batches = {(guid - 1) // BATCH for guid in guids}
    assert len(guids) == len(batches) * BATCH, "part of a batch is there"
    return batches


def data_files(log: ActivityLog) -> set[str]:
    names = {*log.storage.data_names(), *log.storage.staged_names()}
    return {path_of(log.storage, name) for name in names}


def assert_goes_on(log: ActivityLog, tmp_path: Path, batches: set[int]) -> None:
    """After a crash: reads, sweeps and appends as if nothing had been."""
    log.sweep(datetime.now(UTC) + timedelta(hours=2))
    assert data_files(log) == {file.path for file in log.snapshot().files}
    log.append(batch_rows(99))
    assert batches_in(log) == {*batches, 99}
    content, result = export(log, activity_request(), tmp_path / "files")
    assert content.count(b"\n") - 1 >= result.row_count > 0


@pytest.mark.parametrize(
    ("place", "after"),
    [("directory", 1), ("directory", 3), ("object storage", 3)],
    indirect=["place"],
)
@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("append.")])
def test_killed_append__is_there_with_all_rows_or_none(
    log: ActivityLog, place: str, tmp_path: Path, point: str, after: int
) -> None:
    process = append_in_process(
        place, 1, 5, TAILRACE_CRASH_POINT=point, TAILRACE_CRASH_AFTER=str(after)
    )
    output, _ = process.communicate(timeout=60)
    assert process.returncode == -signal.SIGKILL
    acknowledged = {int(line) for line in output.splitlines() if line.isdigit()}
    batches = batches_in(log)
    assert {0} | acknowledged <= batches
    # The last one may have been committed without the process living to say so.
    assert len(batches - acknowledged - {0}) <= 1
    if point in ("append.committed", "append.acknowledged"):
        assert len(batches) == after + 1
    assert_goes_on(log, tmp_path, batches)


@pytest.mark.parametrize(
    ("place", "seed"),
    [*(("directory", seed) for seed in range(6)), *(("object storage", seed) for seed in (6, 7))],
    indirect=["place"],
)
def test_append_killed_at_any_moment__keeps_what_it_acknowledged(
    log: ActivityLog, place: str, tmp_path: Path, seed: int
) -> None:
    process = append_in_process(place, 1, 60)
    assert process.stdout is not None
    first = process.stdout.readline()
    # Past ten commits a checkpoint is written, too.
    time.sleep(random.Random(seed).uniform(0, 1.5))
    process.kill()
    output, _ = process.communicate(timeout=60)
    acknowledged = {int(line) for line in (first + output).splitlines() if line.isdigit()}
    batches = batches_in(log)
    assert {0} | acknowledged <= batches
    assert len(batches - acknowledged - {0}) <= 1
    assert_goes_on(log, tmp_path, batches)


@pytest.mark.parametrize("place", LAKES, indirect=True)
def test_killed_first_append__leaves_a_log_that_works(place: str, tmp_path: Path) -> None:
    process = append_in_process(place, 1, 5, TAILRACE_CRASH_POINT="append.file_written")
    process.communicate(timeout=60)
    log = log_at(place)
    log.append(batch_rows(0))
    assert_goes_on(log, tmp_path, {0})


def test_process_killed_with_the_lock__leaves_it_free(log: ActivityLog, place: str) -> None:
    append_in_process(place, 1, 5, TAILRACE_CRASH_POINT="append.files_synced").communicate()
    with log.exclusive():
        assert batches_in(log) == {0}


def test_full_disk__refuses_the_whole_append_and_leaves_no_file(
    log: ActivityLog, tmp_path: Path
) -> None:
    before = data_files(log)
    script = [sys.executable, "-c", APPEND_WITH_LIMIT, str(tmp_path / "activities")]
    assert subprocess.run(script, timeout=60).returncode == 3
    assert data_files(log) == before
    assert batches_in(log) == {0}
    assert_goes_on(log, tmp_path, {0})
