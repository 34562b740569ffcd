"""Regular delimited text taken apart by Polars: fast, and sure that the text is regular.

Regular is RFC 4180 in UTF-8 with LF or CRLF: quotes only around whole fields and doubled within
them, no CR outside, every record of one width. Polars does not say what it makes of anything
else, so a regular expression looks first, at about a third of a gigabyte a second.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import polars as pl

from tailrace.ingest.byte_reader import MAXIMUM_RECORD_BYTES

if TYPE_CHECKING:
    from collections.abc import Sequence

#: A field that may be so long that its record could be over the bound is left to the exact path.
_MAXIMUM_FIELD_BYTES = MAXIMUM_RECORD_BYTES // 512


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


def parse_regular(chunk: bytes, delimiter: str, names: Sequence[str]) -> pl.DataFrame | None:
    """The fields of whole records as texts, or None if the chunk is not regular."""
    try:
        if not _is_regular(chunk, delimiter, len(names)):
            return None
        frame = pl.read_csv(
            chunk,
            has_header=False,
            separator=delimiter,
            schema=dict.fromkeys(names, pl.String),
            empty_string_is_null=False,
        )
    except pl.exceptions.PolarsError:
        # Not UTF-8, or too many columns for the regular expression.
        return None
    return None if _has_long_field(frame) else frame


def line_counts(frame: pl.DataFrame) -> pl.Series:
    """How many physical lines each record takes."""
    has_break = frame.select(pl.any_horizontal(pl.all().str.contains("\n", literal=True).any()))
    if not has_break.item():
        return pl.repeat(1, frame.height, dtype=pl.Int64, eager=True)
    breaks = pl.sum_horizontal(pl.all().str.count_matches("\n", literal=True))
    return frame.select((breaks + 1).cast(pl.Int64)).to_series()


def _is_regular(chunk: bytes, delimiter: str, width: int) -> bool:
    """Whether the chunk is records of `width` fields. Raises PolarsError if it is not UTF-8."""
    if not chunk:
        return False
    text = pl.Series([chunk], dtype=pl.Binary).cast(pl.String)
    mark = re.escape(delimiter)
    quoted = r'"(?:[^"]|"")*"'
    # A line without anything is no record, not one with an empty field.
    first = rf'(?:{quoted}|[^"{mark}\r\n]{"*" if width > 1 else "+"})'
    record = rf'{first}(?:{mark}(?:{quoted}|[^"{mark}\r\n]*)){{{width - 1}}}'
    return bool(text.str.contains(rf"\A(?:{record}\r?\n)*(?:{record})?\z")[0])


def _has_long_field(frame: pl.DataFrame) -> bool:
    longest = frame.select(pl.max_horizontal(pl.all().str.len_bytes().max()))
    return (longest.item() or 0) > _MAXIMUM_FIELD_BYTES
