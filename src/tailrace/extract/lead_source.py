"""Rows of a lead export: one SQL statement streamed as Arrow, custom documents taken apart here.

It is one fragment, because only one statement sees one moment of SQLite. The statement runs in a
process of its own (`lead_reader` says why), which reads ahead while rows are rendered here.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from tempfile import TemporaryFile
from typing import IO, TYPE_CHECKING, Any, cast

import arro3.io
import msgspec
import polars as pl
import structlog
from sqlalchemy.dialects import sqlite

from tailrace.domain.errors import ExportFailedError, ExportInterruptedError
from tailrace.domain.file_format import NULL_TEXT
from tailrace.domain.lead_fields import LeadField, Storage
from tailrace.extract.lead_reader import LeadRead, command
from tailrace.store.lead_query import CUSTOM_DOCUMENT, LeadSelection, lead_query

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_log = structlog.get_logger(__name__)

_EXIT_SECONDS = 5.0
_MOST_COMPLAINTS_BYTES = 10_000

_CUSTOM_TYPES: dict[Storage, pl.DataType] = {
    Storage.INTEGER: pl.Int64(),
    Storage.BOOLEAN: pl.Boolean(),
}


@dataclass(frozen=True, slots=True)
class LeadFragment:
    """All rows of the statement."""


class LeadSource:
    """The leads of one selection, with the requested fields in the requested order."""

    def __init__(
        self, database_path: Path, selection: LeadSelection, fields: Sequence[LeadField]
    ) -> None:
        self._fields = tuple(fields)
        statement = lead_query(selection, self._fields).compile(
            dialect=sqlite.dialect(paramstyle="qmark"),
            compile_kwargs={"render_postcompile": True},
        )
        values = statement.construct_params()
        self._read = LeadRead(
            database_path=str(database_path.absolute()),
            sql=str(statement),
            parameters=[values[name] for name in statement.positiontup or ()],
        )

    def fragments(self) -> Sequence[LeadFragment]:
        return (LeadFragment(),)

    def read(self, fragment: LeadFragment) -> Generator[pl.DataFrame]:  # noqa: ARG002 - there is one
        """Frames in file order; columns as requested, ready to render."""
        with _reading(self._read) as stream:
            for batch in arro3.io.read_ipc_stream(stream):
                yield self._ready(pl.DataFrame(batch))

    def _ready(self, batch: pl.DataFrame) -> pl.DataFrame:
        custom = self._custom_values(batch)
        columns = [
            custom[field.name].alias(f"c{position}")
            if field.is_custom
            else _shown(batch[f"c{position}"], field)
            for position, field in enumerate(self._fields)
        ]
        return pl.DataFrame(columns)

    def _custom_values(self, batch: pl.DataFrame) -> dict[str, pl.Series]:
        members: dict[str, Any] = {
            field.name: _CUSTOM_TYPES.get(field.data_type.storage, pl.String())
            for field in self._fields
            if field.is_custom
        }
        if not members:
            return {}
        documents = batch[CUSTOM_DOCUMENT].str.json_decode(pl.Struct(members))
        return {name: documents.struct.field(name) for name in members}


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


def _shown(column: pl.Series, field: LeadField) -> pl.Series:
    match field.data_type.storage:
        case Storage.BOOLEAN:
            return column.cast(pl.Boolean)
        case Storage.INTEGER:
            return column.cast(pl.Int64)
        case _:
            return column.cast(pl.String).fill_null(NULL_TEXT)
