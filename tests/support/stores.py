"""Which store the homes of tests have, and transactions of our own on it.

`TAILRACE_TEST_STORE=postgresql` runs every test on PostgreSQL. Without it homes have their file,
and only what says so runs on both.
"""

from __future__ import annotations

import os
import re
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from functools import cache
from typing import TYPE_CHECKING, Any, Final, LiteralString, Protocol, cast

import pytest
from sqlalchemy import select

from tailrace.settings import Settings
from tailrace.store.database import Database
from tailrace.store.tables import metadata

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"

DEFAULT_STORE: Final = os.environ.get("TAILRACE_TEST_STORE", SQLITE)

#: For tests of what must be the same on both.
STORES: Final = (POSTGRESQL,) if DEFAULT_STORE == POSTGRESQL else (SQLITE, POSTGRESQL)

#: For tests of the file itself.
only_with_a_file = pytest.mark.skipif(
    DEFAULT_STORE == POSTGRESQL, reason="the homes of this run have no file"
)


def store_address(home: Path, store: str = DEFAULT_STORE) -> str | None:
    """The address of the database that belongs to a home at this path; None for its file."""
    if store == SQLITE:
        return None
    from tests.support.postgresql import database_of, postgresql

    return postgresql().create_database(database_of(home))


def copy_store(template: Path, home: Path) -> None:
    """What `shutil.copytree` of a home does not copy. Nobody may have the template open."""
    if DEFAULT_STORE == POSTGRESQL:
        from tests.support.postgresql import database_of, postgresql

        postgresql().create_database(database_of(home), template=database_of(template))


#: Closes what tests leave open, at the end of their process: a driver complains of what nobody does.
left_open = ExitStack()


def new_store(home: Path, store: str = DEFAULT_STORE) -> Database:
    """The store of a new home, with its tables."""
    database = Database(_new_location(home, store))
    left_open.callback(database.close)
    database.migrate()
    return database


def _new_location(home: Path, store: str) -> Path | str:
    if store == SQLITE:
        return home / "tailrace.db"
    from tests.support.postgresql import database_of, postgresql

    return postgresql().create_database(database_of(home), template=_migrated())


@cache
def _migrated() -> str:
    """Name of a database to copy, with tables and without rows."""
    from tests.support.postgresql import postgresql

    database = Database(postgresql().create_database("migrated"))
    database.migrate()
    database.close()
    return "migrated"


def store_settings(home: Path, store: str = DEFAULT_STORE) -> Settings:
    return Settings.model_validate({"home": home, "store": store_address(home, store)})


def store_environment(home: Path, store: str = DEFAULT_STORE) -> dict[str, str]:
    """What a process on the home needs to be told."""
    address = store_address(home, store)
    return {} if address is None else {"TAILRACE_STORE": address}


def stored_bytes(database: Database) -> bytes:
    """All that a store holds: its files, or what every row of every table shows."""
    if database.path is not None:
        database.close()
        return b"".join(path.read_bytes() for path in database.path.parent.glob("tailrace.db*"))
    with database.read() as connection:
        rows = [row for one in metadata.tables.values() for row in connection.execute(select(one))]
    return repr(rows).encode()


class SqlResult(Protocol):
    @property
    def rowcount(self) -> int: ...
    def fetchone(self) -> Any: ...
    def fetchall(self) -> list[Any]: ...
    def __iter__(self) -> Any: ...


class SqlConnection(Protocol):
    """Statements with `?` for values, on either store."""

    def execute(self, statement: str, values: Sequence[Any] = ..., /) -> SqlResult: ...
    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any: ...


@contextmanager
def sql_connection(home: Path, store: str = DEFAULT_STORE) -> Generator[SqlConnection]:
    """A transaction on the store of a home, past the product."""
    address = store_address(home, store)
    if address is None:
        with closing(sqlite3.connect(home / "tailrace.db", timeout=30)) as connection:
            connection.execute("PRAGMA foreign_keys=ON")
            with connection:
                yield connection
    else:
        import psycopg

        with psycopg.connect(address) as connection:
            yield _PostgresqlConnection(connection)


class _PostgresqlConnection:
    def __init__(self, connection: Any) -> None:
        self._connection = connection

    def execute(self, statement: str, values: Sequence[Any] = (), /) -> SqlResult:
        return self._connection.execute(_spelled(statement), _untyped(values))

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any:
        with self._connection.cursor() as cursor:
            return cursor.executemany(_spelled(statement), [_untyped(row) for row in rows])


#: Texts and names in quotes, else names that have upper case only inside quotes.
_WORDS: Final = re.compile(r"""'[^']*'|"[^"]*"|\b[a-z]+[A-Z]\w*""")


def _spelled(statement: str) -> LiteralString:
    quoted = _WORDS.sub(lambda word: word[0] if word[0][0] in "'\"" else f'"{word[0]}"', statement)
    return cast("LiteralString", quoted.replace("%", "%%").replace("?", "%s"))


def _untyped(values: Sequence[Any]) -> list[Any]:
    """Numbers as texts, which the database takes for whatever the column is: 1 is true as well."""
    return [str(value) if isinstance(value, int) else value for value in values]
