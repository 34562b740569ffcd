"""SQLite in WAL mode: one file, readers that never wait, one writer at a time.

A transaction that writes takes the write lock when it begins, so that what it has read cannot
have changed when it writes.
"""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import URL, create_engine, event

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from sqlalchemy import Connection, Engine, Insert

    from tailrace.store.turns import Turn

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


def sqlite_engine(path: Path) -> Engine:
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


def insert_on_sqlite(
    connection: Connection, statement: Insert, columns: Sequence[str], rows: Sequence[Sequence[Any]]
) -> None:
    """Insert rows past SQLAlchemy's handling of each value, which costs more than SQLite's."""
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    names = compiled.positiontup or ()
    if list(names) != list(columns):
        in_order = itemgetter(*(columns.index(name) for name in names))
        rows = [in_order(row) for row in rows]
    connection.exec_driver_sql(str(compiled), [*rows])


def _prepare_connection(dbapi_connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them without the lock.
    dbapi_connection.isolation_level = None
    for pragma in _PRAGMAS:
        dbapi_connection.execute(pragma)


def _begin(connection: Connection) -> None:
    turn: Turn | None = connection.get_execution_options().get("turn")
    connection.exec_driver_sql("BEGIN" if turn is None else "BEGIN IMMEDIATE")
