"""Delimited text taken apart record by record: slow, exact, and able to go on after damage.

Theory of operation: records are read by Python's csv module in strict mode (RFC 4180) from one
physical line after the other. A line at which that fails is rejected alone and reading begins
afresh at the next physical line, so an unclosed quote costs one record, not the rest of the
file. A record of the wrong width is treated the same: it may be two records that a stray quote
has joined. Data may end in the middle of a record; then it is left for the next call.
"""

from __future__ import annotations

import csv
from dataclasses import dataclass, field

from tailrace.ingest.byte_reader import MAXIMUM_RECORD_BYTES
from tailrace.ingest.rejections import MAXIMUM_TEXT, Rejection

# The module's own limit is process-wide and below what an attributes document may hold.
csv.field_size_limit(MAXIMUM_RECORD_BYTES)


@dataclass(slots=True)
class ExactRecords:
    """What `parse_records` found."""

    rows: list[list[str]] = field(default_factory=list[list[str]])
    #: Line number of each row.
    lines: list[int] = field(default_factory=list[int])
    #: Where each row's bytes begin and end within the data.
    spans: list[tuple[int, int]] = field(default_factory=list[tuple[int, int]])
    rejections: list[Rejection] = field(default_factory=list[Rejection])
    #: Bytes and lines that were dealt with; the rest is an incomplete record.
    bytes_done: int = 0
    lines_done: int = 0


@dataclass(slots=True)
class _PhysicalLines:
    """Feeds the csv module line by line, and can go back to the line after a record's first."""

    data: bytes
    is_at_end: bool
    record_start: int = 0
    record_line: int = 0
    position: int = 0
    line: int = 0
    first_line_end: int = 0
    #: Whether the current record was cut short because there is no more data.
    is_exhausted: bool = False
    is_too_long: bool = False
    is_not_utf8: bool = False

    def begin_record(self) -> None:
        self.record_start = self.position
        self.record_line = self.line
        self.is_not_utf8 = False

    def __iter__(self) -> _PhysicalLines:
        return self

    def __next__(self) -> str:
        end = self.data.find(b"\n", self.position) + 1
        if end == 0 and self.is_at_end:
            end = len(self.data)
        if end == 0 or self.position >= len(self.data):
            self.is_exhausted = True
            raise StopIteration
        if end - self.record_start > MAXIMUM_RECORD_BYTES and self.position > self.record_start:
            self.is_too_long = True
            raise StopIteration
        text = self._decode(self.data[self.position : end])
        if self.position == self.record_start:
            self.first_line_end = end
        self.position = end
        self.line += 1
        return text

    def go_back_to_second_line(self) -> None:
        self.position = self.first_line_end
        self.line = self.record_line + 1
        self.is_exhausted = False
        self.is_too_long = False

    def _decode(self, line: bytes) -> str:
        try:
            return line.decode()
        except UnicodeDecodeError:
            self.is_not_utf8 = True
            return line.decode(errors="surrogateescape")


def parse_records(
    data: bytes, *, delimiter: str, width: int | None, is_at_end: bool, limit: int | None = None
) -> ExactRecords:
    """The records of `data`, which begins at one; lines count from 0.

    `width` is the number of columns, None for any; `limit` ends the reading early.
    """
    found = ExactRecords()
    lines = _PhysicalLines(data, is_at_end)
    while limit is None or len(found.rows) < limit:
        lines.begin_record()
        # A fresh reader each time: one that failed may hold parts of the failed record.
        failure = _read_run(lines, found, delimiter, width, limit)
        if failure is None:
            break
        _reject_line(lines, found, failure)
    found.bytes_done = lines.record_start
    found.lines_done = lines.record_line
    return found


def _read_run(
    lines: _PhysicalLines, found: ExactRecords, delimiter: str, width: int | None, limit: int | None
) -> str | None:
    """Read records until one fails; returns why, or None at the end of the data."""
    reader = csv.reader(lines, delimiter=delimiter, strict=True)
    try:
        for record in reader:
            size = lines.position - lines.record_start
            if size > MAXIMUM_RECORD_BYTES:
                return f"the record is longer than {MAXIMUM_RECORD_BYTES} bytes"
            if record and width is not None and len(record) != width:
                return f"{len(record)} columns instead of {width}"
            if lines.is_not_utf8:
                _reject_record(lines, found, "the text is not UTF-8")
            elif record:
                found.rows.append(record)
                found.lines.append(lines.record_line)
                found.spans.append((lines.record_start, lines.position))
            lines.begin_record()
            if len(found.rows) == limit:
                return None
    except csv.Error as error:
        if lines.is_too_long:
            return f"a quoted text does not end within {MAXIMUM_RECORD_BYTES} bytes"
        if lines.is_exhausted:
            return "a quoted text does not end" if lines.is_at_end else None
        return _reason(error)
    return None


def _reason(error: csv.Error) -> str:
    text = str(error)
    if "expected after" in text:
        return "a closing quote is followed by other text"
    if "new-line" in text:
        return "a carriage return stands outside quotes"
    return text


def _reject_line(lines: _PhysicalLines, found: ExactRecords, reason: str) -> None:
    text = raw_text(lines.data[lines.record_start : lines.first_line_end])
    found.rejections.append(Rejection(lines.record_line, "", reason, text))
    lines.go_back_to_second_line()


def _reject_record(lines: _PhysicalLines, found: ExactRecords, reason: str) -> None:
    text = raw_text(lines.data[lines.record_start : lines.position])
    found.rejections.append(Rejection(lines.record_line, "", reason, text))


def raw_text(data: bytes) -> str:
    """Bytes of a file for people to read: without the line end, damage shown by its bytes."""
    kept = data[: 4 * MAXIMUM_TEXT].decode(errors="backslashreplace")
    return kept.rstrip("\r\n")[:MAXIMUM_TEXT]
