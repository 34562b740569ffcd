"""Usage and error statistics: counts of today, and of the past seven days (contract section 6.8)."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

from msgspec import Struct

from tailrace.api.envelope import success_response
from tailrace.domain.quota import quota_day
from tailrace.store.call_counts import calls_by_user, errors_by_code

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import date

    from sqlalchemy import Connection

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.call_counts import DayCount

    #: Reads the stored counts of a subscription from a day on.
    Read = Callable[[Connection, SubscriptionId, date], list[DayCount]]

_WEEK_DAYS = 7


class UserCount(Struct, rename="camel"):
    """Calls of one API user."""

    #: E-mail address.
    user_id: str
    count: int


class UsageData(Struct):
    """Calls of one day, in US Central."""

    date: str
    total: int
    users: list[UserCount]


class ErrorCount(Struct, rename="camel"):
    """Errors of one code."""

    error_code: str
    count: int


class ErrorsData(Struct):
    """Errors of one day, in US Central."""

    date: str
    total: int
    errors: list[ErrorCount]


def usage_today(call: Call) -> Reply:
    return _usage(call, 1)


def usage_of_week(call: Call) -> Reply:
    return _usage(call, _WEEK_DAYS)


def errors_today(call: Call) -> Reply:
    return _errors(call, 1)


def errors_of_week(call: Call) -> Reply:
    return _errors(call, _WEEK_DAYS)


def _usage(call: Call, days: int) -> Reply:
    counts = _counts(call, days, calls_by_user)
    result = [
        UsageData(day, _total(of_day), [UserCount(one.of, one.count) for one in of_day])
        for day, of_day in counts
    ]
    return success_response(call.request_id, result)


def _errors(call: Call, days: int) -> Reply:
    counts = _counts(call, days, errors_by_code)
    result = [
        ErrorsData(day, _total(of_day), [ErrorCount(one.of, one.count) for one in of_day])
        for day, of_day in counts
    ]
    return success_response(call.request_id, result)


def _counts(call: Call, days: int, read: Read) -> list[tuple[str, list[DayCount]]]:
    """Every day up to today, newest first, with what was counted on it, if anything."""
    application = call.application
    today = quota_day(application.clock())
    since = today - timedelta(days=days - 1)
    application.call_counts.flush()
    with application.database.read() as connection:
        counts = read(connection, call.caller.subscription_id, since)
    shown = [(today - timedelta(days=back)).isoformat() for back in range(days)]
    return [(day, [one for one in counts if one.day == day]) for day in shown]


def _total(counts: Sequence[DayCount]) -> int:
    return sum(one.count for one in counts)
