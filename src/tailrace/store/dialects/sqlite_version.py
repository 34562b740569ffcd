"""The version of a SQLite database: another one after every commit, by whatever process."""

from __future__ import annotations

import sqlite3
from threading import Lock
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path


class SqliteVersion:
    """Versions of one file compare only as long as this object lives."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._lock = Lock()
        #: SQLite tells a connection of the commits of all others: this one never commits anything.
        self._connection: sqlite3.Connection | None = None

    def now(self) -> int | None:
        """The version after all commits so far; None where it cannot be told."""
        try:
            with self._lock:
                if self._connection is None:
                    self._connection = sqlite3.connect(
                        f"{self._path.absolute().as_uri()}?mode=rw",
                        uri=True,
                        isolation_level=None,
                        check_same_thread=False,
                    )
                (version,) = self._connection.execute("PRAGMA data_version").fetchone()
        except sqlite3.Error:
            return None
        return int(version)

    def close(self) -> None:
        with self._lock:
            if self._connection is not None:
                self._connection.close()
                self._connection = None
