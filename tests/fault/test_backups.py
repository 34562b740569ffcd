"""Backups taken while others write, and killed half-way: what a home made of one holds."""

from __future__ import annotations

import os
import signal
import subprocess
import threading
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tailrace.app import open_application
from tailrace.crash_points import POINTS
from tailrace.domain.errors import HomeError
from tailrace.domain.export_job import ObjectFamily
from tailrace.operation.backup import BackupSource, back_up
from tailrace.operation.restore import restore
from tailrace.settings import Settings
from tailrace.store.jobs import files_in_use
from tests.fault.test_settle_crashes import WRITE, leads_in_lake, run, settle_here
from tests.support.application import SteppedApplication
from tests.support.home import TAILRACE
from tests.support.hot import happen, hot_guids
from tests.support.stores import only_with_a_file
from tests.unit.store_home import SteppedClock

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from tailrace.app import Application

#: A database of PostgreSQL is backed up by its own tools.
pytestmark = only_with_a_file

#: Leads: an export of nothing has a header line and a checksum like any other.
EMPTY_EXPORT = {
    "fields": ["id"],
    "filter": {
        "createdAt": {"startAt": "2026-01-01T00:00:00Z", "endAt": "2026-01-02T00:00:00Z"},
    },
}

#: Settles as a server does, only more often.
SETTLE = """
import sys, time
from pathlib import Path
from tailrace.app import open_application
from tailrace.settings import Settings

application = open_application(Settings(home=Path(sys.argv[1])))
while True:
    application.settler.settle(application.subscriptions.default_id())
    time.sleep(0.02)
"""


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped
    stepped.close()


@pytest.fixture
def application(stepped: SteppedApplication) -> Application:
    return stepped.application


def backed_up(application: Application, target: Path) -> Path:
    """A backup of an open home."""
    source = BackupSource(
        home=application.settings.home,
        database=application.database,
        subscription_ids=application.subscriptions.ids(),
        activity_log=application.activity_log,
        clock=application.clock,
    )
    back_up(source, target)
    return target


@contextmanager
def restored(backup: Path, home: Path) -> Generator[Application]:
    """The home that a backup makes, at the moment of the backup."""
    restore(backup, home)
    application = open_application(Settings(home=home), SteppedClock(), must_exist=True)
    try:
        yield application
    finally:
        application.close()


class Writer:
    """A process that writes activities for ever, and what it has said of them so far."""

    def __init__(self, home: Path) -> None:
        self._process = run(WRITE, home, "1")
        self.acknowledged = 0
        self._is_over = False
        self._changed = threading.Condition()
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def wait_for_more(self) -> int:
        """How many are acknowledged, once that is more than before."""
        with self._changed:
            before = self.acknowledged
            self._changed.wait_for(lambda: self.acknowledged > before or self._is_over, timeout=60)
            assert self.acknowledged > before, "it writes no more"
            return self.acknowledged

    def kill(self) -> None:
        self._process.kill()
        self._process.wait(60)
        self._reader.join()
        # Its lines are read to the end.
        self._process.communicate()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            with self._changed:
                self.acknowledged = int(line)
                self._changed.notify_all()
        with self._changed:
            self._is_over = True
            self._changed.notify_all()


@pytest.mark.parametrize("rounds", [4, pytest.param(40, marks=pytest.mark.soak)])
def test_backup_among_writes_and_settlings__holds_what_was_acknowledged_once(
    application: Application, tmp_path: Path, rounds: int
) -> None:
    home = application.settings.home
    writer = Writer(home)
    settler = run(SETTLE, home)
    try:
        taken = [
            (writer.wait_for_more(), backed_up(application, tmp_path / f"backup-{number}"))
            for number in range(rounds)
        ]
    finally:
        writer.kill()
        settler.kill()
        settler.communicate(timeout=60)
    for acknowledged, backup in taken:
        with restored(backup, tmp_path / f"{backup.name}-home") as copy:
            settle_here(copy)
            count = len(leads_in_lake(copy))
            assert leads_in_lake(copy) == list(range(1, count + 1))
            assert count >= acknowledged
            # The life of the copy goes on where it was: nothing new is taken for settled.
            happen(copy, 5, first_lead=count + 1)
            settle_here(copy)
            assert leads_in_lake(copy) == list(range(1, count + 6))
            assert hot_guids(copy) == []


def test_backup__waits_for_a_settling_under_way(application: Application, tmp_path: Path) -> None:
    """Else the moment of the database and that of the lake could be two."""
    happen(application, 10)
    log = application.activity_log(application.subscriptions.default_id())
    done = threading.Event()

    def take() -> None:
        backed_up(application, tmp_path / "backup")
        done.set()

    taking = threading.Thread(target=take)
    with log.exclusive():
        taking.start()
        assert not done.wait(0.5)
    assert done.wait(60)
    taking.join()


