"""Calls and errors by day: counted in memory, stored in batches, never twice and never lost."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

import pytest
from sqlalchemy.exc import ProgrammingError

from tailrace.domain.errors import StoreUnavailableError
from tailrace.store.call_counts import CallCounts, DayCount, calls_by_user, errors_by_code
from tests.support.stores import STORES
from tests.unit.store_home import StoreHome

if TYPE_CHECKING:
    from pathlib import Path

TODAY = "2026-03-10"
LONG_AGO = date(2000, 1, 1)


@pytest.fixture(params=STORES)
def home(tmp_path: Path, request: pytest.FixtureRequest) -> StoreHome:
    return StoreHome.make(tmp_path, request.param)


def stored_calls(home: StoreHome) -> list[DayCount]:
    with home.database.read() as connection:
        return calls_by_user(connection, home.subscription_id, LONG_AGO)


def test_counts__are_stored_by_user_and_day(home: StoreHome) -> None:
    counts = CallCounts(home.database, home.clock)
    one, other = home.caller("one@example.com"), home.caller("a@example.com")
    for caller in (one, one, other):
        counts.add_call(caller)
    counts.flush()
    home.clock.now = datetime(2026, 3, 11, 5, 0, tzinfo=UTC)
    counts.add_call(one)
    counts.flush()
    assert stored_calls(home) == [
        DayCount(TODAY, "a@example.com", 1),
        DayCount(TODAY, "one@example.com", 2),
        DayCount("2026-03-11", "one@example.com", 1),
    ]


def test_second_flush__adds_to_the_first_and_only_what_is_new(home: StoreHome) -> None:
    counts, caller = CallCounts(home.database, home.clock), home.caller()
    for _ in range(3):
        counts.add_call(caller)
        counts.flush()
        counts.flush()
    assert stored_calls(home) == [DayCount(TODAY, caller.email, 3)]


def test_count_of_today__goes_on_in_the_next_process(home: StoreHome) -> None:
    first, caller = CallCounts(home.database, home.clock), home.caller()
    first.learn_today(home.subscription_id)
    first.add_call(caller)
    first.add_call(caller)
    assert first.calls_today(home.subscription_id) == 2
    first.stop()
    second = CallCounts(home.database, home.clock)
    second.learn_today(home.subscription_id)
    second.add_call(caller)
    assert second.calls_today(home.subscription_id) == 3


def test_count_of_today__begins_anew_at_midnight_us_central(home: StoreHome) -> None:
    counts, caller = CallCounts(home.database, home.clock), home.caller()
    home.clock.now = datetime(2026, 3, 11, 4, 59, 59, tzinfo=UTC)
    counts.add_call(caller)
    assert counts.calls_today(home.subscription_id) == 1
    home.clock.advance(seconds=1)
    assert counts.calls_today(home.subscription_id) == 0


def test_call_taken_back_after_a_flush_and_midnight__counts_on_no_day(home: StoreHome) -> None:
    counts, caller = CallCounts(home.database, home.clock), home.caller()
    day = counts.add_call(caller)
    counts.flush()
    home.clock.advance(days=1)
    counts.add_call(caller)
    counts.take_back_call(caller, day)
    assert counts.calls_today(home.subscription_id) == 1
    counts.flush()
    assert stored_calls(home) == [DayCount("2026-03-11", caller.email, 1)]


def test_flush_that_fails__loses_nothing(home: StoreHome) -> None:
    counts, caller = CallCounts(home.database, home.clock), home.caller()
    counts.add_call(caller)
    counts.add_error(home.subscription_id, "610")
    with home.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE error_count RENAME TO away")
    with pytest.raises((StoreUnavailableError, ProgrammingError)):
        counts.flush()
    assert stored_calls(home) == []
    with home.database.write() as connection:
        connection.exec_driver_sql("ALTER TABLE away RENAME TO error_count")
    counts.add_call(caller)
    counts.flush()
    assert stored_calls(home) == [DayCount(TODAY, caller.email, 2)]


def test_calls_at_another_server__are_known_once_both_have_stored(home: StoreHome) -> None:
    one, other = (CallCounts(home.database, home.clock) for _ in range(2))
    caller = home.caller()
    for counts in (one, other, other):
        counts.learn_today(home.subscription_id)
        counts.add_call(caller)
    other.flush()
    one.flush()
    one.add_call(caller)
    assert one.calls_today(home.subscription_id) == 4
    day = one.add_call(caller)
    one.flush()
    one.take_back_call(caller, day)
    assert one.calls_today(home.subscription_id) == 4


def test_errors__are_counted_by_code_in_the_order_of_numbers(home: StoreHome) -> None:
    counts = CallCounts(home.database, home.clock)
    for code in ("1003", "610", "1003"):
        counts.add_error(home.subscription_id, code)
    counts.flush()
    with home.database.read() as connection:
        found = errors_by_code(connection, home.subscription_id, LONG_AGO)
    assert found == [DayCount(TODAY, "610", 1), DayCount(TODAY, "1003", 2)]


def test_old_counts__are_dropped(home: StoreHome) -> None:
    counts, caller = CallCounts(home.database, home.clock), home.caller()
    counts.add_call(caller)
    counts.flush()
    home.clock.advance(days=32)
    counts.add_call(caller)
    counts.flush()
    assert [one.day for one in stored_calls(home)] == ["2026-04-11"]


def test_counts_of_a_running_server__are_stored_without_being_asked_for(
    home: StoreHome, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tests.support.deadlines import wait_until

    monkeypatch.setattr("tailrace.store.call_counts.FLUSH_SECONDS", 0.01)
    counts, caller = CallCounts(home.database, home.clock), home.caller()
    counts.start()
    try:
        counts.add_call(caller)
        wait_until(lambda: stored_calls(home) != [], "the stored count")
    finally:
        counts.stop()
