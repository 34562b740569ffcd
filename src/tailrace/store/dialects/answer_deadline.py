"""Connections to PostgreSQL that wait for an answer no longer than they are told to.

Theory of operation: the system notices a line that is dead; a server, or a proxy before it, that
keeps a connection open and says nothing is noticed by the clock alone. A server that is well ends
a statement by itself, a little earlier. Else the connection is closed, and nobody knows what
became of the statement, as when a line is cut.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final, TypeVar, cast

import psycopg
from psycopg.pq import TransactionStatus
from sqlalchemy import event

if TYPE_CHECKING:
    from psycopg.abc import PQGen
    from sqlalchemy import Engine

Returned = TypeVar("Returned")

#: For what an idle connection is asked before it is used, and for a new one: nobody computes then.
PING_SECONDS: Final = 10

#: For transactions that are said to be long: sorting all leads, building an index.
LONG_SECONDS: Final = 3600

#: Of the time that the server has for a statement: its own refusal is on its way by then.
_SHARE_OF_CLIENT: Final = 1.1


class DeadlineConnection(psycopg.Connection[Any]):
    """A connection that is closed when an answer has not come in time."""

    answer_seconds: float = PING_SECONDS

    def wait(
        self, gen: PQGen[Returned], interval: float = 0.1, timeout: float | None = None
    ) -> Returned:
        """As the driver's, which every exchange with the server goes through."""
        try:
            return super().wait(gen, interval, self.answer_seconds if timeout is None else timeout)
        except psycopg.OperationalError:
            if self.pgconn.transaction_status == TransactionStatus.ACTIVE:
                # An answer that is still to come would be taken for that of the next statement.
                self.close()
            raise


def set_deadlines(engine: Engine, seconds: float) -> None:
    """Give each statement of `engine` so many seconds, and less to a connection that was idle."""
    idle_seconds = min(PING_SECONDS, seconds)

    def connect(_dialect: object, _record: object, arguments: Any, named: Any) -> Any:
        return DeadlineConnection.connect(*arguments, **named)

    def rest(connection: DeadlineConnection | None, _record: object) -> None:
        if connection is not None:
            connection.answer_seconds = idle_seconds

    def work(connection: DeadlineConnection, _record: object, _proxy: object) -> None:
        connection.answer_seconds = seconds * _SHARE_OF_CLIENT

    event.listen(engine, "do_connect", connect)
    event.listen(engine, "checkin", rest)
    event.listen(engine, "checkout", work)


def extend_deadline(driver_connection: object) -> None:
    """Have a connection wait for long answers, until it is idle again."""
    cast("DeadlineConnection", driver_connection).answer_seconds = LONG_SECONDS