def test_result_file__is_in_the_backup_and_downloads_from_the_copy(
    stepped: SteppedApplication, tmp_path: Path
) -> None:
    caller = stepped.new_subscription()
    exported = stepped.export(caller, ObjectFamily.LEADS, EMPTY_EXPORT)
    backup = backed_up(stepped.application, tmp_path / "backup")
    with restored(backup, tmp_path / "copy") as copy:
        job = exported.job
        result = copy.jobs.result_file(caller, ObjectFamily.LEADS, job.export_id)
        with copy.files.open(caller.subscription_id, result.name) as file:
            assert file.read(0, file.size_bytes + 1) == exported.content


def test_result_file_that_went_meanwhile__is_marked_as_gone_in_the_copy(
    stepped: SteppedApplication, tmp_path: Path
) -> None:
    caller = stepped.new_subscription()
    stepped.export(caller, ObjectFamily.LEADS, EMPTY_EXPORT)
    (path,) = (stepped.application.settings.home / "files").rglob("*.csv")
    path.unlink()
    backup = backed_up(stepped.application, tmp_path / "backup")
    with restored(backup, tmp_path / "copy") as copy, copy.database.read() as connection:
        assert files_in_use(connection, caller.subscription_id) == set()


def test_job_that_was_queued__runs_on_the_copy(stepped: SteppedApplication, tmp_path: Path) -> None:
    caller = stepped.new_subscription()
    jobs = stepped.application.jobs
    job = jobs.create(caller, ObjectFamily.LEADS, EMPTY_EXPORT)
    jobs.enqueue(caller, ObjectFamily.LEADS, job.export_id)
    backup = backed_up(stepped.application, tmp_path / "backup")
    with restored(backup, tmp_path / "copy") as copy:
        assert copy.runner.run_pending() == 1


def test_upload_of_an_unfinished_import__is_in_the_backup(
    application: Application, tmp_path: Path
) -> None:
    path = application.settings.home / "imports" / "1" / "7.upload"
    path.parent.mkdir(parents=True)
    path.write_text("email\na@example.com\n")
    backup = backed_up(application, tmp_path / "backup")
    assert (backup / "imports" / "1" / "7.upload").read_bytes() == path.read_bytes()


@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("backup.")])
def test_killed_backup__leaves_no_target_and_the_next_one_is_whole(
    application: Application, tmp_path: Path, point: str
) -> None:
    happen(application, 10)
    target = tmp_path / "backup"
    command = ["backup", str(target), "--home", str(application.settings.home)]
    assert killed_at(point, command)
    assert not target.exists()
    backed_up(application, target)
    assert [path.name for path in tmp_path.glob(".*")] == []
    with restored(target, tmp_path / "copy") as copy:
        settle_here(copy)
        assert leads_in_lake(copy) == list(range(1, 11))


def test_killed_restore__leaves_no_home_and_the_next_one_is_whole(
    application: Application, tmp_path: Path
) -> None:
    backup = backed_up(application, tmp_path / "backup")
    home = tmp_path / "copy"
    assert killed_at("restore.before_rename", ["restore", str(backup), "--home", str(home)])
    assert not home.exists()
    with restored(backup, home):
        assert [path.name for path in tmp_path.glob(".*")] == []


def killed_at(point: str, command: list[str]) -> bool:
    """Whether the command died there."""
    environment = {**os.environ, "TAILRACE_CRASH_POINT": point}
    done = subprocess.run([TAILRACE, *command], env=environment, capture_output=True)
    return done.returncode == -signal.SIGKILL


def test_target_that_cannot_be__is_refused(application: Application, tmp_path: Path) -> None:
    with pytest.raises(HomeError, match="exists already"):
        backed_up(application, tmp_path)
    with pytest.raises(HomeError, match="within the home"):
        backed_up(application, application.settings.home / "backup")


def test_home_with_something_in_it__is_not_restored_over(
    application: Application, tmp_path: Path
) -> None:
    backup = backed_up(application, tmp_path / "backup")
    with pytest.raises(HomeError, match="not empty"):
        restore(backup, application.settings.home)
    (tmp_path / "empty").mkdir()
    with restored(backup, tmp_path / "empty") as copy:
        assert copy.settings.home.stat().st_mode & 0o777 == 0o700


def test_damaged_backup__makes_no_home(application: Application, tmp_path: Path) -> None:
    with pytest.raises(HomeError, match=r"no 'backup\.json'"):
        restore(tmp_path, tmp_path / "copy")
    backup = backed_up(application, tmp_path / "backup")
    (backup / "key").write_bytes(b"another")
    with pytest.raises(HomeError, match="'key' is not what was backed up"):
        restore(backup, tmp_path / "copy")
    (backup / "key").unlink()
    with pytest.raises(HomeError, match="'key' is missing"):
        restore(backup, tmp_path / "copy")
    manifest = backup / "backup.json"
    manifest.write_text(manifest.read_text().replace('"key"', '"../key"'))
    with pytest.raises(HomeError, match="no name of a file in a home"):
        restore(backup, tmp_path / "copy")
    assert not (tmp_path / "copy").exists()
