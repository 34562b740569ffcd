"""A PostgreSQL that takes too long, or says nothing any more, is unavailable; it holds nobody."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

import pytest
from sqlalchemy import text

from tailrace.domain.errors import StoreUnavailableError
from tailrace.domain.export_job import SubscriptionId
from tailrace.store.database import Database
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.postgresql import postgresql
from tests.support.silent_line import SilentLine
from tests.support.stores import POSTGRESQL
from tests.unit.store_home import StoreHome

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: So many seconds are enough for statements that have nothing to do.
ANSWER_SECONDS = 1.0
TOO_LONG = text(f"SELECT pg_sleep({ANSWER_SECONDS * 1.5})")


@pytest.fixture
def home(tmp_path: Path) -> StoreHome:
    return StoreHome.make(tmp_path, POSTGRESQL)


@pytest.fixture
def hasty(home: StoreHome) -> Iterator[Database]:
    database = Database(home.database.address or "", answer_seconds=ANSWER_SECONDS)
    yield database
    database.close()


def test_statement_that_takes_too_long__is_given_up_by_the_database(hasty: Database) -> None:
    with pytest.raises(StoreUnavailableError) as told, hasty.read() as connection:
        connection.execute(TOO_LONG)
    assert "statement timeout" in str(told.value.__cause__)
    with hasty.read() as connection:
        assert connection.execute(text("SELECT 1")).scalar() == 1


def test_transaction_that_is_long__takes_its_time(hasty: Database) -> None:
    with hasty.exported_moment() as (connection, _):
        connection.execute(TOO_LONG)
    with pytest.raises(StoreUnavailableError), hasty.read() as connection:
        connection.execute(TOO_LONG)


def test_answer_that_never_comes__is_waited_for_no_longer_than_the_deadline(
    home: StoreHome,
) -> None:
    address = urlsplit(home.database.address or "")
    with SilentLine(postgresql().port) as line:
        by_line = address._replace(netloc=f"{address.username}:{address.password}@127.0.0.1")
        store = Database(f"{by_line.geturl()}?port={line.port}", answer_seconds=ANSWER_SECONDS)
        with (
            pytest.raises(StoreUnavailableError),
            store.read() as connection,
            line.silence(),
        ):
            connection.execute(text("SELECT 1"))
        with store.read() as connection:
            assert connection.execute(text("SELECT 1")).scalar() == 1
        store.close()


def test_turn_at_the_lake__is_waited_for_longer_than_an_answer(
    home: StoreHome, hasty: Database
) -> None:
    """Whoever writes there may take minutes."""
    turns: list[str] = []

    def wait_for_the_turn() -> None:
        with hasty.lake_turn(SubscriptionId(1)):
            turns.append("second")

    waiting = threading.Thread(target=wait_for_the_turn)
    with home.database.lake_turn(SubscriptionId(1)):
        waiting.start()
        waiting.join(ANSWER_SECONDS * 1.5)
        turns.append("first")
    waiting.join(DEADLINE_SECONDS)
    assert turns == ["first", "second"]
