"""Regular delimited text taken apart by Polars: fast, and sure that the text is regular.

Regular is RFC 4180 in UTF-8 with LF or CRLF: quotes only around whole fields and doubled within
them, no CR outside, every record of one width. Polars does not say what it makes of anything
else, so a regular expression looks as well, at about half a gigabyte a second: at the same time,
for that is as long as the taking apart takes.
"""

from __future__ import annotations

import re
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tailrace.domain.file_format import NULL_TEXT
from tailrace.ingest.byte_reader import MAXIMUM_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

#: Nothing and `null` are how a file says that there is no value (contract section 4).
NULL_TEXTS = ("", NULL_TEXT)

#: A field that may be so long that its record could be over the bound is left to the exact path.
_MAXIMUM_FIELD_BYTES = MAXIMUM_RECORD_BYTES // 512

#: Where chunks are looked at; a thread or two suffice, as a regular expression keeps a core busy.
_LOOKING = ThreadPoolExecutor(2, thread_name_prefix="regular")


def record_boundary(data: bytes) -> int:
    """Where the last complete record of regular text ends: after a line end outside quotes."""
    is_quoted = data.count(b'"') % 2
    end = len(data)
    while (newline := data.rfind(b"\n", 0, end)) >= 0:
        is_quoted ^= data.count(b'"', newline + 1, end) % 2
        if not is_quoted:
            return newline + 1
        end = newline
    return 0


@dataclass(frozen=True, slots=True)
class RegularRecords:
    #: The fields as texts; null is no value.
    frame: pl.DataFrame
    #: At which physical line each record begins, counted from 0.
    starts: pl.Series
    line_count: int


def parse_regular(chunk: bytes, delimiter: str, names: Sequence[str]) -> RegularRecords | None:
    """The fields of whole records, or None if the chunk is not regular."""
    try:
        # Of a series of one value Polars would copy the value with every expression.
        text = pl.Series([chunk, b""], dtype=pl.Binary).cast(pl.String)
        looked_at = _LOOKING.submit(_is_regular, text, delimiter, len(names))
        frame = pl.read_csv(
            chunk,
            has_header=False,
            separator=delimiter,
            schema=dict.fromkeys(names, pl.String),
            null_values=NULL_TEXTS,
        )
        if not looked_at.result():
            return None
    except (pl.exceptions.PolarsError, pl.exceptions.PanicException):
        # Not UTF-8, not regular, or too many columns for the regular expression.
        return None
    if len(chunk) > MAXIMUM_RECORD_BYTES and _has_long_field(frame):
        return None
    line_count = text.str.count_matches("\n", literal=True)[0] + (not chunk.endswith(b"\n"))
    return RegularRecords(frame, _starts(frame, line_count), line_count)


def _starts(frame: pl.DataFrame, line_count: int) -> pl.Series:
    if frame.height == line_count:
        return pl.int_range(line_count, dtype=pl.Int64, eager=True)
    # Looking whether a column has any is ten times as fast as counting, and most have none.
    broken = [one.name for one in frame if one.str.contains("\n", literal=True).any()]
    breaks = pl.sum_horizontal(pl.col(broken).str.count_matches("\n", literal=True).fill_null(0))
    lines_before = (breaks + 1).cum_sum().shift(1, fill_value=0)
    return frame.select(lines_before.cast(pl.Int64)).to_series()


def _is_regular(text: pl.Series, delimiter: str, width: int) -> bool:
    """Whether the first text is records of `width` fields."""
    mark = re.escape(delimiter)
    quoted = r'"(?:[^"]|"")*"'
    # A line without anything is no record, not one with an empty field.
    first = rf'(?:{quoted}|[^"{mark}\r\n]{"*" if width > 1 else "+"})'
    record = rf'{first}(?:{mark}(?:{quoted}|[^"{mark}\r\n]*)){{{width - 1}}}'
    return bool(text.str.contains(rf"\A(?:{record}\r?\n)*(?:{record})?\z")[0])


def _has_long_field(frame: pl.DataFrame) -> bool:
    longest = frame.select(pl.max_horizontal(pl.all().str.len_bytes().max()))
    return (longest.item() or 0) > _MAXIMUM_FIELD_BYTES
