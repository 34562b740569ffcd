"""A process that runs one SELECT on the store and writes the rows as an Arrow stream.

Why a process: the driver that reads Arrow brings its own copy of SQLite, and two copies in one
process undo each other's file locks (closing a file drops every lock that the process holds on
it), after which another process may throw away commits of ours. Standard input says what to run,
standard output carries the rows, an exit code other than 0 says that they are not all there.
"""

from __future__ import annotations

import sys
from pathlib import Path
from typing import Any, cast
from urllib.parse import quote

import adbc_driver_manager
import adbc_driver_sqlite
import arro3.io
import msgspec
from arro3.core import Array, DataType, RecordBatch, RecordBatchReader

from tailrace.crash_points import reach

#: Rows a batch: large enough for vector work, small enough for a few batches to be nothing.
_ROWS_PER_BATCH = 32_768


class LeadRead(msgspec.Struct, frozen=True):
    database_path: str
    #: With one `?` a parameter; never holds a value that anybody entered.
    sql: str
    parameters: list[str | int | float]


def command() -> list[str]:
    """What starts the process; its standard input takes a `LeadRead` as JSON."""
    # -P: what lies in the working directory is no part of the program.
    return [sys.executable, "-P", "-m", __name__]


def main() -> None:
    """Run the statement of standard input."""
    wanted = msgspec.json.decode(sys.stdin.buffer.read(), type=LeadRead)
    uri = f"file:{quote(str(Path(wanted.database_path).absolute()))}?mode=ro"
    with (
        adbc_driver_sqlite.connect(uri) as database,
        adbc_driver_manager.AdbcConnection(database) as connection,
        adbc_driver_manager.AdbcStatement(connection) as statement,
    ):
        rows = _execute(statement, wanted)
        reach("lead.reader.begin")
        # Across a pipe, compressing costs more than it saves.
        arro3.io.write_ipc_stream(rows, sys.stdout.buffer, compression=None)
        sys.stdout.buffer.flush()


def _execute(statement: Any, wanted: LeadRead) -> RecordBatchReader:
    statement.set_options(**{"adbc.sqlite.query.batch_rows": str(_ROWS_PER_BATCH)})
    statement.set_sql_query(wanted.sql)
    schema, array = _row(wanted.parameters).__arrow_c_array__()
    statement.bind(array, schema)
    stream, _ = statement.execute_query()
    return RecordBatchReader.from_arrow(stream)


def _row(parameters: list[str | int | float]) -> RecordBatch:
    types = {str: DataType.utf8(), int: DataType.int64(), float: DataType.float64()}
    columns = [Array([value], types[type(value)]) for value in parameters]
    names = [str(number) for number in range(len(columns))]
    from_arrays = cast("Any", RecordBatch.from_arrays)  # pyright: ignore[reportUnknownMemberType] - half typed
    return from_arrays(columns, names=names)


if __name__ == "__main__":
    main()
