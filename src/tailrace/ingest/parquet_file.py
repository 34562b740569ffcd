"""Parquet in batches, its values turned into the texts that the other formats have or kept."""

from __future__ import annotations

import json
from functools import partial
from typing import TYPE_CHECKING

import polars as pl

from tailrace.domain.errors import AdministrationError
from tailrace.ingest.column_texts import is_type_of_ids_or_instants, text_of
from tailrace.ingest.record_batch import RecordBatch
from tailrace.ingest.rejections import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from tailrace.ingest.source_format import SourceFile

BATCH_ROWS = 50_000


class ParquetSource:
    """One Parquet file, with `keeps_types` integers and instants as they are.

    Raises AdministrationError if it is none, or holds what has no text.
    """

    def __init__(
        self, source: SourceFile, batch_rows: int = BATCH_ROWS, *, keeps_types: bool = False
    ) -> None:
        if source.is_gzip:
            raise AdministrationError("A Parquet file is compressed inside, not with gzip.")
        self._size_bytes = source.size_bytes
        self._batch_rows = batch_rows
        try:
            self._rows = pl.scan_parquet(source.path, glob=False, hive_partitioning=False)
            schema = self._rows.collect_schema()
            self.row_count: int = self._rows.select(pl.len()).collect().item()
        except (pl.exceptions.PolarsError, OSError) as error:
            raise AdministrationError(f"The file is not Parquet: {error}") from error
        self.header = list(schema.names())
        self._columns = [
            pl.col(name)
            if keeps_types and is_type_of_ids_or_instants(kind)
            else text_of(name, kind)
            for name, kind in schema.items()
        ]

    def close(self) -> None:
        """Nothing stays open between batches."""

    def batches(self, names: Sequence[str]) -> Iterator[RecordBatch]:
        """The rows in order, in columns called `names`; their numbers begin at 1."""
        for start in range(0, self.row_count, self._batch_rows):
            end = min(start + self._batch_rows, self.row_count)
            frame, malformed = self._read(start, end, names)
            yield RecordBatch(
                frame=frame,
                lines=pl.int_range(start + 1, start + frame.height + 1, dtype=pl.Int64, eager=True),
                text_of=partial(_row_text, frame),
                malformed=malformed,
                bytes_done=self._size_bytes * end // self.row_count,
            )

    def _read(
        self, start: int, end: int, names: Sequence[str]
    ) -> tuple[pl.DataFrame, list[Rejection]]:
        """The rows from `start` to before `end`; where the file is damaged none, and why."""
        batch = self._rows.slice(start, end - start).select(self._columns)
        try:
            frame = batch.collect()
        except (pl.exceptions.PolarsError, OSError) as error:
            reason = f"rows {start + 1} to {end} cannot be read: {error}"
            empty = pl.DataFrame(schema=dict.fromkeys(names, pl.String))
            return empty, [Rejection(start + 1, "", reason, "")]
        return frame.rename(dict(zip(self.header, names, strict=True))), []


def _row_text(frame: pl.DataFrame, position: int) -> str:
    texts = [text_of(name, kind) for name, kind in frame.schema.items()]
    return json.dumps(frame[[position]].select(texts).row(0, named=True), ensure_ascii=False)
