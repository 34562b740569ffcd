"""Opening a file for loading, whatever its format."""

from __future__ import annotations

from contextlib import contextmanager
from functools import partial
from typing import TYPE_CHECKING

from tailrace.domain.errors import AdministrationError
from tailrace.ingest.byte_reader import ByteReader
from tailrace.ingest.delimited import DelimitedSource
from tailrace.ingest.json_lines import JsonLinesSource
from tailrace.ingest.parquet_file import ParquetSource
from tailrace.ingest.source_format import SourceFormat

if TYPE_CHECKING:
    from collections.abc import Generator

    from tailrace.ingest.record_batch import RecordSource
    from tailrace.ingest.source_format import SourceFile


@contextmanager
def open_source(source: SourceFile, *, keeps_types: bool = False) -> Generator[RecordSource]:
    """The records of a file, open while the block lasts; see RecordBatch for `keeps_types`.

    Raises AdministrationError, naming the file, where it cannot be read as its format.
    """
    kinds = {
        SourceFormat.NDJSON: JsonLinesSource,
        SourceFormat.PARQUET: partial(ParquetSource, keeps_types=keeps_types),
    }
    try:
        opened = kinds.get(source.format, DelimitedSource)(source)
    except AdministrationError as error:
        raise AdministrationError(f"'{source.path}': {error}") from error
    except OSError as error:
        raise AdministrationError(f"'{source.path}' cannot be read: {error.strerror}.") from error
    try:
        yield opened
    finally:
        opened.close()


def line_bound(source: SourceFile) -> int:
    """A number that no row's line number exceeds."""
    if source.format is SourceFormat.PARQUET:
        return ParquetSource(source).row_count
    reader = ByteReader(source)
    try:
        lines = 1
        while not reader.is_at_end:
            lines += reader.read().count(b"\n")
        return lines
    finally:
        reader.close()
