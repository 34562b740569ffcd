"""How many calls each API user made on each day, and how many errors of each code were answered.

Counted in memory, because a write for every call would cost more than most calls do, and added to
the store every few seconds, at a clean stop, and before anybody reads them. A process that is
killed loses at most the counts of its last FLUSH_SECONDS.
"""

from __future__ import annotations

import threading
from collections import Counter
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import BigInteger, cast, delete, func, insert, select, update

from tailrace.domain.errors import StoreUnavailableError
from tailrace.domain.quota import quota_day
from tailrace.repeating import Repeating
from tailrace.store.tables import api_user, call_count, error_count
from tailrace.store.turns import COUNTS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import date, datetime

    from sqlalchemy import Column, Connection, Table

    from tailrace.domain.caller import Caller
    from tailrace.domain.export_job import ApiUserId, SubscriptionId
    from tailrace.store.database import Database

FLUSH_SECONDS = 5.0

#: Nobody can ask for older counts than a week's.
KEPT = timedelta(days=31)

_CallKey = tuple["SubscriptionId", str, "ApiUserId"]
_ErrorKey = tuple["SubscriptionId", str, str]

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class DayCount:
    """What was counted on one day of one API user or one error code."""

    day: str
    #: E-mail address or error code.
    of: str
    count: int


class CallCounts:
    """The counts of every subscription; may be used from several threads.

    Exact while one process serves the home. On a shared store, what other servers count is known
    once both have stored: after twice FLUSH_SECONDS at most.
    """

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock
        self._lock = threading.Lock()
        self._calls: Counter[_CallKey] = Counter()
        self._errors: Counter[_ErrorKey] = Counter()
        #: By subscription, the day and how many calls of it were counted so far, stored or not.
        self._today: dict[SubscriptionId, tuple[str, int]] = {}
        # After an error the counts are still there for the next round.
        self._repeating = Repeating("call counts", self.flush, pause_seconds=FLUSH_SECONDS)

    def start(self) -> None:
        """Store what is counted, every few seconds from now on."""
        self._repeating.start()

    def stop(self) -> None:
        """Store the rest."""
        self._repeating.stop()
        try:
            self.flush()
        except StoreUnavailableError:
            _log.exception("call_counts_not_stored")

    def learn_today(self, subscription_id: SubscriptionId) -> None:
        """Ask the store for the day's calls so far, where the day, or this process, is new.

        Nothing else here asks it: a store that does not answer must hold up nobody but who asks.
        """
        day = self._day()
        if self._is_known(subscription_id, day):
            return
        with self._database.read() as connection:
            stored = _stored_calls(connection, subscription_id, day)
        with self._lock:
            if not self._is_known(subscription_id, day):
                calls = stored + self._calls_not_stored(subscription_id, day)
                self._today[subscription_id] = (day, calls)

    def calls_today(self, subscription_id: SubscriptionId) -> int:
        """Calls since midnight US Central, whoever made them, as far as they are known."""
        with self._lock:
            return self._calls_on(subscription_id, self._day())

    def add_call(self, caller: Caller) -> str:
        """Count a call that begins now; the day that it counts for."""
        subscription_id = caller.subscription_id
        with self._lock:
            day = self._day()
            if self._is_known(subscription_id, day):
                self._today[subscription_id] = (day, self._calls_on(subscription_id, day) + 1)
            self._calls[subscription_id, day, caller.api_user_id] += 1
        return day

    def take_back_call(self, caller: Caller, day: str) -> None:
        """The call turned out to be none that counts."""
        with self._lock:
            known_day, calls = self._today.get(caller.subscription_id, ("", 0))
            if known_day == day:
                self._today[caller.subscription_id] = (day, calls - 1)
            self._calls[caller.subscription_id, day, caller.api_user_id] -= 1

    def add_error(self, subscription_id: SubscriptionId, code: str) -> None:
        """Count an error that was answered now."""
        with self._lock:
            self._errors[subscription_id, self._day(), code] += 1

    def flush(self) -> None:
        """Store what is counted. Raises StoreUnavailableError; nothing is lost by that."""
        with self._lock:
            calls, self._calls = self._calls, Counter[_CallKey]()
            errors, self._errors = self._errors, Counter[_ErrorKey]()
        if not calls and not errors:
            return
        day = self._day()
        try:
            with self._database.write(COUNTS) as connection:
                _add(connection, call_count, call_count.c.calls, calls.items())
                _add(connection, error_count, error_count.c.errors, errors.items())
                _forget_counts_before(connection, quota_day(self._clock()) - KEPT)
                # By now there may be calls that other servers counted.
                stored = {one: _stored_calls(connection, one, day) for one in list(self._today)}
        except BaseException:
            with self._lock:
                self._calls.update(calls)
                self._errors.update(errors)
                # Whoever has asked meanwhile has missed them.
                self._today.clear()
            raise
        with self._lock:
            self._today = {
                one: (day, calls + self._calls_not_stored(one, day))
                for one, calls in stored.items()
            }

    def _is_known(self, subscription_id: SubscriptionId, day: str) -> bool:
        return self._today.get(subscription_id, ("", 0))[0] == day

    def _calls_on(self, subscription_id: SubscriptionId, day: str) -> int:
        known_day, calls = self._today.get(subscription_id, ("", 0))
        # Midnight has passed since they were asked for: whatever there is was counted here.
        return calls if known_day == day else self._calls_not_stored(subscription_id, day)

    def _calls_not_stored(self, subscription_id: SubscriptionId, day: str) -> int:
        return sum(
            calls
            for (owner, on, _), calls in self._calls.items()
            if (owner, on) == (subscription_id, day)
        )

    def _day(self) -> str:
        return quota_day(self._clock()).isoformat()


