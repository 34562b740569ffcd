"""A copy of the database as it is at one moment, taken while others write to it."""

from __future__ import annotations

import sqlite3
from contextlib import closing, contextmanager
from typing import TYPE_CHECKING

from sqlalchemy import select, update

from tailrace.store.tables import export_job, lead_import

if TYPE_CHECKING:
    from collections.abc import Collection, Generator
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId

_BUSY_TIMEOUT_SECONDS = 30

_UNFINISHED_IMPORTS = ("Queued", "Importing")


class FrozenDatabase:
    """One moment of a database of SQLite, for as long as it is held."""

    def __init__(self, connection: sqlite3.Connection) -> None:
        self._connection = connection

    def copy_to(self, target: Path) -> None:
        """Write it to a new file. Raises OSError."""
        try:
            with closing(sqlite3.connect(target, isolation_level=None)) as copy:
                self._connection.backup(copy)
        except sqlite3.OperationalError as error:
            raise OSError(f"The database cannot be copied: {error}") from error


@contextmanager
def frozen(database: Path) -> Generator[FrozenDatabase]:
    """The database as it is now; others go on writing meanwhile. Raises OSError."""
    with closing(
        sqlite3.connect(database, timeout=_BUSY_TIMEOUT_SECONDS, isolation_level=None)
    ) as connection:
        try:
            connection.execute("BEGIN")
            # Only a read makes the moment.
            connection.execute("SELECT count(*) FROM sqlite_master").fetchone()
        except sqlite3.OperationalError as error:
            raise OSError(f"The database cannot be read: {error}") from error
        yield FrozenDatabase(connection)


def leave_no_journal(database: Path) -> None:
    """Put all of a database that nobody has open into its one file."""
    with closing(sqlite3.connect(database, isolation_level=None)) as connection:
        connection.execute("PRAGMA journal_mode=DELETE")


def unfinished_imports(connection: Connection, subscription_id: SubscriptionId) -> list[int]:
    """Numbers of the imports whose uploaded files are still needed."""
    query = select(lead_import.c.id).where(
        lead_import.c.subscription_id == subscription_id,
        lead_import.c.state.in_(_UNFINISHED_IMPORTS),
    )
    return list(connection.execute(query).scalars())


def mark_deleted_files(
    connection: Connection, subscription_id: SubscriptionId, names: Collection[str], now: datetime
) -> None:
    """Note that these result files are not there any more."""
    for name in names:
        connection.execute(
            update(export_job)
            .where(export_job.c.subscription_id == subscription_id, export_job.c.file_name == name)
            .values(file_deleted_at=now)
        )
