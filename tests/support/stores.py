"""Which store the homes of tests have, and transactions of our own on it.

`TAILRACE_TEST_STORE=postgresql` runs every test on PostgreSQL. Without it homes have their file,
and only what says so runs on both.
"""

from __future__ import annotations

import os
import sqlite3
from contextlib import ExitStack, closing, contextmanager
from typing import TYPE_CHECKING, Any, Final, LiteralString, Protocol, cast

from tailrace.settings import Settings

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable, Sequence
    from pathlib import Path

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"

DEFAULT_STORE: Final = os.environ.get("TAILRACE_TEST_STORE", SQLITE)

#: For tests of what must be the same on both.
STORES: Final = (POSTGRESQL,) if DEFAULT_STORE == POSTGRESQL else (SQLITE, POSTGRESQL)


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


def store_location(home: Path, store: str = DEFAULT_STORE) -> Path | str:
    """What `Database` takes."""
    return store_address(home, store) or home / "tailrace.db"


def store_settings(home: Path) -> Settings:
    return Settings.model_validate({"home": home, "store": store_address(home)})


def store_environment(home: Path) -> dict[str, str]:
    """What a process on the home needs to be told."""
    address = store_address(home)
    return {} if address is None else {"TAILRACE_STORE": address}


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
def sql_connection(home: Path) -> Generator[SqlConnection]:
    """A transaction on the store of a home, past the product."""
    address = store_address(home)
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
        return self._connection.execute(_spelled(statement), values)

    def executemany(self, statement: str, rows: Iterable[Sequence[Any]], /) -> Any:
        with self._connection.cursor() as cursor:
            return cursor.executemany(_spelled(statement), rows)


def _spelled(statement: str) -> LiteralString:
    return cast("LiteralString", statement.replace("%", "%%").replace("?", "%s"))
