"""The statement of a lead export, run by reader processes: one on SQLite, several on PostgreSQL.

Theory of operation of the several: a transaction here exports its moment, and stays open. The
rows in file order are cut into ranges of the sort key; each process reads every nth range at that
moment, some batches ahead, and their batches are taken range by range. So the file is the same
however many read it, and memory holds a few batches of each.
"""

from __future__ import annotations

import subprocess
from contextlib import ExitStack, contextmanager, suppress
from functools import partial
from itertools import cycle, islice
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

import arro3.io
import msgspec
import polars as pl
import structlog
from sqlalchemy.dialects import postgresql, sqlite

from tailrace.domain.errors import ExportFailedError, ExportInterruptedError
from tailrace.extract.lead_reader import (
    ROWS_PER_BATCH,
    FileRead,
    LeadRead,
    SnapshotRead,
    Statement,
    command,
)
from tailrace.extract.stage import Put, Stage, StageAbandonedError
from tailrace.store.lead_query import key_ranges, lead_query

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator, Sequence

    from sqlalchemy import Dialect, Select

    from tailrace.domain.lead_fields import LeadField
    from tailrace.store.database import Database
    from tailrace.store.lead_query import LeadSelection

_log = structlog.get_logger(__name__)

_EXIT_SECONDS = 5.0
_MOST_COMPLAINTS_BYTES = 10_000

#: Processes that read from PostgreSQL at once for one export.
_READERS = 2
#: Batches that each of them may be ahead, and so the rows of a range.
_BATCHES_AHEAD = 4
_ROWS_PER_RANGE = _BATCHES_AHEAD * ROWS_PER_BATCH


@contextmanager
def file_frames(
    database: Database, selection: LeadSelection, fields: Sequence[LeadField]
) -> Generator[Iterator[pl.DataFrame]]:
    """The rows of a selection in file order, columns as in the statement; the store is a file.

    Raises ExportInterruptedError if the process was killed, and ExportFailedError if it gave up.
    """
    assert database.path is not None
    statement = _compiled(lead_query(selection, fields), sqlite.dialect(paramstyle="qmark"))
    with _reading(FileRead(str(database.path.absolute()), statement)) as stream:
        yield (pl.DataFrame(batch) for batch in arro3.io.read_ipc_stream(stream))


@contextmanager
def snapshot_frames(
    database: Database,
    selection: LeadSelection,
    fields: Sequence[LeadField],
    rows_per_range: int = _ROWS_PER_RANGE,
) -> Generator[Iterator[pl.DataFrame]]:
    """The same out of a shared store. Raises as `file_frames` does."""
    assert database.address is not None
    dialect = postgresql.dialect(paramstyle="numeric_dollar")
    with database.exported_moment() as (connection, snapshot), ExitStack() as running:
        ranges = key_ranges(connection, selection, rows_per_range)
        statements = [_compiled(lead_query(selection, fields, one), dialect) for one in ranges]
        readers: list[Iterator[pl.DataFrame]] = []
        for first in range(min(_READERS, len(ranges))):
            read = SnapshotRead(database.address, snapshot, statements[first::_READERS])
            stage = Stage(partial(_put_frames, read), ahead=_BATCHES_AHEAD, name="lead-reader")
            readers.append(running.enter_context(stage).items())
        yield _in_turn(readers, len(ranges))


def _in_turn(readers: Sequence[Iterator[pl.DataFrame]], ranges: int) -> Iterator[pl.DataFrame]:
    """The frames of one range of each reader after another; an empty one ends a range."""
    for frames in islice(cycle(readers), ranges):
        for frame in frames:
            if frame.is_empty():
                break
            yield frame


def _put_frames(read: LeadRead, put: Put[pl.DataFrame]) -> None:
    with _reading(read) as stream:
        for batch in arro3.io.read_ipc_stream(stream):
            put(pl.DataFrame(batch))


def _compiled(query: Select[Any], dialect: Dialect) -> Statement:
    statement = query.compile(dialect=dialect, compile_kwargs={"render_postcompile": True})
    values = statement.construct_params()
    return Statement(str(statement), [values[name] for name in statement.positiontup or ()])


@contextmanager
def _reading(read: LeadRead) -> Generator[IO[bytes]]:
    """The rows of `read` as an Arrow stream; the process ends with the block.

    Raises ExportInterruptedError if the process was killed, and ExportFailedError if it gave up.
    """
    with TemporaryFile() as complaints:
        # The program is this one's own Python; what it runs comes by standard input.
        process = subprocess.Popen(  # noqa: S603 - no part of the command comes from outside
            command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaints
        )
        stream = cast("IO[bytes]", process.stdout)
        try:
            _ask(cast("IO[bytes]", process.stdin), read)
            yield stream
            _check_exit(process, None)
        except StageAbandonedError:
            raise
        except Exception as error:
            # The Arrow library reports a stream that breaks off as a plain Exception.
            complaints.seek(0)
            _log.exception("lead_reader_failed", said=complaints.read(_MOST_COMPLAINTS_BYTES))
            _check_exit(process, error)
            raise
        finally:
            process.kill()
            process.wait()
            stream.close()


def _ask(pipe: IO[bytes], read: LeadRead) -> None:
    with suppress(BrokenPipeError), pipe:
        pipe.write(msgspec.json.encode(read))


def _check_exit(process: subprocess.Popen[bytes], cause: Exception | None) -> None:
    try:
        exit_code = process.wait(timeout=_EXIT_SECONDS)
    except subprocess.TimeoutExpired:
        # It is well and still writing: what went wrong is on this side.
        return
    if exit_code < 0:
        raise ExportInterruptedError from cause
    if exit_code > 0:
        raise ExportFailedError("The server could not read its leads") from cause
