"""Compaction that is killed: no activity is lost, none is there twice, and the next one finishes."""

from __future__ import annotations

import os
import random
import signal
import subprocess
import sys
import time
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from tailrace.crash_points import POINTS
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.compaction import compact
from tailrace.lake.compaction_plan import MANY_SMALL_FILES, due
from tailrace.lake.table_storage import name_of
from tests.support.activities import activity_request, export, random_activities
from tests.support.disk import WatchedDisk
from tests.support.hot import lake_rows
from tests.support.lakes import LAKES, log_at

#: Rows of one append, over two days.
BATCH = 20

#: At 150 rows a file is full: some are written for each day.
COMPACT = """
import sys
from datetime import UTC, datetime, timedelta
from tailrace.lake import compaction
from tailrace.lake.compaction_plan import due
from tests.support.lakes import log_at

compaction._LEAST_ROW_BYTES = compaction.FILE_BYTES // 150
log = log_at(sys.argv[1])
while True:
    # Days at rest are compacted whatever is in them.
    for files in due(log.snapshot(), datetime.now(UTC) + timedelta(hours=2)):
        compaction.compact(log, files, datetime.now(UTC))
        print(len(files), flush=True)
    if len(sys.argv) < 3:
        break
"""

APPEND = """
import sys
from tests.support.activities import random_activities
from tests.support.lakes import log_at

log = log_at(sys.argv[1])
batch = int(sys.argv[2])
while True:
    rows = random_activities(20, seed=batch, seconds=2 * 86_400, first_guid=batch * 20 + 1)
    log.append(rows, settled_to=(batch + 1) * 20)
    batch += 1
    print(batch, flush=True)
"""


@pytest.fixture
def log(place: str) -> ActivityLog:
    """A log with small files a day that are compacted."""
    log = log_at(place)
    append_batches(log, 0, batches_at(place))
    return log


def batches_at(place: str) -> int:
    """Fewer on object storage, where a commit takes longer."""
    return 3 if "://" in place else MANY_SMALL_FILES


def append_batches(log: ActivityLog, first: int, end: int) -> None:
    for batch in range(first, end):
        rows = random_activities(
            BATCH, seed=batch, seconds=2 * 86_400, first_guid=batch * BATCH + 1
        )
        log.append(rows, settled_to=(batch + 1) * BATCH)


def run(script: str, place: str, *arguments: str, **environment: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, place, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def compact_here(log: ActivityLog) -> None:
    now = datetime.now(UTC)
    for files in due(log.snapshot(), now + timedelta(hours=2)):
        assert compact(log, files, now) is not None


def assert_whole(log: ActivityLog, batches: int) -> None:
    assert lake_rows(log)["marketoGUID"].to_list() == list(range(1, batches * BATCH + 1))
    assert log.settled_to() == batches * BATCH


@pytest.mark.parametrize("place", LAKES, indirect=True)
@pytest.mark.parametrize(
    ("point", "after"),
    [("compact.file_written", 2)]
    + [(point, 1) for point in POINTS if point.startswith("compact.")],
)
def test_killed_compaction__is_finished_by_the_next(
    log: ActivityLog, place: str, tmp_path: Path, point: str, after: int
) -> None:
    request = activity_request()
    before, _ = export(log, request, tmp_path / "files")
    killed = run(COMPACT, place, TAILRACE_CRASH_POINT=point, TAILRACE_CRASH_AFTER=str(after))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert_whole(log, batches_at(place))
    compact_here(log)
    assert export(log, request, tmp_path / "files")[0] == before
    # What the killed one left, and what was replaced, goes in time.
    log.sweep(datetime.now(UTC) + timedelta(hours=26))
    files = log.snapshot().files
    names = {name_of(log.storage, one.path) for one in files}
    assert {*log.storage.data_names(), *log.storage.staged_names()} == names
    assert len(files) < batches_at(place)
    append_batches(log, batches_at(place), batches_at(place) + 1)
    assert_whole(log, batches_at(place) + 1)


def test_compaction__is_on_the_disk_as_a_whole(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    root = tmp_path / "root"
    root.mkdir()
    disk = WatchedDisk(root)
    log = ActivityLog.in_directory(root / "activities")
    checked: list[bool] = []

    def look() -> None:
        """An entry may reach the disk by itself at any time: it names nothing that is not there."""
        checked.append(all(disk.holds(Path(file.path)) for file in log.snapshot().files))

    with disk.watched(monkeypatch):
        append_batches(log, 0, MANY_SMALL_FILES)
    with disk.watched(monkeypatch, look):
        compact_here(log)
    assert checked
    assert all(checked)
    disk.cut_power(tmp_path / "after")
    after = ActivityLog.in_directory(tmp_path / "after" / "activities")
    assert_whole(after, MANY_SMALL_FILES)
    assert len(after.snapshot().files) == 2


@pytest.mark.parametrize(
    ("place", "seed"),
    [("directory", 0), ("directory", 1), ("object storage", 2)],
    indirect=["place"],
)
def test_compactions_and_appends_killed_at_any_moment__lose_nothing_and_double_nothing(
    log: ActivityLog, place: str, seed: int
) -> None:
    chance = random.Random(seed)
    batches = batches_at(place)
    for _ in range(2):
        compactors = [run(COMPACT, place, "for ever") for _ in range(2)]
        appender = run(APPEND, place, str(batches))
        assert appender.stdout is not None
        said = appender.stdout.readline()
        time.sleep(chance.uniform(0.2, 1.5))
        processes = [*compactors, appender]
        for process in chance.sample(processes, len(processes)):
            process.kill()
        told = said + appender.communicate(timeout=60)[0]
        # The log entries of the process stand among its numbers.
        numbers = (int(line) for line in told.splitlines() if line.isdigit())
        acknowledged = max(numbers, default=batches)
        for process in compactors:
            process.communicate(timeout=60)
        # The last one may have been committed without the process living to say so.
        batches = log.settled_to() // BATCH
        assert acknowledged <= batches <= acknowledged + 1
        assert_whole(log, batches)
    compact_here(log)
    assert_whole(log, batches)
