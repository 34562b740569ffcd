"""Calls per window, per day and at once, on a clock that the test moves (contract section 2.7)."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.api.call_limits import CallLimits, CallTicket
from tailrace.domain.caller import Caller
from tailrace.domain.errors import CallConcurrencyError, CallRateError, DailyCallsError
from tailrace.domain.export_job import ApiUserId, SubscriptionId
from tailrace.domain.subscription_settings import effective_settings
from tailrace.store.call_counts import CallCounts
from tests.unit.store_home import SteppedClock, StoreHome

if TYPE_CHECKING:
    from tailrace.domain.errors import TailraceError
    from tailrace.store.database import Database

UNLIMITED = effective_settings({}, is_strict=False)
ONE = Caller(SubscriptionId(1), ApiUserId(1), "one@example.com", frozenset())
OTHER = Caller(SubscriptionId(2), ApiUserId(2), "other@example.com", frozenset())


@pytest.fixture
def clock() -> SteppedClock:
    return SteppedClock()


@pytest.fixture(scope="module")
def database(tmp_path_factory: pytest.TempPathFactory) -> Database:
    """A store in which nothing was ever counted: nobody stores the counts here."""
    return StoreHome.make(tmp_path_factory.mktemp("home")).database


@pytest.fixture
def limits(database: Database, clock: SteppedClock) -> CallLimits:
    return CallLimits(CallCounts(database, clock), clock)


def test_no_limit__admits_everything(limits: CallLimits) -> None:
    for _ in range(1000):
        limits.admit(ONE, UNLIMITED)


def test_strict_limits__are_marketos() -> None:
    strict = effective_settings({}, is_strict=True)
    assert (strict.rate_limit_calls, strict.rate_limit_window_seconds) == (100, 20)
    assert (strict.daily_calls, strict.concurrent_calls) == (50_000, 10)


def test_rate__refuses_the_call_after_the_last(limits: CallLimits, clock: SteppedClock) -> None:
    settings = replace(UNLIMITED, rate_limit_calls=3, rate_limit_window_seconds=20)
    for _ in range(3):
        limits.admit(ONE, settings)
        clock.advance(seconds=5)
    with pytest.raises(CallRateError) as refusal:
        limits.admit(ONE, settings)
    assert (refusal.value.calls, refusal.value.window_seconds) == (3, 20)


def test_rate__slides_with_the_window(limits: CallLimits, clock: SteppedClock) -> None:
    settings = replace(UNLIMITED, rate_limit_calls=2, rate_limit_window_seconds=20)
    limits.admit(ONE, settings)
    clock.advance(seconds=19)
    limits.admit(ONE, settings)
    with pytest.raises(CallRateError):
        limits.admit(ONE, settings)
    clock.advance(seconds=1)
    limits.admit(ONE, settings)
    with pytest.raises(CallRateError):
        limits.admit(ONE, settings)


def test_refused_call__does_not_count(limits: CallLimits, clock: SteppedClock) -> None:
    settings = replace(UNLIMITED, rate_limit_calls=1, rate_limit_window_seconds=20)
    limits.admit(ONE, settings)
    for _ in range(19):
        clock.advance(seconds=1)
        with pytest.raises(CallRateError):
            limits.admit(ONE, settings)
    clock.advance(seconds=1)
    limits.admit(ONE, settings)


def test_clock_set_back__blocks_nobody(limits: CallLimits, clock: SteppedClock) -> None:
    settings = replace(UNLIMITED, rate_limit_calls=1)
    limits.admit(ONE, settings)
    clock.advance(hours=-1)
    limits.admit(ONE, settings)


def test_day__ends_at_midnight_us_central(limits: CallLimits, clock: SteppedClock) -> None:
    settings = replace(UNLIMITED, daily_calls=1)
    clock.now = datetime(2026, 1, 2, 5, 59, 59, tzinfo=UTC)
    limits.admit(ONE, settings)
    with pytest.raises(DailyCallsError):
        limits.admit(ONE, settings)
    clock.advance(seconds=1)
    limits.admit(ONE, settings)


def test_concurrency__ends_with_the_call(limits: CallLimits) -> None:
    settings = replace(UNLIMITED, concurrent_calls=2)
    first = limits.admit(ONE, settings)
    limits.admit(ONE, settings)
    with pytest.raises(CallConcurrencyError):
        limits.admit(ONE, settings)
    limits.give_back(first)
    limits.admit(ONE, settings)


def test_limits__are_each_subscriptions_own(limits: CallLimits) -> None:
    settings = replace(UNLIMITED, rate_limit_calls=1, daily_calls=1, concurrent_calls=1)
    limits.admit(ONE, settings)
    limits.admit(OTHER, settings)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ({"rate_limit_calls": 1, "daily_calls": 1, "concurrent_calls": 1}, CallRateError),
        ({"daily_calls": 1, "concurrent_calls": 1}, DailyCallsError),
    ],
)
def test_several_limits__are_checked_in_order(
    limits: CallLimits, settings: dict[str, int], expected: type[TailraceError]
) -> None:
    every = replace(UNLIMITED, **settings)  # type: ignore[arg-type]
    limits.admit(ONE, every)
    with pytest.raises(expected):
        limits.admit(ONE, every)


def test_system_error__uses_up_nothing(limits: CallLimits) -> None:
    settings = replace(UNLIMITED, rate_limit_calls=1, daily_calls=1, concurrent_calls=1)
    for _ in range(3):
        limits.give_back(limits.admit(ONE, settings), is_counted=False)
    limits.admit(ONE, settings)


def test_limit_switched_off_and_on__starts_afresh(limits: CallLimits) -> None:
    settings = replace(UNLIMITED, rate_limit_calls=1)
    limits.admit(ONE, settings)
    limits.admit(ONE, UNLIMITED)
    limits.admit(ONE, settings)


@given(st.lists(st.tuples(st.integers(0, 8), st.booleans()), max_size=60))
def test_any_sequence__never_passes_its_limits(
    database: Database, steps: list[tuple[int, bool]]
) -> None:
    clock = SteppedClock()
    limits = CallLimits(CallCounts(database, clock), clock)
    settings = replace(
        UNLIMITED, rate_limit_calls=4, rate_limit_window_seconds=10, concurrent_calls=3
    )
    admitted: list[datetime] = []
    in_flight: list[CallTicket] = []
    for seconds, ends_one in steps:
        clock.advance(seconds=seconds)
        if ends_one and in_flight:
            limits.give_back(in_flight.pop())
        recent = [one for one in admitted if (clock.now - one).total_seconds() < 10]
        fits = len(recent) < 4 and len(in_flight) < 3
        try:
            in_flight.append(limits.admit(ONE, settings))
            admitted.append(clock.now)
            assert fits
        except (CallRateError, CallConcurrencyError):
            assert not fits
