"""Delimited text (CSV, TSV, SSV) in chunks of records.

Theory of operation: a chunk is cut at the last line end outside quotes, by counting quotes. One
regular expression confirms that the whole chunk is regular RFC 4180 text in UTF-8; then Polars
splits it into columns with all cores. A chunk that is anything else, and one whose rows are not
all of the header's width, goes through `exact_records`, which is slow, knows where damage ends,
and leaves an incomplete last record for the next chunk. On regular text both give the same rows.
"""

from __future__ import annotations

from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from tailrace.domain.errors import AdministrationError
from tailrace.ingest.byte_reader import CHUNK_BYTES, MAXIMUM_RECORD_BYTES, ByteReader
from tailrace.ingest.exact_records import ExactRecords, parse_records, raw_text
from tailrace.ingest.record_batch import RecordBatch
from tailrace.ingest.regular_records import (
    NULL_TEXTS,
    RegularRecords,
    parse_regular,
    record_boundary,
)
from tailrace.ingest.rejections import Rejection
from tailrace.ingest.source_format import SourceFormat

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    from tailrace.ingest.source_format import SourceFile

_DELIMITERS = {SourceFormat.CSV: ",", SourceFormat.TSV: "\t"}


class DelimitedSource:
    """One open file of delimited text. Raises AdministrationError where it has no header line."""

    def __init__(self, source: SourceFile, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._reader = ByteReader(source)
        self._chunk_bytes = chunk_bytes
        #: What was read and not yet taken apart; begins at a record of the line `_line`.
        self._data = b""
        self._line = 1
        #: Whether the data begins within a line that was given up for its length.
        self._is_skipping = False
        #: The beginning of the line in which a damaged file breaks off.
        self._cut_line = b""
        try:
            self._read_first_line()
            self._delimiter = _DELIMITERS.get(source.format) or _ssv_delimiter(self._data)
            self.header = self._take_header()
        except AdministrationError:
            self.close()
            raise

    def close(self) -> None:
        self._reader.close()

    def batches(self, names: Sequence[str]) -> Iterator[RecordBatch]:
        """The records after the header line, in columns called `names`."""
        while self._data or not self._reader.is_at_end:
            if self._data:
                yield self._take_regular(names) or self._take_exactly(names)
            self._read_on()
        if self._reader.damage:
            cut = Rejection(self._line, "", self._reader.damage, raw_text(self._cut_line))
            yield self._batch(_frame([], names), [], [cut])

    def _read_on(self) -> None:
        data = self._reader.read(self._chunk_bytes)
        if self._is_skipping:
            end = data.find(b"\n") + 1
            self._is_skipping = end == 0
            self._line += int(end > 0)
            data = data[end:] if end else b""
        self._take_in(data)

    def _take_in(self, data: bytes) -> None:
        self._data += data
        if self._reader.damage and not self._cut_line:
            # The last line may have been cut in the middle of a value, and still look whole.
            end = self._data.rfind(b"\n") + 1
            self._data, self._cut_line = self._data[:end], self._data[end:]

    def _read_first_line(self) -> None:
        while not self._reader.is_at_end and b"\n" not in self._data:
            if len(self._data) > MAXIMUM_RECORD_BYTES:
                raise AdministrationError("The first line is too long to be a header.")
            self._take_in(self._reader.read(self._chunk_bytes))

    def _take_header(self) -> list[str]:
        """The names in the first record, which may be of several lines."""
        while True:
            is_at_end = self._reader.is_at_end
            found = parse_records(
                self._data, delimiter=self._delimiter, width=None, is_at_end=is_at_end, limit=1
            )
            if found.rows and not found.rejections:
                self._advance(found)
                return found.rows[0]
            if found.rejections or is_at_end or len(self._data) > MAXIMUM_RECORD_BYTES:
                reason = f": {found.rejections[0].reason}" if found.rejections else ""
                raise AdministrationError(f"The file has no header line{reason}.")
            self._take_in(self._reader.read(self._chunk_bytes))

    def _take_regular(self, names: Sequence[str]) -> RecordBatch | None:
        """All complete records of the data, or None if they need the exact path."""
        for find_end in (_line_end, record_boundary):
            chunk = self._data if self._reader.is_at_end else self._data[: find_end(self._data)]
            found = parse_regular(chunk, self._delimiter, names) if chunk else None
            if found is not None:
                return self._regular_batch(found, chunk)
        return None

    def _regular_batch(self, found: RegularRecords, chunk: bytes) -> RecordBatch:
        starts = found.starts
        physical_lines = cache(lambda: chunk.split(b"\n"))

        def text_of(position: int) -> str:
            is_last = position + 1 == starts.len()
            end = found.line_count if is_last else starts[position + 1]
            return raw_text(b"\n".join(physical_lines()[starts[position] : end]))

        batch = self._batch(found.frame, starts, [], text_of)
        self._advance(ExactRecords(bytes_done=len(chunk), lines_done=found.line_count))
        return batch

    def _take_exactly(self, names: Sequence[str]) -> RecordBatch:
        data, is_at_end = self._data, self._reader.is_at_end
        found = parse_records(
            data, delimiter=self._delimiter, width=len(names), is_at_end=is_at_end
        )
        if len(data) - found.bytes_done > MAXIMUM_RECORD_BYTES:
            self._give_up_line(found)

        def text_of(position: int) -> str:
            start, end = found.spans[position]
            return raw_text(data[start:end])

        batch = self._batch(_frame(found.rows, names), found.lines, found.rejections, text_of)
        self._advance(found)
        return batch

    def _give_up_line(self, found: ExactRecords) -> None:
        """Reject the line that the data ends in, and whatever of it is still to be read."""
        reason = f"the line is longer than {MAXIMUM_RECORD_BYTES} bytes"
        text = raw_text(self._data[found.bytes_done :])
        found.rejections.append(Rejection(found.lines_done, "", reason, text))
        found.bytes_done = len(self._data)
        self._is_skipping = True

    def _batch(
        self,
        frame: pl.DataFrame,
        lines: Sequence[int] | pl.Series,
        rejections: Sequence[Rejection],
        text_of: Callable[[int], str] = str,
    ) -> RecordBatch:
        """`lines` and the rejections' lines count from the beginning of the data."""
        return RecordBatch(
            frame=frame,
            lines=pl.Series(lines, dtype=pl.Int64) + self._line,
            text_of=text_of,
            malformed=[replace(one, line=one.line + self._line) for one in rejections],
            bytes_done=self._reader.bytes_done,
        )

    def _advance(self, found: ExactRecords) -> None:
        self._data = self._data[found.bytes_done :]
        self._line += found.lines_done


def _line_end(data: bytes) -> int:
    """Where the last record ends unless records hold line breaks, which is rare."""
    return data.rfind(b"\n") + 1


def _ssv_delimiter(data: bytes) -> str:
    return ";" if b";" in data.partition(b"\n")[0] else " "


def _frame(rows: Sequence[Sequence[str]], names: Sequence[str]) -> pl.DataFrame:
    columns = list(zip(*rows, strict=True)) or [()] * len(names)
    return pl.DataFrame(
        [
            pl.Series(name, [None if one in NULL_TEXTS else one for one in values], dtype=pl.String)
            for name, values in zip(names, columns, strict=True)
        ]
    )
