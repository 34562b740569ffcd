"""A process that runs a SELECT on the store and writes the rows as an Arrow stream.

Why a process: the driver that reads Arrow brings its own copy of SQLite, and two copies in one
process undo each other's file locks (closing a file drops every lock that the process holds on
it), after which another process may throw away commits of ours. On PostgreSQL, several of them
read at once. Standard input says what to run, standard output carries the rows, an exit code
other than 0 says that they are not all there. A database that has gone silent ends the process by
an alarm, for the driver would wait for ever.
"""

from __future__ import annotations

import signal
import sys
from contextlib import closing
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import adbc_driver_manager
import arro3.io
import msgspec
from arro3.core import Array, DataType, RecordBatch, RecordBatchReader, Schema

from tailrace.crash_points import reach

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

#: Rows a batch: large enough for vector work, small enough for a few batches to be nothing.
ROWS_PER_BATCH = 32_768

#: A database that takes longer for a batch, the first one with all its sorting, is taken for dead.
_ANSWER_SECONDS = 3600


class Statement(msgspec.Struct, frozen=True):
    #: With marks for parameters as the database has them; holds no value that anybody entered.
    sql: str
    parameters: list[str | int | float]


class FileRead(msgspec.Struct, frozen=True, tag=True):
    """A statement on a file of SQLite."""

    path: str
    statement: Statement


class SnapshotRead(msgspec.Struct, frozen=True, tag=True):
    """Statements on PostgreSQL, all at one moment, for rows of the same columns.

    A batch without rows follows those of each.
    """

    address: str
    #: What another transaction, open until the rows begin to come, has exported.
    snapshot: str
    statements: list[Statement]


LeadRead = FileRead | SnapshotRead


def command() -> list[str]:
    """What starts the process; its standard input takes a `LeadRead` as JSON."""
    # -P: what lies in the working directory is no part of the program.
    return [sys.executable, "-P", "-m", __name__]


def main() -> None:
    """Run the statement of standard input."""
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=LeadRead)
    with _opened(wanted) as database, adbc_driver_manager.AdbcConnection(database) as connection:
        if isinstance(wanted, FileRead):
            _write_file_rows(connection, wanted)
        else:
            with closing(_in_time(_snapshot_rows(connection, wanted))) as batches:
                _write(_as_reader(batches))


def _opened(wanted: LeadRead) -> Any:
    if isinstance(wanted, SnapshotRead):
        import adbc_driver_postgresql  # pyright: ignore[reportMissingTypeStubs] - it has none

        return adbc_driver_postgresql.connect(wanted.address)
    import adbc_driver_sqlite

    return adbc_driver_sqlite.connect(f"file:{quote(str(Path(wanted.path).absolute()))}?mode=ro")


def _write(rows: RecordBatchReader) -> None:
    reach("lead.reader.begin")
    # Across a pipe, compressing costs more than it saves.
    arro3.io.write_ipc_stream(rows, sys.stdout.buffer, compression=None)
    sys.stdout.buffer.flush()


def _write_file_rows(connection: Any, wanted: FileRead) -> None:
    with adbc_driver_manager.AdbcStatement(connection) as statement:
        statement.set_options(**{"adbc.sqlite.query.batch_rows": str(ROWS_PER_BATCH)})
        _prepare(statement, wanted.statement)
        stream, _ = statement.execute_query()
        _write(RecordBatchReader.from_arrow(stream))


def _as_reader(batches: Generator[RecordBatch]) -> RecordBatchReader:
    first = next(batches)

    def every() -> Iterable[RecordBatch]:
        yield first
        yield from batches

    # Taken one at a time as they are written, whatever the type says.
    return RecordBatchReader.from_batches(first.schema, cast("Any", every()))


def _in_time(batches: Generator[RecordBatch]) -> Generator[RecordBatch]:
    """The same batches; the process is killed if one does not come."""
    while True:
        signal.alarm(_ANSWER_SECONDS)
        batch = next(batches, None)
        # Whoever takes them may be as slow as they like.
        signal.alarm(0)
        if batch is None:
            return
        yield batch


def _snapshot_rows(connection: Any, wanted: SnapshotRead) -> Generator[RecordBatch]:
    connection.set_autocommit(False)
    _run(connection, Statement("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY", []))
    # The name comes from the database; it takes no parameter here.
    assert wanted.snapshot.replace("-", "").isalnum(), wanted.snapshot
    _run(connection, Statement(f"SET TRANSACTION SNAPSHOT '{wanted.snapshot}'", []))
    for one in wanted.statements:
        # A cursor: the driver would hold all rows of a statement with parameters in memory.
        cursor = f"DECLARE leads NO SCROLL CURSOR FOR {one.sql}"
        _run(connection, Statement(cursor, one.parameters))
        while (batch := _fetched(connection)).num_rows:
            yield batch
        yield batch
        _run(connection, Statement("CLOSE leads", []))


def _fetched(connection: Any) -> RecordBatch:
    with adbc_driver_manager.AdbcStatement(connection) as statement:
        # COPY, which it would use, takes no FETCH.
        statement.set_options(**{"adbc.postgresql.use_copy": "false"})
        statement.set_sql_query(f"FETCH FORWARD {ROWS_PER_BATCH} FROM leads")
        stream, _ = statement.execute_query()
        rows = RecordBatchReader.from_arrow(stream)
        return next(iter(rows), None) or _empty(rows.schema)


def _run(connection: Any, wanted: Statement) -> None:
    with adbc_driver_manager.AdbcStatement(connection) as statement:
        _prepare(statement, wanted)
        statement.execute_update()


def _prepare(statement: Any, wanted: Statement) -> None:
    statement.set_sql_query(wanted.sql)
    if wanted.parameters:
        schema, array = _row(wanted.parameters).__arrow_c_array__()
        statement.bind(array, schema)


def _row(parameters: list[str | int | float]) -> RecordBatch:
    types = {str: DataType.utf8(), int: DataType.int64(), float: DataType.float64()}
    columns = [Array([value], types[type(value)]) for value in parameters]
    return _batch(columns, names=[str(number) for number in range(len(columns))])


def _empty(schema: Schema) -> RecordBatch:
    return _batch([Array([], field.type) for field in schema], schema=schema)


def _batch(columns: list[Array], **names: object) -> RecordBatch:
    from_arrays = cast("Any", RecordBatch.from_arrays)  # pyright: ignore[reportUnknownMemberType] - half typed
    return from_arrays(columns, **names)


if __name__ == "__main__":
    main()
