"""How many calls a subscription may make: per window, per day, at once (contract section 2.7).

Counts live in the memory of this process and start afresh with it. A refused call is not counted,
so a client that keeps trying gets through as soon as its window has moved on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from tailrace.domain.errors import CallConcurrencyError, CallRateError, DailyCallsError
from tailrace.domain.quota import quota_day_start

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.subscription_settings import SubscriptionSettings


@dataclass(frozen=True, slots=True)
class CallTicket:
    """One admitted call, to be given back when its answer has been sent."""

    subscription_id: SubscriptionId
    admitted_at: datetime
    day_start: datetime


@dataclass(slots=True)
class _Usage:
    #: When the calls of the current window came, oldest first; never more than the rate limit.
    recent: deque[datetime] = field(default_factory=deque[datetime])
    day_start: datetime | None = None
    calls_today: int = 0
    calls_in_flight: int = 0


class CallLimits:
    """The calls of every subscription; may be asked from several threads."""

    def __init__(self, clock: Callable[[], datetime]) -> None:
        self._clock = clock
        self._lock = Lock()
        self._usage: dict[SubscriptionId, _Usage] = {}

    def admit(self, subscription_id: SubscriptionId, settings: SubscriptionSettings) -> CallTicket:
        """Count a call that begins now.

        Raises CallRateError, DailyCallsError or CallConcurrencyError, in this order. A limit of 0
        is none.
        """
        with self._lock:
            now = self._clock()
            day_start = quota_day_start(now)
            usage = self._usage.setdefault(subscription_id, _Usage())
            _forget_old_calls(usage, now, day_start, settings)
            _check(usage, settings)
            if settings.rate_limit_calls:
                usage.recent.append(now)
            usage.calls_today += 1
            usage.calls_in_flight += 1
        return CallTicket(subscription_id, now, day_start)

    def give_back(self, ticket: CallTicket, *, is_counted: bool = True) -> None:
        """The call has ended. One that is not counted uses up neither window nor day."""
        with self._lock:
            usage = self._usage[ticket.subscription_id]
            usage.calls_in_flight -= 1
            if is_counted:
                return
            if ticket.admitted_at in usage.recent:
                usage.recent.remove(ticket.admitted_at)
            if usage.day_start == ticket.day_start:
                usage.calls_today -= 1


def _forget_old_calls(
    usage: _Usage, now: datetime, day_start: datetime, settings: SubscriptionSettings
) -> None:
    if usage.day_start != day_start:
        usage.day_start, usage.calls_today = day_start, 0
    if not settings.rate_limit_calls:
        usage.recent.clear()
    window_start = now - timedelta(seconds=settings.rate_limit_window_seconds)
    # Calls from the future were counted before the clock was set back: they block nobody.
    while usage.recent and not window_start < usage.recent[0] <= now:
        usage.recent.popleft()


def _check(usage: _Usage, settings: SubscriptionSettings) -> None:
    if 0 < settings.rate_limit_calls <= len(usage.recent):
        raise CallRateError(settings.rate_limit_calls, settings.rate_limit_window_seconds)
    if 0 < settings.daily_calls <= usage.calls_today:
        raise DailyCallsError
    if 0 < settings.concurrent_calls <= usage.calls_in_flight:
        raise CallConcurrencyError
