"""Rows of a lead export: streamed from the store as Arrow, custom documents taken apart here.

It is one fragment, because only one statement sees one moment of SQLite. The statement runs in a
process of its own (`lead_reader` says why), which reads ahead while rows are rendered here. On
PostgreSQL several processes share one moment, and read ranges of rows in turn.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import polars as pl

from tailrace.domain.file_format import NULL_TEXT
from tailrace.domain.lead_fields import LeadField, Storage
from tailrace.extract.lead_scan import file_frames, snapshot_frames
from tailrace.store.lead_query import CUSTOM_DOCUMENT, LeadSelection

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    from tailrace.store.database import Database

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
        self, database: Database, selection: LeadSelection, fields: Sequence[LeadField]
    ) -> None:
        self._database = database
        self._selection = selection
        self._fields = tuple(fields)

    @property
    def reads_at_once(self) -> int:
        return 1

    def fragments(self) -> Sequence[LeadFragment]:
        return (LeadFragment(),)

    def identity(self, fragment: LeadFragment) -> None:
        """Leads change."""

    def reader(self) -> None:
        """The statement is run beside the store, whose address holds a password."""

    def read(self, fragment: LeadFragment) -> Generator[pl.DataFrame]:  # noqa: ARG002 - there is one
        """Frames in file order; columns as requested, ready to render."""
        frames = snapshot_frames if self._database.is_shared else file_frames
        with frames(self._database, self._selection, self._fields) as batches:
            for batch in batches:
                yield self._ready(batch)

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


def _shown(column: pl.Series, field: LeadField) -> pl.Series:
    match field.data_type.storage:
        case Storage.BOOLEAN:
            return column.cast(pl.Boolean)
        case Storage.INTEGER:
            return column.cast(pl.Int64)
        case _:
            return column.cast(pl.String).fill_null(NULL_TEXT)
