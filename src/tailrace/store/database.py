"""One SQL database: connections with the right pragmas, and transactions that read or write.

SQLite runs in WAL mode: readers never wait for the writer, and a write transaction takes the
write lock when it begins, so that what it has read cannot have changed when it writes.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import structlog
from sqlalchemy import URL, create_engine, event, inspect, select, table
from sqlalchemy import column as sql_column
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeoutError

from tailrace.domain.errors import StoreUnavailableError
from tailrace.store.dialects.sqlite_version import SqliteVersion
from tailrace.store.migrations import HEAD_REVISION

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from sqlalchemy import Connection, Engine

_log = structlog.get_logger(__name__)

#: How long a transaction waits for another's write lock.
BUSY_TIMEOUT_SECONDS = 30

_PRAGMAS = (
    "PRAGMA journal_mode=WAL",
    # A commit that was acknowledged survives a power cut.
    "PRAGMA synchronous=FULL",
    "PRAGMA foreign_keys=ON",
    f"PRAGMA busy_timeout={BUSY_TIMEOUT_SECONDS * 1000}",
    "PRAGMA mmap_size=1073741824",
    "PRAGMA cache_size=-8192",
)


class Database:
    """The store of one home."""

    def __init__(self, path: Path) -> None:
        #: The file, for readers that bring their own driver.
        self.path = path
        self._engine = _sqlite_engine(path)
        self._version = SqliteVersion(path)
        self._writing = self._engine.execution_options(is_writing=True)

    @contextmanager
    def read(self) -> Generator[Connection]:
        """A transaction that sees one moment of the database and changes nothing."""
        with _available(), self._engine.begin() as connection:
            yield connection

    @contextmanager
    def write(self) -> Generator[Connection]:
        """A transaction that holds the write lock; committed when the block ends, else undone."""
        with _available(), self._writing.begin() as connection:
            yield connection

    def version(self) -> int | None:
        """Another number after every commit; None where the store has none to tell."""
        return self._version.now()

    def migrate(self) -> None:
        """Bring the tables to this program's revision. The caller holds the home's set-up lock."""
        if self._revision() == HEAD_REVISION:
            return
        from tailrace.store.migrations.upgrade import upgrade

        upgrade(self._engine)

    def close(self) -> None:
        self._version.close()
        self._engine.dispose()

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
        _log.exception("store_unavailable")
        raise StoreUnavailableError from error


def _sqlite_engine(path: Path) -> Engine:
    engine = create_engine(
        # Not a URL as text: a path may hold what a URL gives a meaning to.
        URL.create("sqlite", database=str(path)),
        pool_size=16,
        max_overflow=48,
        pool_timeout=BUSY_TIMEOUT_SECONDS,
        # Errors are logged: the statement may be shown, the values in it may not.
        hide_parameters=True,
        connect_args={"timeout": BUSY_TIMEOUT_SECONDS, "check_same_thread": False},
    )
    event.listen(engine, "connect", _prepare_connection)
    event.listen(engine, "begin", _begin)
    return engine


def _prepare_connection(dbapi_connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them without the lock.
    dbapi_connection.isolation_level = None
    for pragma in _PRAGMAS:
        dbapi_connection.execute(pragma)


def _begin(connection: Connection) -> None:
    is_writing = connection.get_execution_options().get("is_writing", False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if is_writing else "BEGIN")
