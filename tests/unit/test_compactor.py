"""The compactor of a home, and the janitor who deletes what it has replaced."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tailrace.activities.compactor import Compactor
from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.job_state import JobEvent
from tailrace.lake.compaction_plan import MANY_SMALL_FILES
from tailrace.store import jobs as store
from tests.support.activities import START, activity, frame
from tests.support.application import SteppedApplication
from tests.support.deadlines import wait_until
from tests.support.hot import happen

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.lake.activity_log import ActivityLog

FILTER = {"filter": {"createdAt": {"startAt": "2026-10-01", "endAt": "2026-10-02"}}}


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    stepped.clock.now = START
    yield stepped
    stepped.close()


@pytest.fixture
def log(stepped: SteppedApplication) -> ActivityLog:
    return stepped.application.activity_log(stepped.application.subscriptions.default_id())


def append_small_files(log: ActivityLog) -> None:
    for guid in range(1, MANY_SMALL_FILES + 1):
        log.append(frame([activity(guid)]))


def compactor(stepped: SteppedApplication, pause_seconds: float) -> Compactor:
    application = stepped.application
    return Compactor(
        application.subscriptions,
        activity_log=application.activity_log,
        pause_seconds=pause_seconds,
        clock=stepped.clock,
    )


def test_compactor__compacts_by_itself(stepped: SteppedApplication, log: ActivityLog) -> None:
    append_small_files(log)
    running = compactor(stepped, 0.05)
    running.start()
    try:
        wait_until(lambda: len(log.snapshot().files) == 1, "compacted")
    finally:
        running.stop()


def test_compactor_with_no_pause__never_begins(
    stepped: SteppedApplication, log: ActivityLog
) -> None:
    append_small_files(log)
    idle = compactor(stepped, 0)
    idle.start()
    idle.stop()
    assert len(log.snapshot().files) == MANY_SMALL_FILES


def test_settling__goes_on_after_a_compaction(
    stepped: SteppedApplication, log: ActivityLog
) -> None:
    application = stepped.application
    subscription_id = application.subscriptions.default_id()
    for _ in range(MANY_SMALL_FILES):
        happen(application, 1)
        application.settler.settle(subscription_id)
    assert application.compactor.compact(subscription_id) == MANY_SMALL_FILES - 1
    happen(application, 2)
    assert application.settler.settle(subscription_id) == 2
    assert log.settled_to() == MANY_SMALL_FILES + 2
    assert log.largest_guid() == MANY_SMALL_FILES + 2


def test_janitor__deletes_replaced_files_that_no_running_export_reads(
    stepped: SteppedApplication,
) -> None:
    application = stepped.application
    caller = stepped.new_subscription()
    log = application.activity_log(caller.subscription_id)
    append_small_files(log)
    replaced = [Path(file.path) for file in log.snapshot().files]
    job = application.jobs.create(caller, ObjectFamily.ACTIVITIES, FILTER)
    job = application.jobs.enqueue(caller, ObjectFamily.ACTIVITIES, job.export_id)
    stepped.clock.advance(seconds=1)
    with application.database.write() as connection:
        claimed = store.claim(connection, job, JobEvent.CLAIM, START, START + timedelta(days=3))
    assert claimed is not None
    application.compactor.compact(caller.subscription_id)
    stepped.clock.advance(days=2)
    application.janitor.clean()
    assert all(path.exists() for path in replaced)
    with application.database.write() as connection:
        assert store.fail(connection, claimed, "given up", stepped.clock())
    stepped.clock.advance(hours=2)
    application.janitor.clean()
    assert not any(path.exists() for path in replaced)
