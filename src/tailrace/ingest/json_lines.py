"""NDJSON in batches: one object a line, each naming its own columns.

A line that is no such object is rejected alone. Numbers and booleans keep the spelling that they
have in the file; a text that says `null` is a text.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import polars as pl

from tailrace.domain.json_members import repeated_member
from tailrace.ingest.byte_reader import CHUNK_BYTES, MAXIMUM_RECORD_BYTES, ByteReader
from tailrace.ingest.exact_records import raw_text
from tailrace.ingest.record_batch import RecordBatch
from tailrace.ingest.rejections import Rejection

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from tailrace.ingest.source_format import SourceFile

_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_decode_text = msgspec.json.Decoder(str).decode

_QUOTE = ord('"')
_BRACKETS = frozenset(b"[{")


class JsonLinesSource:
    """One open file of JSON lines."""

    #: Each line names its own columns.
    header = None

    def __init__(self, source: SourceFile, chunk_bytes: int = CHUNK_BYTES) -> None:
        self._source = source
        self._chunk_bytes = chunk_bytes
        self._reader = ByteReader(source)

    def close(self) -> None:
        self._reader.close()

    def member_names(self) -> list[str]:
        """Every name that any line of the file uses, in the order of their first use."""
        names: dict[str, None] = {}
        reader = ByteReader(self._source)
        try:
            for _, line in _lines(reader, self._chunk_bytes):
                try:
                    names.update(dict.fromkeys(_MEMBERS.decode(line)))
                except (msgspec.MsgspecError, RecursionError, UnicodeError):
                    continue
        finally:
            reader.close()
        return list(names)

    def batches(self, names: Sequence[str]) -> Iterator[RecordBatch]:
        """The objects in order, in those of the columns `names` that a batch mentions at all."""
        canonical = _canonical_names(names)
        batch = _Batch()
        for number, line in _lines(self._reader, self._chunk_bytes):
            batch.add(number, line, canonical)
            if batch.size_bytes >= self._chunk_bytes:
                yield batch.finish(self._reader.bytes_done)
                batch = _Batch()
        if self._reader.damage:
            batch.malformed.append(Rejection(batch.last_line + 1, "", self._reader.damage, ""))
        yield batch.finish(self._reader.bytes_done)


def batch_of_lines(content: bytes, names: Sequence[str]) -> RecordBatch:
    """The objects in `content`, one a line, in those of the columns `names` that they mention."""
    canonical = _canonical_names(names)
    batch = _Batch()
    for number, line in enumerate(content.split(b"\n"), start=1):
        if line.strip():
            batch.add(number, line, canonical)
    return batch.finish(len(content))


def _canonical_names(names: Sequence[str]) -> dict[str, str]:
    # By the name itself, too: most lines spell it so, and need not be brought to lower case.
    return {name.lower(): name for name in names} | {name: name for name in names}


#: The one column whose values are JSON documents themselves.
_DOCUMENT_COLUMN = "attributes"


class _Batch:
    """Rows being collected."""

    def __init__(self) -> None:
        self._rows: list[Mapping[str, str | None]] = []
        self._numbers: list[int] = []
        self._lines: list[bytes] = []
        self.malformed: list[Rejection] = []
        self.size_bytes = 0
        self.last_line = 0

    def add(self, number: int, line: bytes, canonical: Mapping[str, str]) -> None:
        self.last_line = number
        self.size_bytes += len(line)
        try:
            row = _row(line, canonical)
        except _LineError as error:
            self.malformed.append(Rejection(number, error.field, error.reason, raw_text(line)))
            return
        self._rows.append(row)
        self._numbers.append(number)
        self._lines.append(line)

    def finish(self, bytes_done: int) -> RecordBatch:
        rows, lines = self._rows, self._lines
        names = dict.fromkeys(name for row in rows for name in row)
        columns = [
            pl.Series(name, [row.get(name) for row in rows], dtype=pl.String) for name in names
        ]
        absent = {
            name: {position for position, row in enumerate(rows) if name not in row}
            for name in names
        }
        return RecordBatch(
            frame=pl.DataFrame(columns),
            lines=pl.Series(self._numbers, dtype=pl.Int64),
            text_of=lambda position: raw_text(lines[position]),
            malformed=self.malformed,
            bytes_done=bytes_done,
            absent={name: positions for name, positions in absent.items() if positions},
        )


class _LineError(ValueError):
    """A line that is no record."""

    def __init__(self, field: str, reason: str) -> None:
        super().__init__(reason)
        self.field = field
        self.reason = reason


def _row(line: bytes, canonical: Mapping[str, str]) -> dict[str, str | None]:
    if len(line) > MAXIMUM_RECORD_BYTES:
        raise _LineError("", f"the line is longer than {MAXIMUM_RECORD_BYTES} bytes")
    try:
        members = _MEMBERS.decode(line.decode())
        repeated = repeated_member(line)
        if repeated is not None:
            name = canonical.get(repeated.lower(), "")
            raise _LineError(name, f"member more than once: {repeated}")
        return _values(members, canonical)
    except UnicodeDecodeError as error:
        raise _LineError("", "the text is not UTF-8") from error
    except msgspec.ValidationError as error:
        raise _LineError("", "the line is not a JSON object") from error
    except (msgspec.MsgspecError, RecursionError) as error:
        raise _LineError("", f"the line is not JSON: {error}") from error


def _values(
    members: Mapping[str, msgspec.Raw], canonical: Mapping[str, str]
) -> dict[str, str | None]:
    row: dict[str, str | None] = {}
    for given, raw in members.items():
        name = canonical.get(given) or canonical.get(given.lower())
        if name is None:
            raise _LineError(given, "unknown column")
        if name in row:
            raise _LineError(name, "column more than once")
        text = bytes(raw)
        first = text[0]
        if first == _QUOTE:
            row[name] = _decode_text(text) or None
        elif first in _BRACKETS and name != _DOCUMENT_COLUMN:
            raise _LineError(name, "a list or an object is no value")
        else:
            row[name] = None if text == b"null" else text.decode()
    return row


def _lines(reader: ByteReader, chunk_bytes: int) -> Iterator[tuple[int, bytes]]:
    """Number and bytes of every line that is not blank; of an over-long one only the beginning."""
    rest = b""
    number = 0
    while not reader.is_at_end:
        data = rest + reader.read(chunk_bytes)
        lines = data.split(b"\n")
        rest = lines.pop() if not reader.is_at_end else b""
        for line in lines:
            number += 1
            if line.strip():
                yield number, line
        if len(rest) > MAXIMUM_RECORD_BYTES:
            # Kept just too long to be taken, so that memory stays bounded.
            rest = rest[: MAXIMUM_RECORD_BYTES + 1]
