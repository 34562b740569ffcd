"""A disk that fails at every n-th operation once: one thing fails and says so, nothing is half there."""

from __future__ import annotations

import errno
import itertools
from typing import TYPE_CHECKING

import pytest

from tailrace.domain.errors import StoreUnavailableError
from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.file_format import FileFormat
from tailrace.imports.upload import Upload
from tests.support.application import SteppedApplication
from tests.support.failing_disk import FailingDisk
from tests.support.hot import happen, hot_guids, lake_rows
from tests.support.loading import activities_file, activity_line, counts, load_activity_files

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path


REASONS = {
    errno.ENOSPC: "No space left on the server to write the export file",
    errno.EIO: "The server could not write the export file",
}
BODY = {
    "filter": {"createdAt": {"startAt": "2026-02-01T00:00:00Z", "endAt": "2026-02-20T00:00:00Z"}}
}


@pytest.fixture(params=REASONS, ids=lambda number: errno.errorcode[number])
def error(request: pytest.FixtureRequest) -> int:
    return request.param


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped
    stepped.close()


@pytest.fixture
def disk(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> FailingDisk:
    return FailingDisk(tmp_path / "home", monkeypatch)


def every_failure(disk: FailingDisk, error: int, act: Callable[[], object]) -> Iterator[bool]:
    """Do it with the first operation failing, with the second one, … until it is not that long.

    Yields each time, whether it went well; what it raises must be the disk's error.
    """
    for number in itertools.count(1):
        with disk.fails(number, error):
            try:
                act()
                went_well = True
            except OSError as raised:
                assert raised.errno == error
                went_well = False
        if not disk.has_failed:
            assert number > 2, "no operation was there to fail"
            assert went_well
            return
        yield went_well


def files_below(path: Path) -> set[str]:
    return {one.name for one in path.rglob("*") if one.is_file()}


def test_export__fails_alone_with_its_reason_and_leaves_no_file(
    stepped: SteppedApplication, disk: FailingDisk, tmp_path: Path, error: int
) -> None:
    application = stepped.application
    caller = stepped.new_subscription()
    jobs, files = application.jobs, tmp_path / "home" / "files"
    export_id = ""

    def enqueue() -> None:
        nonlocal export_id
        job = jobs.create(caller, ObjectFamily.ACTIVITIES, BODY)
        jobs.enqueue(caller, ObjectFamily.ACTIVITIES, job.export_id)
        export_id = job.export_id

    enqueue()
    for _ in every_failure(disk, error, application.runner.run_pending):
        job = jobs.status(caller, ObjectFamily.ACTIVITIES, export_id)
        assert (job.state.value, job.failure) == ("Failed", REASONS[error])
        application.janitor.clean()
        assert files_below(files) == set()
        enqueue()
    done = jobs.status(caller, ObjectFamily.ACTIVITIES, export_id)
    assert done.result is not None
    assert files_below(files) == {done.result.name}


def test_upload__is_there_as_a_whole_or_not_at_all(
    stepped: SteppedApplication, disk: FailingDisk, tmp_path: Path, error: int
) -> None:
    application = stepped.application
    caller = stepped.new_subscription()
    upload = Upload(b"email\nx@example.com\n", FileFormat.CSV, "email", None)

    def submit() -> None:
        try:
            application.lead_imports.submit(caller, upload)
        except StoreUnavailableError as refused:
            assert refused.__cause__ is not None
            raise refused.__cause__ from refused

    for went_well in every_failure(disk, error, submit):
        assert not went_well
        assert files_below(tmp_path / "home" / "imports") == set()
        assert application.import_runner.run_pending() == 0
    assert application.import_runner.run_pending() == 1


def test_load_of_activities__is_finished_by_the_next(
    stepped: SteppedApplication, disk: FailingDisk, tmp_path: Path, error: int
) -> None:
    application = stepped.application
    log = application.activity_log(application.subscriptions.default_id())
    numbers = itertools.count(1)

    def load() -> None:
        load_activity_files(application, file)

    def next_file() -> Path:
        number = next(numbers)
        lines = [
            activity_line(number * 10 + day, activityDate=f"2026-02-0{day}T00:00:00Z")
            for day in (1, 2, 3)
        ]
        return activities_file(tmp_path, *lines, name=f"{number}.csv")

    file = next_file()
    for went_well in every_failure(disk, error, load):
        there = set(lake_rows(log)["marketoGUID"]) if not went_well else None
        report = load_activity_files(application, file)
        assert sum(counts(report)) == 3
        if there is not None:
            assert counts(report)[2] in (0, 3), "part of a batch is there"
        file = next_file()
    guids = lake_rows(log)["marketoGUID"].to_list()
    assert len(set(guids)) == len(guids) == 3 * (next(numbers) - 1)


def test_settling__is_finished_by_the_next(
    stepped: SteppedApplication, disk: FailingDisk, error: int
) -> None:
    application = stepped.application
    subscription_id = application.subscriptions.default_id()
    log = application.activity_log(subscription_id)
    leads = itertools.count(1)

    def settle() -> None:
        application.settler.settle(subscription_id)

    happen(application, 1, first_lead=next(leads))
    for _ in every_failure(disk, error, settle):
        settle()
        assert hot_guids(application) == []
        happen(application, 1, first_lead=next(leads))
    rows = lake_rows(log)["leadId"].to_list()
    assert sorted(rows) == list(range(1, next(leads)))


def test_compaction__loses_nothing_and_is_finished_by_the_next(
    stepped: SteppedApplication, disk: FailingDisk, error: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace.lake.compaction_plan.MANY_SMALL_FILES", 2)
    application = stepped.application
    subscription_id = application.subscriptions.default_id()
    log = application.activity_log(subscription_id)
    leads = itertools.count(1)

    def fill() -> None:
        for _ in range(2):
            happen(application, 1, first_lead=next(leads))
            application.settler.settle(subscription_id)

    def compact() -> None:
        application.compactor.compact(subscription_id)

    fill()
    for _ in every_failure(disk, error, compact):
        compact()
        fill()
        rows = lake_rows(log)["leadId"].to_list()
        assert len(rows) == len(set(rows))
    rows = lake_rows(log)["leadId"].to_list()
    assert sorted(rows) == list(range(1, next(leads)))
