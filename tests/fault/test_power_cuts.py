"""Power that is cut: what was acknowledged is on the disk, and nothing names what is not."""

from __future__ import annotations

import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest

from tailrace.activities.settling import settle
from tailrace.app import open_application
from tailrace.domain.export_job import ObjectFamily, SubscriptionId
from tailrace.domain.file_format import FileFormat
from tailrace.files.directory import FileDirectory
from tailrace.files.uploads import Uploads
from tailrace.imports.upload import Upload
from tailrace.lake.activity_log import ActivityLog
from tailrace.settings import Settings
from tests.fault.test_settle_crashes import BATCH, SETTLE, run
from tests.support.activities import EXPORT, SUBSCRIPTION, random_activities
from tests.support.application import SteppedApplication
from tests.support.disk import WatchedDisk
from tests.support.hot import happen, hot_guids, lake_rows

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.app import Application

ROWS = 50


@pytest.fixture
def root(tmp_path: Path) -> Path:
    (tmp_path / "root").mkdir()
    return tmp_path / "root"


@pytest.fixture
def disk(root: Path) -> WatchedDisk:
    return WatchedDisk(root)


@pytest.fixture
def stepped(root: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(root / "home")
    yield stepped
    stepped.close()


def batch_rows(batch: int) -> pl.DataFrame:
    """Rows over four days: several files in one commit."""
    return random_activities(ROWS, seed=batch, seconds=4 * 86_400, first_guid=batch * ROWS + 1)


def log_of(application: Application) -> ActivityLog:
    return application.activity_log(application.subscriptions.default_id())


def settle_here(application: Application) -> None:
    settle(application.database, log_of(application), application.subscriptions.default_id())


@pytest.mark.parametrize("batches", [1, 3, 12])
def test_acknowledged_appends__are_there(
    root: Path, disk: WatchedDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batches: int
) -> None:
    """Of twelve commits one brings a checkpoint along."""
    log = ActivityLog.in_directory(root / "lake" / "activities")
    with disk.watched(monkeypatch):
        for batch in range(batches):
            log.append(batch_rows(batch))
    disk.cut_power(tmp_path / "after")
    rows = lake_rows(ActivityLog.in_directory(tmp_path / "after" / "lake" / "activities"))
    assert rows["marketoGUID"].to_list() == list(range(1, batches * ROWS + 1))


def test_log_that_a_reader_made__is_there(
    root: Path, disk: WatchedDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk.watched(monkeypatch):
        assert ActivityLog.in_directory(root / "activities").largest_guid() == 0
    (entry,) = (root / "activities").glob("_delta_log/*.json")
    assert disk.holds(entry)


def test_log_entry__names_only_files_that_are_on_the_disk(
    root: Path, disk: WatchedDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ActivityLog.in_directory(root / "activities")

    def look() -> None:
        """An entry may reach the disk by itself at any time."""
        if list((root / "activities").glob("_delta_log/*.json")):
            assert all(disk.holds(Path(file.path)) for file in log.snapshot().files)

    with disk.watched(monkeypatch, look):
        for batch in range(3):
            log.append(batch_rows(batch))
    assert len(log.snapshot().files) > 3


def test_entry_of_a_writer_that_died_too_soon__is_on_the_disk_before_the_next_one_is_there(
    root: Path, disk: WatchedDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    log = ActivityLog.in_directory(root / "activities")
    entries = [root / "activities" / "_delta_log" / f"{version:020}.json" for version in range(3)]
    # Nobody saw what this one waited for: as if it had not.
    log.append(batch_rows(0))

    def look() -> None:
        assert disk.holds(entries[1]) or not entries[2].exists()

    with disk.watched(monkeypatch, look):
        log.append(batch_rows(1))
    assert disk.holds(entries[2])


def test_activity__is_in_the_lake_on_the_disk_before_it_leaves_the_store(
    stepped: SteppedApplication, root: Path, disk: WatchedDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = stepped.application
    monkeypatch.setattr("tailrace.activities.settling.BATCH_ROWS", BATCH)
    happen(application, 3 * BATCH)

    def look() -> None:
        gone = set(range(1, 3 * BATCH + 1)) - set(hot_guids(application))
        if gone:
            files = [Path(file.path) for file in log_of(application).snapshot().files]
            held = [str(path) for path in files if disk.holds(path)]
            assert held
            assert gone <= set(pl.scan_parquet(held).collect()["marketoGUID"])

    with disk.watched(monkeypatch, look):
        settle_here(application)
        look()
    assert hot_guids(application) == []
    entries = (root / "home" / "lake").rglob("_delta_log/*.json")
    assert all(disk.holds(entry) for entry in entries)


def test_entry_of_a_settling_that_was_killed__is_on_the_disk_before_its_activities_leave(
    stepped: SteppedApplication, root: Path, disk: WatchedDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    application = stepped.application
    happen(application, BATCH)
    killed = run(SETTLE, root / "home", TAILRACE_CRASH_POINT="append.committed")
    killed.communicate(timeout=60)
    assert killed.returncode == -signal.SIGKILL
    entry = max((root / "home" / "lake").rglob("_delta_log/*.json"))
    assert hot_guids(application) == list(range(1, BATCH + 1))

    def look() -> None:
        assert hot_guids(application) or disk.holds(entry)

    with disk.watched(monkeypatch, look):
        settle_here(application)
        look()
    assert hot_guids(application) == []


def test_result_file__is_whole(
    root: Path, disk: WatchedDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        disk.watched(monkeypatch),
        FileDirectory(root / "files").writer(SUBSCRIPTION, EXPORT, 1) as out,
    ):
        out.write(b"id\n" + b"1\n" * 10_000)
        result = out.publish()
    disk.cut_power(tmp_path / "after")
    with FileDirectory(tmp_path / "after" / "files").open(SUBSCRIPTION, result.name) as file:
        assert os.pread(file.fd, 100_000, 0) == b"id\n" + b"1\n" * 10_000


def test_job__is_completed_only_with_its_file_on_the_disk(
    stepped: SteppedApplication, root: Path, disk: WatchedDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = stepped.new_subscription()
    range_of_a_day = {"startAt": "2026-03-10T00:00:00Z", "endAt": "2026-03-10T23:59:59Z"}

    def look() -> None:
        with stepped.application.database.read() as connection:
            states = connection.exec_driver_sql("SELECT state FROM export_job").scalars().all()
        assert "Completed" not in states

    with disk.watched(monkeypatch, look):
        body = {"fields": ["id"], "filter": {"createdAt": range_of_a_day}}
        stepped.export(caller, ObjectFamily.LEADS, body)
    (file,) = (root / "home" / "files").rglob("*.csv")
    assert disk.holds(file)


def test_saved_upload__is_whole(
    root: Path, disk: WatchedDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk.watched(monkeypatch):
        Uploads(root / "imports").save(SubscriptionId(1), 7, b"email\nx@example.com\n")
    disk.cut_power(tmp_path / "after")
    path = Uploads(tmp_path / "after" / "imports").path(SubscriptionId(1), 7)
    assert path.read_bytes() == b"email\nx@example.com\n"


def test_import__is_there_only_with_its_upload_on_the_disk(
    stepped: SteppedApplication, root: Path, disk: WatchedDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    caller = stepped.new_subscription()

    def look() -> None:
        with stepped.application.database.read() as connection:
            assert connection.exec_driver_sql("SELECT id FROM lead_import").all() == []

    with disk.watched(monkeypatch, look):
        upload = Upload(b"email\nx@example.com\n", FileFormat.CSV, "email", None)
        stepped.application.lead_imports.submit(caller, upload)
    (file,) = (root / "home" / "imports").rglob("*.upload")
    assert disk.holds(file)


def test_key_of_a_new_home__is_there(
    root: Path, disk: WatchedDisk, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    with disk.watched(monkeypatch):
        open_application(Settings(home=root / "home")).close()
    disk.cut_power(tmp_path / "after")
    key = (root / "home" / "key").read_bytes()
    assert (tmp_path / "after" / "home" / "key").read_bytes() == key


def test_commit_of_the_store__waits_for_the_disk(stepped: SteppedApplication) -> None:
    """The database syncs by itself, where nobody can watch: at least it is told to."""
    with stepped.application.database.write() as connection:
        assert connection.exec_driver_sql("PRAGMA journal_mode").scalar() == "wal"
        assert connection.exec_driver_sql("PRAGMA synchronous").scalar() == 2
