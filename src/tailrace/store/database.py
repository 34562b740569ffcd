"""One SQL database: transactions that read, and transactions that write in their turn.

A file of SQLite or a database of PostgreSQL; what the two do differently is in `store.dialects`.
"""

from __future__ import annotations

from contextlib import contextmanager
from contextvars import ContextVar
from pathlib import Path
from typing import TYPE_CHECKING

import structlog
from sqlalchemy import column as sql_column
from sqlalchemy import func, inspect, select, table
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tailrace.domain.errors import StoreUnavailableError
from tailrace.store.dialects.postgresql import (
    held_lake_turn,
    held_presence,
    postgresql_engine,
    postgresql_url,
)
from tailrace.store.dialects.sqlite import sqlite_engine
from tailrace.store.dialects.sqlite_version import SqliteVersion
from tailrace.store.migrations import HEAD_REVISION
from tailrace.store.remembered import NotRememberedError
from tailrace.store.turns import EVERYTHING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.turns import Turn

_log = structlog.get_logger(__name__)

#: That a shared store may take for a statement, unless it is told otherwise.
ANSWER_SECONDS = 60.0


class Database:
    """The store of one home."""

    def __init__(self, location: Path | str, *, answer_seconds: float = ANSWER_SECONDS) -> None:
        """`location` is a file, or the address of a PostgreSQL database.

        That one is unavailable if it takes more than `answer_seconds` for a statement.
        """
        #: The file of SQLite, for readers that bring their own driver.
        self.path = location if isinstance(location, Path) else None
        #: The address of PostgreSQL, with its password.
        self.address = None if isinstance(location, Path) else location
        self._engine = (
            sqlite_engine(location)
            if isinstance(location, Path)
            else postgresql_engine(postgresql_url(location), answer_seconds)
        )
        self._version = SqliteVersion(location) if isinstance(location, Path) else None
        #: The version that a block of `memory_alone` goes by; None outside of one.
        self._version_alone = ContextVar[int | None]("version_alone", default=None)

    @property
    def is_shared(self) -> bool:
        """Whether several servers may work on it at once."""
        return self.path is None

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A transaction that sees one moment of the database and changes nothing."""
        with self._transaction() as connection:
            yield connection

    @contextmanager
    def write(self, turn: Turn = EVERYTHING) -> Generator[Connection]:
        """A transaction in its turn, alone with what the turn covers (`store.turns`).

        Committed when the block ends, undone when it raises.
        """
        with self._transaction(turn=turn) as connection:
            yield connection

    @contextmanager
    def exported_moment(self) -> Generator[tuple[Connection, str]]:
        """A transaction that reads, and the name by which others join its moment of a shared store.

        They may join for as long as the block lasts.
        """
        with self._transaction(is_long=True) as connection:
            yield connection, connection.execute(select(func.pg_export_snapshot())).scalar_one()

    def version(self) -> int | None:
        """Another number after every commit; None where the store has none to tell."""
        alone = self._version_alone.get()
        if alone is not None or self._version is None:
            return alone
        return self._version.now()

    @property
    def is_closed_to_this_call(self) -> bool:
        """Whether this is in a block of `memory_alone`."""
        return self._version_alone.get() is not None

    @contextmanager
    def memory_alone(self) -> Generator[None]:
        """For the length of the block, raise NotRememberedError instead of asking the store.

        What is remembered of the store as it is at the beginning of the block can be had.
        """
        version = self.version()
        if version is None:
            raise NotRememberedError
        token = self._version_alone.set(version)
        try:
            yield
        finally:
            self._version_alone.reset(token)

    def migrate(self) -> None:
        """Bring the tables to this program's revision; whoever comes second finds it done."""
        if self._revision() == HEAD_REVISION:
            return
        from tailrace.store.migrations.upgrade import upgrade

        with self._transaction(turn=EVERYTHING, is_long=True) as connection:
            upgrade(connection)

    @contextmanager
    def presence(self, if_alone: Callable[[], None]) -> Generator[None]:
        """Count as a server of a shared store for the length of the block.

        Calls `if_alone` first where no other server counts as one; none comes in meanwhile.
        """
        with _available(), held_presence(self._engine, if_alone):
            yield

    @contextmanager
    def lake_turn(self, subscription_id: SubscriptionId) -> Generator[None]:
        """Keep out whoever else, on a shared store, writes to the lake of a subscription.

        Waits for them, however long that takes.
        """
        with _available(), held_lake_turn(self._engine, subscription_id):
            yield

    def close(self) -> None:
        if self._version is not None:
            self._version.close()
        self._engine.dispose()

    @contextmanager
    def _transaction(
        self, *, turn: Turn | None = None, is_long: bool = False
    ) -> Generator[Connection]:
        self._check_may_ask()
        with _available(), self._engine.connect() as connection:
            connection.execution_options(turn=turn, is_long=is_long)
            with connection.begin():
                yield connection

    def _check_may_ask(self) -> None:
        if self.is_closed_to_this_call:
            raise NotRememberedError

    def _revision(self) -> str | None:
        with self.read() as connection:
            if not inspect(connection).has_table("alembic_version"):
                return None
            version = table("alembic_version", sql_column("version_num"))
            return connection.execute(select(version.c.version_num)).scalar()


@contextmanager
def _available() -> Generator[None]:
    """Raises StoreUnavailableError for what may be over when it is tried again."""
    try:
        yield
    except (OperationalError, PoolTimeoutError) as error:
        statement = error.statement if isinstance(error, OperationalError) else None
        _log.error("store_unavailable", reason=str(error.__cause__ or error), statement=statement)
        raise StoreUnavailableError from error
