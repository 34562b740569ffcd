"""Job transitions in SQL: guarded by state and fence, logged, and held to by constraints."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select, update
from sqlalchemy.exc import IntegrityError

from tailrace.domain.export_job import ExportId, ExportJob, ObjectFamily, ResultFile
from tailrace.domain.export_request import (
    Column,
    CreatedLeads,
    ExportRequest,
    InstantRange,
)
from tailrace.domain.file_format import FileFormat
from tailrace.domain.job_state import FINAL_STATES, TRANSITIONS, JobEvent, JobState
from tailrace.store import jobs as store
from tailrace.store.tables import export_job, job_event
from tests.support.stores import STORES
from tests.unit.store_home import START, StoreHome

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

RESULT = ResultFile(name="a.1.csv", size_bytes=3, sha256="0" * 64, row_count=0)
LATER = START + timedelta(minutes=1)


@pytest.fixture(params=STORES)
def home(tmp_path: Path, request: pytest.FixtureRequest) -> StoreHome:
    return StoreHome.make(tmp_path, request.param)


def created_job(home: StoreHome, export_id: str = "a") -> ExportJob:
    request = ExportRequest(
        FileFormat.CSV, (Column("id", "id"),), CreatedLeads(InstantRange(START, START))
    )
    caller = home.caller(f"{export_id}@example.com")
    job = ExportJob(
        export_id=ExportId(export_id),
        subscription_id=home.subscription_id,
        api_user_id=caller.api_user_id,
        family=ObjectFamily.LEADS,
        request=request,
        state=JobState.CREATED,
        created_at=START,
        queued_at=None,
        started_at=None,
        finished_at=None,
        result=None,
        failure=None,
        fence=0,
        attempts=0,
        state_changed_at=START,
    )
    with home.database.write() as connection:
        store.insert_job(connection, job)
    return job


def queued_job(home: StoreHome, export_id: str = "a") -> ExportJob:
    job = created_job(home, export_id)
    with home.database.write() as connection:
        assert store.enqueue(connection, job, START)
        return store.queued_jobs(connection, 100)[-1]


def claimed_job(home: StoreHome, export_id: str = "a") -> ExportJob:
    job = queued_job(home, export_id)
    with home.database.write() as connection:
        claimed = store.claim(connection, job, JobEvent.CLAIM, START, LATER)
    assert claimed is not None
    return claimed


def events(home: StoreHome) -> list[tuple[str, str | None, str, int]]:
    with home.database.read() as connection:
        rows = connection.execute(select(job_event).order_by(job_event.c.id))
        return [(row.event, row.from_state, row.to_state, row.fence) for row in rows]


def test_transition_table__leaves_no_final_state() -> None:
    assert {JobState.COMPLETED, JobState.FAILED, JobState.CANCELLED} == FINAL_STATES
    assert set(TRANSITIONS) == set(JobEvent)


def test_whole_life__is_in_the_event_log(home: StoreHome) -> None:
    job = claimed_job(home)
    with home.database.write() as connection:
        assert store.complete(connection, job, RESULT, LATER)
    assert events(home) == [
        ("create", None, "Created", 0),
        ("enqueue", "Created", "Queued", 0),
        ("claim", "Queued", "Processing", 1),
        ("complete", "Processing", "Completed", 1),
    ]


def test_stale_runner__can_neither_finish_nor_keep_the_job(home: StoreHome) -> None:
    stale = claimed_job(home)
    with home.database.write() as connection:
        current = store.claim(connection, stale, JobEvent.RECLAIM, LATER, LATER)
        assert current is not None
        assert current.fence == stale.fence + 1
        assert not store.complete(connection, stale, RESULT, LATER)
        assert not store.fail(connection, stale, "no", LATER)
        assert not store.extend_lease(connection, stale, LATER)
        assert store.complete(connection, current, RESULT, LATER)


def test_job_that_was_moved_since_it_was_read__is_not_moved(home: StoreHome) -> None:
    created = created_job(home)
    with home.database.write() as connection:
        assert store.enqueue(connection, created, START)
        # Cancelling leads on from either state; but what it was decided on is past.
        assert not store.apply_event(connection, created, JobEvent.CANCEL, LATER, {})
    assert [event for event, *_ in events(home)] == ["create", "enqueue"]


def test_cancelled_job__cannot_be_completed(home: StoreHome) -> None:
    job = claimed_job(home)
    with home.database.write() as connection:
        assert store.apply_event(connection, job, JobEvent.CANCEL, LATER, {})
        assert not store.complete(connection, job, RESULT, LATER)
        assert not store.extend_lease(connection, job, LATER)
    assert [event for event, *_ in events(home)] == ["create", "enqueue", "claim", "cancel"]


@pytest.mark.parametrize("event", [event for event in JobEvent if event is not JobEvent.CREATE])
def test_event__is_refused_from_every_state_outside_the_table(
    home: StoreHome, event: JobEvent
) -> None:
    job = claimed_job(home)
    with home.database.write() as connection:
        store.complete(connection, job, RESULT, LATER)
    before = events(home)
    for state in JobState:
        with home.database.write() as connection:
            # The row is Completed, from which nothing leads anywhere, whatever was last read.
            assert not store.apply_event(connection, replace(job, state=state), event, LATER, {})
    assert events(home) == before


def test_queue__is_first_come_first_served_even_when_the_clock_steps_back(home: StoreHome) -> None:
    first, second = created_job(home, "first"), created_job(home, "second")
    with home.database.write() as connection:
        store.enqueue(connection, first, LATER)
        store.enqueue(connection, second, START)
        assert [job.export_id for job in store.queued_jobs(connection, 9)] == ["first", "second"]


def test_lease__makes_a_job_abandoned_once_it_ends(home: StoreHome) -> None:
    job = claimed_job(home)
    with home.database.write() as connection:
        assert store.abandoned_jobs(connection, START, 9) == []
        (abandoned,) = store.abandoned_jobs(connection, LATER, 9)
        assert abandoned.export_id == job.export_id
        assert store.extend_lease(connection, job, LATER + timedelta(seconds=1))
        assert store.abandoned_jobs(connection, LATER, 9) == []


def test_oldest_claim__is_of_the_job_that_runs_for_longest(home: StoreHome) -> None:
    def oldest() -> datetime | None:
        with home.database.read() as connection:
            return store.oldest_claim(connection, home.subscription_id)

    queued_job(home, "queued")
    assert oldest() is None
    jobs = [queued_job(home, export_id) for export_id in ("first", "second")]
    with home.database.write() as connection:
        first = store.claim(connection, jobs[0], JobEvent.CLAIM, START, LATER)
        assert store.claim(connection, jobs[1], JobEvent.CLAIM, LATER, LATER) is not None
    assert first is not None
    assert oldest() == START
    with home.database.write() as connection:
        assert store.fail(connection, first, "gone", LATER)
    assert oldest() == LATER


def test_job_handed_back__is_claimed_again_without_costing_an_attempt(home: StoreHome) -> None:
    job = claimed_job(home)
    with home.database.write() as connection:
        store.release(connection, job, START, is_attempt=False)
        (again,) = store.abandoned_jobs(connection, START, 9)
        assert (again.attempts, again.fence) == (0, 1)


def test_run_that_broke_off__counts_as_an_attempt(home: StoreHome) -> None:
    job = claimed_job(home)
    with home.database.write() as connection:
        store.release(connection, job, START, is_attempt=True)
        (again,) = store.abandoned_jobs(connection, START, 9)
        assert (again.attempts, again.fence) == (1, 1)


def test_stale_runner__cannot_hand_back_what_is_no_longer_its(home: StoreHome) -> None:
    stale = claimed_job(home)
    with home.database.write() as connection:
        assert store.claim(connection, stale, JobEvent.RECLAIM, LATER, LATER) is not None
        store.release(connection, stale, START, is_attempt=True)
        assert store.abandoned_jobs(connection, START, 9) == []


@pytest.mark.parametrize(
    "changes",
    [
        {"state": "Completed", "lease_expires_at": None, "finished_at": START},
        {"state": "Failed", "lease_expires_at": None, "finished_at": START},
        {"lease_expires_at": None},
        {"state": "Canceled"},
        {"queued_at": None},
        {"queue_position": None},
        {"file_sha256": "0" * 64, "file_size_bytes": 1, "row_count": 0, "file_name": "a"},
    ],
)
def test_constraints__refuse_a_row_that_breaks_an_invariant(
    home: StoreHome, changes: dict[str, object]
) -> None:
    claimed_job(home)
    with pytest.raises(IntegrityError), home.database.write() as connection:
        connection.execute(update(export_job).values(**changes))
