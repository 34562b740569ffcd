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
from tests.support.activities import activity_request, export, random_activities
from tests.support.disk import WatchedDisk
from tests.support.hot import lake_rows

#: Rows of one append, over two days.
BATCH = 20

#: At 150 rows a file is full: some are written for each day.
COMPACT = """
import sys
from datetime import UTC, datetime
from pathlib import Path
from tailrace.lake import compaction
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.compaction_plan import due

compaction._LEAST_ROW_BYTES = compaction.FILE_BYTES // 150
log = ActivityLog.in_directory(Path(sys.argv[1]))
while True:
    for files in due(log.snapshot(), datetime.now(UTC)):
        compaction.compact(log, files, datetime.now(UTC))
        print(len(files), flush=True)
    if len(sys.argv) < 3:
        break
"""

APPEND = """
import sys
from pathlib import Path
from tailrace.lake.activity_log import ActivityLog
from tests.support.activities import random_activities

log = ActivityLog.in_directory(Path(sys.argv[1]))
batch = int(sys.argv[2])
while True:
    rows = random_activities(20, seed=batch, seconds=2 * 86_400, first_guid=batch * 20 + 1)
    log.append(rows, settled_to=(batch + 1) * 20)
    batch += 1
    print(batch, flush=True)
"""


@pytest.fixture
def log(tmp_path: Path) -> ActivityLog:
    """A log with as many small files a day as are compacted."""
    log = ActivityLog.in_directory(tmp_path / "activities")
    append_batches(log, 0, MANY_SMALL_FILES)
    return log


def append_batches(log: ActivityLog, first: int, end: int) -> None:
    for batch in range(first, end):
        rows = random_activities(
            BATCH, seed=batch, seconds=2 * 86_400, first_guid=batch * BATCH + 1
        )
        log.append(rows, settled_to=(batch + 1) * BATCH)


def run(
    script: str, log: ActivityLog, *arguments: str, **environment: str
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", script, log.storage.location, *arguments],
        env={**os.environ, **environment},
        stdout=subprocess.PIPE,
        text=True,
    )


def compact_here(log: ActivityLog) -> None:
    now = datetime.now(UTC)
    for files in due(log.snapshot(), now):
        assert compact(log, files, now) is not None


def assert_whole(log: ActivityLog, batches: int) -> None:
    assert lake_rows(log)["marketoGUID"].to_list() == list(range(1, batches * BATCH + 1))
    assert log.settled_to() == batches * BATCH


@pytest.mark.parametrize(
    ("point", "after"),
    [("compact.file_written", 2)]
    + [(point, 1) for point in POINTS if point.startswith("compact.")],
)
def test_killed_compaction__is_finished_by_the_next(
    log: ActivityLog, tmp_path: Path, point: str, after: int
) -> None:
    request = activity_request()
    before, _ = export(log, request, tmp_path / "files")
    killed = run(COMPACT, log, TAILRACE_CRASH_POINT=point, TAILRACE_CRASH_AFTER=str(after))
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    assert_whole(log, MANY_SMALL_FILES)
    compact_here(log)
    assert export(log, request, tmp_path / "files")[0] == before
    # What the killed one left, and what was replaced, goes in time.
    log.sweep(datetime.now(UTC) + timedelta(hours=26))
    files = log.snapshot().files
    assert {str(path) for path in Path(log.storage.location).glob("activityDay=*/*")} == {
        one.path for one in files
    }
    assert len(files) < MANY_SMALL_FILES
    append_batches(log, MANY_SMALL_FILES, MANY_SMALL_FILES + 1)
    assert_whole(log, MANY_SMALL_FILES + 1)


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


@pytest.mark.parametrize("seed", range(2))
def test_compactions_and_appends_killed_at_any_moment__lose_nothing_and_double_nothing(
    log: ActivityLog, seed: int
) -> None:
    chance = random.Random(seed)
    batches = MANY_SMALL_FILES
    for _ in range(2):
        compactors = [run(COMPACT, log, "for ever") for _ in range(2)]
        appender = run(APPEND, log, str(batches))
        assert appender.stdout is not None
        said = appender.stdout.readline()
        time.sleep(chance.uniform(0.2, 1.5))
        processes = [*compactors, appender]
        for process in chance.sample(processes, len(processes)):
            process.kill()
        acknowledged = int((said + appender.communicate(timeout=60)[0]).split()[-1])
        for process in compactors:
            process.communicate(timeout=60)
        # The last one may have been committed without the process living to say so.
        batches = log.settled_to() // BATCH
        assert acknowledged <= batches <= acknowledged + 1
        assert_whole(log, batches)
    compact_here(log)
    assert_whole(log, batches)
