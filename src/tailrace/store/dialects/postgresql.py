"""PostgreSQL: any number of server processes on one database, in turns where it matters.

A transaction that reads sees one moment of the database. One that writes takes its turn first
(`store.turns`), by locks that the database itself lets go of when the transaction ends, however
that comes about; then each of its statements sees all that was committed before.
"""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import create_engine, event, make_url
from sqlalchemy.exc import DBAPIError

from tailrace.repeating import Repeating
from tailrace.store.turns import EVERYTHING, TurnKind

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable, Sequence

    from sqlalchemy import URL, Connection, Engine, Table

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.turns import Turn

#: How long a transaction waits for a free connection.
_POOL_TIMEOUT_SECONDS = 30

#: Of the time that a statement has: how much of it may be waiting for a turn or another lock.
_SHARE_OF_LOCKS = 0.5

#: The first half of the key of every advisory lock of ours, so that other programs' are others.
_LOCK_SPACE = 0x7461_6C00

#: Every server process holds it, shared with the others.
_SERVING_LOCK = f"{_LOCK_SPACE + 0xFF}, 0"

#: How soon a serving process holds it again when its session was ended.
_PRESENCE_SECONDS = 2.0

#: Connections of a process: its threads rarely want one each at once, and a transaction that
#: looks something up in another one must find it.
_POOL_SIZE = 8
_MOST_CONNECTIONS = 40

#: A database that is not there any more must not hold a thread for ever.
_CONNECT_ARGUMENTS: dict[str, Any] = {
    "keepalives": 1,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
    "application_name": "tailrace",
}

_SESSION = (
    "SET client_encoding = 'UTF8'",
    "SET TIME ZONE 'UTC'",
    # The moment of a long export is held by a transaction that waits for it to end.
    "SET idle_in_transaction_session_timeout = 0",
)


def postgresql_url(address: str) -> URL:
    """The address of a database as the driver wants it. Raises ArgumentError."""
    return make_url(address).set(drivername="postgresql+psycopg")


def postgresql_engine(url: URL, answer_seconds: float) -> Engine:
    """`answer_seconds` is how long a statement may take, unless its transaction is a long one."""
    # Only homes with such a store need the driver.
    from tailrace.store.dialects.answer_deadline import PING_SECONDS, set_deadlines

    connect_timeout = max(1, int(min(PING_SECONDS, answer_seconds)))
    engine = create_engine(
        url,
        pool_size=_POOL_SIZE,
        max_overflow=_MOST_CONNECTIONS - _POOL_SIZE,
        pool_timeout=_POOL_TIMEOUT_SECONDS,
        # A connection that a restart of the database or a firewall has cut is replaced unseen.
        pool_pre_ping=True,
        # Errors are logged: the statement may be shown, the values in it may not.
        hide_parameters=True,
        connect_args={**_CONNECT_ARGUMENTS, "connect_timeout": connect_timeout, **url.query},
    )
    set_deadlines(engine, answer_seconds)
    event.listen(engine, "connect", partial(_prepare_connection, answer_seconds))
    event.listen(engine, "begin", _begin)
    event.listen(engine, "before_cursor_execute", _without_nul, retval=True)
    return engine


def copy_to_postgresql(
    connection: Connection, table: Table, columns: Sequence[str], rows: Iterable[Sequence[Any]]
) -> None:
    """Insert rows by COPY: a tenth of the time that INSERT statements take."""
    quote = connection.dialect.identifier_preparer.quote
    names = ", ".join(quote(name) for name in columns)
    # Names of our own tables and columns; values go as data.
    statement = f"COPY {quote(table.name)} ({names}) FROM STDIN"
    driver_connection = cast("Any", connection.connection.driver_connection)
    try:
        with driver_connection.cursor() as cursor, cursor.copy(statement) as copy:
            for row in rows:
                copy.write_row(row)
    except _driver_error() as error:
        raise cast(
            "DBAPIError", DBAPIError.instance(statement, None, error, _driver_error())
        ) from error


@contextmanager
def held_presence(engine: Engine, if_alone: Callable[[], None]) -> Generator[None]:
    """A session that holds the lock of serving processes; `if_alone` is called if none else does.

    Where the session ends, as when the database is restarted, another one takes its place.
    """
    presence = _Presence(engine)
    presence.begin(if_alone)
    renewing = Repeating("presence", presence.renew, pause_seconds=_PRESENCE_SECONDS)
    renewing.start(at_once=False)
    try:
        yield
    finally:
        renewing.stop()
        presence.end()