def calls_by_user(
    connection: Connection, subscription_id: SubscriptionId, since: date
) -> list[DayCount]:
    """Stored calls from the day `since` on: by day, then by e-mail address."""
    rows = connection.execute(
        select(call_count.c.day, api_user.c.email, call_count.c.calls)
        .join(api_user, api_user.c.id == call_count.c.api_user_id)
        .where(
            call_count.c.subscription_id == subscription_id,
            call_count.c.day >= since.isoformat(),
            call_count.c.calls > 0,
        )
        .order_by(call_count.c.day, api_user.c.email)
    )
    return [DayCount(row.day, row.email, row.calls) for row in rows]


def errors_by_code(
    connection: Connection, subscription_id: SubscriptionId, since: date
) -> list[DayCount]:
    """Stored errors from the day `since` on: by day, then by code."""
    rows = connection.execute(
        select(error_count)
        .where(
            error_count.c.subscription_id == subscription_id,
            error_count.c.day >= since.isoformat(),
        )
        .order_by(error_count.c.day, func.length(error_count.c.code), error_count.c.code)
    )
    return [DayCount(row.day, row.code, row.errors) for row in rows]


def _forget_counts_before(connection: Connection, day: date) -> None:
    for table in (call_count, error_count):
        connection.execute(delete(table).where(table.c.day < day.isoformat()))


def _stored_calls(connection: Connection, subscription_id: SubscriptionId, day: str) -> int:
    # PostgreSQL adds up to a decimal number.
    total = cast(func.coalesce(func.sum(call_count.c.calls), 0), BigInteger)
    query = select(total).where(
        call_count.c.subscription_id == subscription_id, call_count.c.day == day
    )
    return connection.execute(query).scalar_one()


def _add(
    connection: Connection,
    table: Table,
    count: Column[int],
    changes: Iterable[tuple[tuple[object, ...], int]],
) -> None:
    names = [column.name for column in table.primary_key]
    for values, change in changes:
        key = dict(zip(names, values, strict=True))
        added = connection.execute(
            update(table).filter_by(**key).values({count.name: count + change})
        )
        if added.rowcount == 0:
            connection.execute(insert(table).values({**key, count.name: change}))
