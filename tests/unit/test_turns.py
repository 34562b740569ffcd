"""Writers on a shared store: those of one turn follow each other, others do not wait."""

from __future__ import annotations

import threading
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from tailrace.domain.export_job import SubscriptionId
from tailrace.store.database import Database
from tailrace.store.hot_activities import NewActivity, record_activities
from tailrace.store.subscriptions import create_subscription
from tailrace.store.tables import hot_activity, subscription
from tailrace.store.turns import CLAIMS, EVERYTHING, jobs_of, records_of
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.stores import POSTGRESQL, STORES
from tests.unit.store_home import START, StoreHome

if TYPE_CHECKING:
    from tailrace.store.turns import Turn

#: A writer that waits for another has not ended after it.
_MOMENT = 0.2

FIRST, SECOND = SubscriptionId(1), SubscriptionId(2)


@pytest.fixture(scope="module")
def home(tmp_path_factory: pytest.TempPathFactory) -> StoreHome:
    return StoreHome.make(tmp_path_factory.mktemp("turns"), POSTGRESQL)


class Writer(threading.Thread):
    """Takes a turn and gives it back at once."""

    def __init__(self, database: Database, turn: Turn) -> None:
        super().__init__(daemon=True)
        self._database, self._turn = database, turn
        self.start()

    def run(self) -> None:
        with self._database.write(self._turn):
            pass

    def is_done(self, seconds: float) -> bool:
        self.join(seconds)
        return not self.is_alive()


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (records_of(FIRST), records_of(FIRST)),
        (records_of(FIRST), EVERYTHING),
        (EVERYTHING, records_of(FIRST)),
        (EVERYTHING, EVERYTHING),
        (CLAIMS, CLAIMS),
    ],
)
def test_turn_that_is_taken__is_waited_for(home: StoreHome, held: Turn, wanted: Turn) -> None:
    with home.database.write(held):
        writer = Writer(home.database, wanted)
        assert not writer.is_done(_MOMENT)
    assert writer.is_done(DEADLINE_SECONDS)


@pytest.mark.parametrize(
    ("held", "wanted"),
    [
        (records_of(FIRST), records_of(SECOND)),
        (records_of(FIRST), jobs_of(FIRST)),
        (jobs_of(FIRST), CLAIMS),
    ],
)
def test_another_turn__does_not_wait(home: StoreHome, held: Turn, wanted: Turn) -> None:
    with home.database.write(held):
        assert Writer(home.database, wanted).is_done(DEADLINE_SECONDS)


def test_turn_of_a_writer_that_failed__is_free_again(home: StoreHome) -> None:
    with pytest.raises(LookupError), home.database.write(EVERYTHING):
        raise LookupError
    assert Writer(home.database, EVERYTHING).is_done(DEADLINE_SECONDS)


def test_writer__sees_what_the_one_before_it_wrote(home: StoreHome) -> None:
    """The turn must come before the transaction looks at anything, whatever the server's default."""
    seen: list[int] = []

    def write_another(name: str) -> None:
        with home.database.write(records_of(FIRST)) as connection:
            seen.append(len(connection.execute(select(subscription.c.id)).all()))
            create_subscription(connection, name, START)

    with ThreadPoolExecutor(8) as threads:
        list(threads.map(write_another, (f"another {number}" for number in range(24))))
    assert seen == [*range(seen[0], seen[0] + 24)]


def test_reader__sees_one_moment_and_writes_nothing(home: StoreHome) -> None:
    with home.database.read() as connection:
        before = connection.execute(select(subscription.c.id)).all()
        with home.database.write() as other:
            create_subscription(other, "made meanwhile", START)
        assert connection.execute(select(subscription.c.id)).all() == before
    with pytest.raises(Exception, match="read-only"), home.database.read() as connection:
        create_subscription(connection, "by a reader", START)


@pytest.mark.parametrize("store", STORES)
def test_guids__ascend_in_the_order_of_commits(
    tmp_path_factory: pytest.TempPathFactory, store: str
) -> None:
    home = StoreHome.make(tmp_path_factory.mktemp("guids"), store)
    activity = NewActivity(lead_id=1, type_id=1, at=START)
    are_done = threading.Event()

    def write() -> None:
        for _ in range(15):
            with home.database.write(records_of(home.subscription_id)) as connection:
                record_activities(connection, home.subscription_id, [activity] * 3)

    def check() -> None:
        while not are_done.is_set():
            with home.database.read() as connection:
                guids = connection.execute(select(hot_activity.c.guid)).scalars().all()
            # Whoever sees one sees all before it.
            assert sorted(guids) == [*range(1, len(guids) + 1)]

    with ThreadPoolExecutor(5) as threads:
        reader = threads.submit(check)
        writers = [threads.submit(write) for _ in range(4)]
        for one in writers:
            one.result()
        are_done.set()
        reader.result()


def test_server_that_is_alone__is_told_so_and_the_next_is_not(home: StoreHome) -> None:
    told: list[str] = []
    other = Database(home.database.address or "")
    with home.database.presence(lambda: told.append("first")):
        with other.presence(lambda: told.append("second")):
            pass
        with other.presence(lambda: told.append("third")):
            pass
    with other.presence(lambda: told.append("after")):
        pass
    other.close()
    assert told == ["first", "after"]


def test_server_whose_connections_were_ended__is_counted_again(home: StoreHome) -> None:
    """As a database that is restarted ends them."""
    told: list[str] = []
    other = Database(home.database.address or "")
    with home.database.presence(lambda: told.append("first")):
        with other.read() as connection:
            connection.exec_driver_sql(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
                " WHERE datname = current_database() AND pid <> pg_backend_pid()"
            )

        def is_counted() -> bool:
            seen = len(told)
            with other.presence(lambda: told.append("other")):
                return len(told) == seen

        wait_until(is_counted, "the server to be counted")
    other.close()
