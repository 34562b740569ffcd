"""Rows of a lead export: one SQL statement streamed as Arrow, custom documents taken apart here.

It is one fragment, because only one statement sees one moment of SQLite. The statement runs in a
process of its own (`lead_reader` says why), which reads ahead while rows are rendered here.
"""

from __future__ import annotations

import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any, cast

import arro3.io
import msgspec
import polars as pl
import structlog
from sqlalchemy.dialects import sqlite

from tailrace.domain.errors import ExportFailedError
from tailrace.domain.file_format import NULL_TEXT
from tailrace.domain.lead_fields import LeadField, Storage
from tailrace.extract.lead_reader import LeadRead, command
from tailrace.store.lead_query import CUSTOM_DOCUMENT, LeadSelection, lead_query

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from pathlib import Path

_log = structlog.get_logger(__name__)

_UNREADABLE = "The server could not read its leads"

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

    Raises ExportFailedError at the end if they were not all there.
    """
    # The program is this one's own Python; what it runs comes by standard input.
    process = subprocess.Popen(  # noqa: S603 - no part of the command comes from outside
        command(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE
    )
    asked = cast("IO[bytes]", process.stdin)
    stream = cast("IO[bytes]", process.stdout)
    complaints = cast("IO[bytes]", process.stderr)
    try:
        asked.write(msgspec.json.encode(read))
        asked.close()
        yield stream
        subprocess.CompletedProcess(command(), process.wait()).check_returncode()
    except Exception as error:
        # The Arrow library reports a stream that breaks off as a plain Exception.
        process.kill()
        _log.exception("lead_reader_failed", said=complaints.read())
        raise ExportFailedError(_UNREADABLE) from error
    finally:
        process.kill()
        process.wait()
        for pipe in (asked, stream, complaints):
            pipe.close()


def _shown(column: pl.Series, field: LeadField) -> pl.Series:
    match field.data_type.storage:
        case Storage.BOOLEAN:
            return column.cast(pl.Boolean)
        case Storage.INTEGER:
            return column.cast(pl.Int64)
        case _:
            return column.cast(pl.String).fill_null(NULL_TEXT)
