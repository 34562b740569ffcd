"""Rows of a lead export: one SQL statement streamed as Arrow, custom documents taken apart here.

The statement runs on the database driver's own Arrow reader (ADBC): measured faster than rows
through Python, and bounded in memory. It is one fragment, because only one statement sees one
moment of SQLite.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import quote

import polars as pl
from arro3.core import RecordBatchReader
from sqlalchemy.dialects import sqlite

from tailrace.domain.file_format import NULL_TEXT
from tailrace.domain.lead_fields import LeadField, Storage
from tailrace.store.lead_query import CUSTOM_DOCUMENT, LeadSelection, lead_query

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

#: Rows a frame: large enough for vector work, small enough for two frames to be nothing.
_ROWS_PER_FRAME = 32_768

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
        self._database_path = database_path
        self._fields = tuple(fields)
        statement = lead_query(selection, self._fields).compile(
            dialect=sqlite.dialect(paramstyle="qmark"),
            compile_kwargs={"render_postcompile": True},
        )
        self._sql = str(statement)
        parameters = statement.construct_params()
        self._parameters = [parameters[name] for name in statement.positiontup or ()]

    def fragments(self) -> Sequence[LeadFragment]:
        return (LeadFragment(),)

    def read(self, fragment: LeadFragment) -> Iterator[pl.DataFrame]:  # noqa: ARG002 - there is one
        """Frames in file order; columns as requested, ready to render."""
        for batch in self._batches():
            yield self._ready(batch)

    def _batches(self) -> Iterator[pl.DataFrame]:
        uri = f"file:{quote(str(self._database_path))}?mode=ro"
        options = {"adbc.sqlite.query.batch_rows": _ROWS_PER_FRAME}
        with _connect(uri) as connection, connection.cursor(adbc_stmt_kwargs=options) as cursor:
            cursor.execute(self._sql, self._parameters)
            for batch in RecordBatchReader.from_arrow(cursor.fetch_arrow()):
                yield pl.DataFrame(batch)

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


def _connect(uri: str) -> Any:
    # Imported late: it pulls in half a second of Arrow libraries that no command needs to start.
    from adbc_driver_sqlite import dbapi

    # The driver's own signatures are untyped.
    return cast("Any", dbapi).connect(uri)


def _shown(column: pl.Series, field: LeadField) -> pl.Series:
    match field.data_type.storage:
        case Storage.BOOLEAN:
            return column.cast(pl.Boolean)
        case Storage.INTEGER:
            return column.cast(pl.Int64)
        case _:
            return column.cast(pl.String).fill_null(NULL_TEXT)
