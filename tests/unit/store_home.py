"""A migrated store with one subscription, for tests of what works on it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tailrace.domain.caller import Caller
from tailrace.domain.permissions import Permission
from tailrace.store.api_users import ApiUsers
from tailrace.store.identity import Identity
from tailrace.store.subscriptions import Subscriptions, create_subscription
from tests.support.stores import DEFAULT_STORE, new_store

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.domain.export_job import ApiUserId, SubscriptionId
    from tailrace.store.database import Database

START = datetime(2026, 3, 10, 12, tzinfo=UTC)


class SteppedClock:
    """A clock that stands still until it is told to go on."""

    def __init__(self, now: datetime = START) -> None:
        self.now = now

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **duration: float) -> None:
        self.now += timedelta(**duration)


@dataclass(frozen=True, slots=True)
class StoreHome:
    database: Database
    subscriptions: Subscriptions
    api_users: ApiUsers
    identity: Identity
    clock: SteppedClock
    subscription_id: SubscriptionId

    @classmethod
    def make(cls, directory: Path, store: str | None = None) -> StoreHome:
        """A store in `directory`: a database of `tests.support.stores.STORES`, or the usual one."""
        clock = SteppedClock()
        database = new_store(directory, store or DEFAULT_STORE)
        with database.write() as connection:
            subscription_id = create_subscription(connection, "default", clock())
        users = ApiUsers(database, clock)
        identity = Identity(database, key=b"k" * 32, token_lifetime_seconds=3600, clock=clock)
        subscriptions = Subscriptions(database, is_strict=False)
        return cls(database, subscriptions, users, identity, clock, subscription_id)

    def caller(self, email: str = "user@example.com") -> Caller:
        user_id: ApiUserId = self.api_users.create(self.subscription_id, email)
        return Caller(self.subscription_id, user_id, email, frozenset(Permission))
