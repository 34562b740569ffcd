"""One Parquet file of activities: written with its own statistics, described as a Delta add action.

We write the files ourselves because the Delta writer keeps no order of rows; the log is told what
it holds by the add action, so readers prune with our statistics as with anybody's.
"""

from __future__ import annotations

import io
import os
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import polars as pl
from deltalake.transaction import AddAction

from tailrace.lake.activity_rows import DAY_COLUMN, STATISTICS_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

#: Small enough that one type's run within a file is a row group or two of its own.
ROW_GROUP_ROWS = 16_384

#: What a row takes in memory besides its long texts.
_ROW_OVERHEAD_BYTES = 96

_TOTAL_BYTES = "tailrace.plain_bytes"
_LARGEST_ROW_BYTES = "tailrace.largest_row_bytes"


@dataclass(frozen=True, slots=True)
class PlainSize:
    """What the rows of a file take in memory: compression hides it, and exports must bound it."""

    total_bytes: int
    largest_row_bytes: int


def row_bytes() -> pl.Expr:
    """What a row takes in memory, near enough to bound a fragment."""
    texts = (pl.col(name).str.len_bytes() for name in ("primaryAttributeValue", "attributes"))
    return pl.sum_horizontal(pl.lit(_ROW_OVERHEAD_BYTES, pl.Int64), *texts)


def write_data_file(table_path: Path, rows: pl.DataFrame) -> str:
    """Writes rows of one UTC day and gives the file's path within the table.

    The file is invisible until an add action names it, and durable only after it was synced.
    Raises OSError, leaving no file, when the disk takes no more.
    """
    day = _day(rows)
    relative = f"{DAY_COLUMN}={day.isoformat()}/part-{uuid4()}.parquet"
    path = table_path / relative
    path.parent.mkdir(exist_ok=True)
    # Polars reports a full disk as an error of computing; Python's own write says what it is.
    content = _parquet(rows)
    try:
        path.write_bytes(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return relative