class _Presence:
    """One connection for as long as it lives: the lock belongs to it, and goes with it."""

    def __init__(self, engine: Engine) -> None:
        self._engine = engine
        self._connection: Connection | None = None

    def begin(self, if_alone: Callable[[], None]) -> None:
        with self._taken() as connection:
            row = _execute(connection, f"SELECT pg_try_advisory_lock({_SERVING_LOCK})").fetchone()
            (is_alone,) = row
            if is_alone:
                if_alone()
            _execute(connection, f"SELECT pg_advisory_lock_shared({_SERVING_LOCK})")
            if is_alone:
                _execute(connection, f"SELECT pg_advisory_unlock({_SERVING_LOCK})")

    def renew(self) -> None:
        """Take up the lock again where the connection that held it has gone."""
        if self._connection is not None:
            try:
                _execute(self._connection, "SELECT 1")
            except DBAPIError:
                self.end()
            else:
                return
        with self._taken() as connection:
            _execute(connection, f"SELECT pg_advisory_lock_shared({_SERVING_LOCK})")

    def end(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            # Closed, not given back: the lock must go.
            connection.invalidate()
            connection.close()

    @contextmanager
    def _taken(self) -> Generator[Connection]:
        self._connection = self._engine.connect()
        try:
            yield self._connection
        except BaseException:
            self.end()
            raise


@contextmanager
def held_lake_turn(engine: Engine, subscription_id: SubscriptionId) -> Generator[None]:
    """A session that is alone in writing to the lake of a subscription."""
    own = f"{_LOCK_SPACE + TurnKind.LAKE}, {int(subscription_id)}"
    with engine.connect() as connection:
        try:
            _await_lock(connection, own)
            yield
            _execute(connection, f"SELECT pg_advisory_unlock({own})")
        except BaseException:
            # The lock goes with the connection.
            connection.invalidate()
            raise


def _execute(connection: Connection, statement: str) -> Any:
    """Execute a statement of ours outside of any transaction; the driver's cursor."""
    driver_connection = cast("Any", connection.connection.driver_connection)
    try:
        return driver_connection.execute(statement)
    except _driver_error() as error:
        raise cast(
            "DBAPIError", DBAPIError.instance(statement, None, error, _driver_error())
        ) from error


def _await_lock(connection: Connection, key: str) -> None:
    """Take a lock of the session, however long others hold it."""
    from psycopg.errors import LockNotAvailable

    while True:
        try:
            _execute(connection, f"SELECT pg_advisory_lock({key})")
        except DBAPIError as error:
            # Who writes may take minutes; asked again, a database that has gone silent is noticed.
            if not isinstance(error.orig, LockNotAvailable):
                raise
        else:
            return


def _driver_error() -> type[Exception]:
    import psycopg

    return psycopg.Error


def _prepare_connection(answer_seconds: float, dbapi_connection: Any, _record: object) -> None:
    # The driver must not begin transactions by itself: it would begin them without the turn.
    dbapi_connection.autocommit = True
    milliseconds = int(answer_seconds * 1000)
    deadlines = (
        f"SET statement_timeout = {milliseconds}",
        f"SET lock_timeout = {int(milliseconds * _SHARE_OF_LOCKS)}",
    )
    for setting in (*_SESSION, *deadlines):
        dbapi_connection.execute(setting)


def _begin(connection: Connection) -> None:
    options = connection.get_execution_options()
    turn: Turn | None = options.get("turn")
    if turn is None:
        connection.exec_driver_sql("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
    else:
        # The lock is a statement of its own: those after it see what was committed before it.
        connection.exec_driver_sql(f"BEGIN ISOLATION LEVEL READ COMMITTED; {_lock(turn)}")
    if options.get("is_long", False):
        _extend_deadlines(connection)


def _extend_deadlines(connection: Connection) -> None:
    from tailrace.store.dialects.answer_deadline import extend_deadline

    connection.exec_driver_sql("SET LOCAL statement_timeout = 0")
    extend_deadline(connection.connection.driver_connection)


def _lock(turn: Turn) -> str:
    everything = f"{_LOCK_SPACE + EVERYTHING.kind}, 0"
    if turn == EVERYTHING:
        return f"SELECT pg_advisory_xact_lock({everything})"
    own = f"{_LOCK_SPACE + turn.kind}, {int(turn.subscription_id)}"
    return f"SELECT pg_advisory_xact_lock_shared({everything}); SELECT pg_advisory_xact_lock({own})"


def _without_nul(
    _connection: object,
    _cursor: object,
    statement: str,
    parameters: Any,
    _context: object,
    executemany: bool,
) -> tuple[str, Any]:
    """No text of ours holds NUL, and PostgreSQL takes none: one that does is equal to nothing."""
    if executemany:
        return statement, [_replaced(one) for one in parameters]
    return statement, _replaced(parameters)


def _replaced(parameters: Any) -> Any:
    if not isinstance(parameters, dict):
        return parameters
    values = cast("dict[str, Any]", parameters)
    if not any(isinstance(one, str) and "\0" in one for one in values.values()):
        return values
    return {name: _shown(value) for name, value in values.items()}


def _shown(value: Any) -> Any:
    return value.replace("\0", "\N{REPLACEMENT CHARACTER}") if isinstance(value, str) else value
