"""How many calls a subscription may make: per window, per day, at once (contract section 2.7).

The day's calls are those of the usage statistics and outlive this process; window and calls in
flight start afresh with it. A refused call is not counted, so a client that keeps trying gets
through as soon as its window has moved on.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from threading import Lock
from typing import TYPE_CHECKING

from tailrace.domain.errors import CallConcurrencyError, CallRateError, DailyCallsError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.domain.caller import Caller
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.subscription_settings import SubscriptionSettings
    from tailrace.store.call_counts import CallCounts


@dataclass(frozen=True, slots=True)
class CallTicket:
    """One admitted call, to be given back when its answer has been sent."""

    caller: Caller
    admitted_at: datetime
    #: The day that it counts for, `YYYY-MM-DD` in US Central.
    day: str


@dataclass(slots=True)
class _Usage:
    #: When the calls of the current window came, oldest first; never more than the rate limit.
    recent: deque[datetime] = field(default_factory=deque[datetime])
    calls_in_flight: int = 0


class CallLimits:
    """The calls of every subscription; may be asked from several threads."""

    def __init__(self, counts: CallCounts, clock: Callable[[], datetime]) -> None:
        self._counts = counts
        self._clock = clock
        self._lock = Lock()
        self._usage: dict[SubscriptionId, _Usage] = {}

    def admit(self, caller: Caller, settings: SubscriptionSettings) -> CallTicket:
        """Count a call that begins now.

        Raises CallRateError, DailyCallsError or CallConcurrencyError, in this order. A limit of 0
        is none.
        """
        self._counts.learn_today(caller.subscription_id)
        with self._lock:
            now = self._clock()
            usage = self._usage.setdefault(caller.subscription_id, _Usage())
            _forget_old_calls(usage, now, settings)
            self._check(caller.subscription_id, usage, settings)
            day = self._counts.add_call(caller)
            if settings.rate_limit_calls:
                usage.recent.append(now)
            usage.calls_in_flight += 1
        return CallTicket(caller, now, day)

    def give_back(self, ticket: CallTicket, *, is_counted: bool = True) -> None:
        """The call has ended. One that is not counted uses up neither window nor day."""
        with self._lock:
            usage = self._usage[ticket.caller.subscription_id]
            usage.calls_in_flight -= 1
            if is_counted:
                return
            if ticket.admitted_at in usage.recent:
                usage.recent.remove(ticket.admitted_at)
            self._counts.take_back_call(ticket.caller, ticket.day)

    def _check(
        self, subscription_id: SubscriptionId, usage: _Usage, settings: SubscriptionSettings
    ) -> None:
        if 0 < settings.rate_limit_calls <= len(usage.recent):
            raise CallRateError(settings.rate_limit_calls, settings.rate_limit_window_seconds)
        if 0 < settings.daily_calls <= self._counts.calls_today(subscription_id):
            raise DailyCallsError
        if 0 < settings.concurrent_calls <= usage.calls_in_flight:
            raise CallConcurrencyError


def _forget_old_calls(usage: _Usage, now: datetime, settings: SubscriptionSettings) -> None:
    if not settings.rate_limit_calls:
        usage.recent.clear()
    window_start = now - timedelta(seconds=settings.rate_limit_window_seconds)
    # Calls from the future were counted before the clock was set back: they block nobody.
    while usage.recent and not window_start < usage.recent[0] <= now:
        usage.recent.popleft()
