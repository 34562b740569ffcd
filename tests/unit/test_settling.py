"""Settling: hot activities reach the lake, in batches, each once."""

from __future__ import annotations

import time
from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from tailrace.activities import settling
from tailrace.activities.settler import Settler, SettlingLimits
from tailrace.activities.settling import settle
from tailrace.domain.export_job import ObjectFamily
from tailrace.store.hot_activities import HotRange, NewActivity, hot_range, record_activities
from tailrace.store.subscriptions import create_subscription
from tests.support.activities import START, activity, frame
from tests.support.application import SteppedApplication
from tests.support.deadlines import wait_until
from tests.support.hot import happen, hot_guids, lake_rows
from tests.support.loading import (
    activities_file,
    activity_line,
    counts,
    load_activity_files,
)

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from tailrace.app import Application
    from tailrace.lake.activity_log import ActivityLog


@pytest.fixture
def application(tmp_path: Path) -> Iterator[Application]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped.application
    stepped.close()


@pytest.fixture
def log(application: Application) -> ActivityLog:
    return application.activity_log(application.subscriptions.default_id())


def settle_all(application: Application, log: ActivityLog) -> int:
    return settle(application.database, log, application.subscriptions.default_id())


def test_settle__leaves_what_is_hot_in_another_subscription(
    application: Application, log: ActivityLog
) -> None:
    happen(application, 2)
    with application.database.write() as connection:
        second = create_subscription(connection, "second", START)
        record_activities(connection, second, [NewActivity(1, 1, START)])
    assert settle_all(application, log) == 2
    with application.database.read() as connection:
        assert hot_range(connection, second) == HotRange(1, 1)


def test_settle__moves_every_column_as_it_is(application: Application, log: ActivityLog) -> None:
    happen(application, 1, at=START + timedelta(seconds=5))
    assert settle_all(application, log) == 1
    assert lake_rows(log).row(0, named=True) == {
        "marketoGUID": 1,
        "leadId": 1,
        "activityDate": START + timedelta(seconds=5),
        "activityTypeId": 1,
        "campaignId": None,
        "primaryAttributeValueId": None,
        "primaryAttributeValue": None,
        "attributes": '{"Webpage URL":"/0"}',
        "actionResult": None,
    }
    assert hot_guids(application) == []


def test_settle_again__moves_only_what_is_new(application: Application, log: ActivityLog) -> None:
    happen(application, 3)
    settle_all(application, log)
    assert settle_all(application, log) == 0
    happen(application, 2)
    assert settle_all(application, log) == 2
    assert lake_rows(log)["marketoGUID"].to_list() == [1, 2, 3, 4, 5]
    assert log.snapshot().settled_to == log.settled_to() == 5


def test_settle__goes_in_batches_of_bounded_size(
    application: Application, log: ActivityLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(settling, "BATCH_ROWS", 4)
    happen(application, 10)
    assert settle_all(application, log) == 10
    assert lake_rows(log)["marketoGUID"].to_list() == list(range(1, 11))
    assert hot_guids(application) == []


def test_settle__of_nothing_makes_no_commit(application: Application, log: ActivityLog) -> None:
    version = log.snapshot().version
    assert settle_all(application, log) == 0
    assert log.snapshot().version == version


def test_settled_number__outlasts_other_appends_and_checkpoints(
    application: Application, log: ActivityLog
) -> None:
    happen(application, 1)
    settle_all(application, log)
    for guid in range(100, 125):
        log.append(frame([activity(guid)]))
    assert log.settled_to() == 1


def test_export_of_activities__has_what_happened_before_it_began(tmp_path: Path) -> None:
    stepped = SteppedApplication.open(tmp_path / "home")
    caller = stepped.new_subscription()
    with stepped.application.database.write() as connection:
        record_activities(
            connection, caller.subscription_id, [NewActivity(7, 1, stepped.clock(), {})]
        )
    day = f"{stepped.clock():%Y-%m-%d}"
    body = {"filter": {"createdAt": {"startAt": f"{day}T00:00:00Z", "endAt": f"{day}T23:59:59Z"}}}
    exported = stepped.export(caller, ObjectFamily.ACTIVITIES, body)
    stepped.close()
    assert exported.content.decode().splitlines()[1:] == [
        f"1,7,{stepped.clock():%Y-%m-%dT%H:%M:%SZ},1,null,null,null,{{}}"
    ]


def test_load_of_what_is_hot__finds_it_there_already(
    application: Application, log: ActivityLog, tmp_path: Path
) -> None:
    happen(application, 3)
    file = activities_file(tmp_path, *(activity_line(guid) for guid in range(2, 6)))
    assert counts(load_activity_files(application, file)) == (2, 0, 2)
    assert happen(application, 1) == range(6, 7)
    settle_all(application, log)
    assert lake_rows(log)["marketoGUID"].to_list() == list(range(1, 7))


def test_counts__have_the_hot_and_the_settled_once(application: Application) -> None:
    subscription_id = application.subscriptions.default_id()
    happen(application, 3, type_id=1)
    application.settler.settle(subscription_id)
    happen(application, 2, type_id=1)
    happen(application, 4, type_id=2)
    assert application.activity_counts(subscription_id) == {1: 5, 2: 4}


def settler_of(application: Application, **limits: float) -> Settler:
    every = {"seconds": 3600.0, "rows": 10_000, "most_rows": 100_000, **limits}
    return Settler(
        application.database,
        application.subscriptions,
        activity_log=application.activity_log,
        limits=SettlingLimits(
            seconds=every["seconds"], rows=int(every["rows"]), most_rows=int(every["most_rows"])
        ),
    )


@pytest.mark.parametrize("limits", [{"seconds": 0.05}, {"rows": 5}])
def test_settler__settles_in_time_and_at_once_when_there_is_much(
    application: Application, limits: dict[str, float]
) -> None:
    settler = settler_of(application, **limits)
    settler.start()
    try:
        happen(application, 5)
        wait_until(lambda: not hot_guids(application), "the settler's next round")
        happen(application, 5)
        wait_until(lambda: not hot_guids(application), "the settler's next round")
    finally:
        settler.stop()


def test_settler__leaves_a_few_fresh_ones_alone(application: Application) -> None:
    settler = settler_of(application, rows=6)
    happen(application, 5)
    settler.make_room(application.subscriptions.default_id())
    assert hot_guids(application) == [1, 2, 3, 4, 5]


def test_make_room__settles_above_the_bound(application: Application) -> None:
    settler = settler_of(application, most_rows=4)
    happen(application, 5)
    settler.make_room(application.subscriptions.default_id())
    assert hot_guids(application) == []


def test_settler__goes_on_after_a_failure(application: Application, log: ActivityLog) -> None:
    settler = settler_of(application, seconds=0.05)
    log.snapshot()
    entry = next((application.settings.home / "lake").rglob("*.json"))
    content = entry.read_bytes()
    entry.write_bytes(b"no log entry")
    happen(application, 1)
    settler.start()
    try:
        # Several rounds fail: had the thread ended with one, nothing would move afterwards.
        time.sleep(0.3)
        assert hot_guids(application) == [1]
        entry.write_bytes(content)
        wait_until(lambda: not hot_guids(application), "a round that succeeds")
    finally:
        settler.stop()
