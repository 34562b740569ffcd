"""One Parquet file of activities: written with its own statistics, described as a Delta add action.

We write the files ourselves because the Delta writer keeps no order of rows; the log is told what
a file holds by the add action, so readers prune with our statistics as with anybody's.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import polars as pl
from deltalake.transaction import AddAction

from tailrace.durability import make_directory, sync_path
from tailrace.lake.activity_rows import DAY_COLUMN, STATISTICS_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

#: Small enough that one type's run within a file is a row group or two of its own.
ROW_GROUP_ROWS = 16_384

#: Readers of a few rows skip the pages of a row group that have none of them: with Polars' own 1 MiB
#: a look-up of ten types takes 1.6 times as long, and files are a fiftieth smaller.
PAGE_BYTES = 128 * 1024

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


def plain_size(path: str) -> PlainSize:
    """The plain size noted in the file, or measured if another writer made it."""
    return noted_size(path) or _measured(pl.scan_parquet(path, glob=False, hive_partitioning=False))


def noted_size(path: str) -> PlainSize | None:
    """The plain size noted in the file; None if another writer made it."""
    notes = pl.read_parquet_metadata(path)
    if _TOTAL_BYTES in notes and _LARGEST_ROW_BYTES in notes:
        return PlainSize(int(notes[_TOTAL_BYTES]), int(notes[_LARGEST_ROW_BYTES]))
    return None


def write_data_file(table_path: Path, rows: pl.DataFrame) -> AddAction:
    """Writes rows of one UTC day; the action makes them part of the table once it is committed.

    Raises OSError, leaving no file, when the disk takes no more.
    """
    day = rows.item(0, "activityDate").date().isoformat()
    relative = f"{DAY_COLUMN}={day}/part-{uuid4()}.parquet"
    path = table_path / relative
    content = _parquet(rows)
    make_directory(path.parent)
    try:
        path.write_bytes(content)
    except OSError:
        path.unlink(missing_ok=True)
        raise
    return AddAction(
        path=relative,
        size=len(content),
        partition_values={DAY_COLUMN: day},
        modification_time=time.time_ns() // 1_000_000,
        data_change=True,
        stats=_statistics(rows),
    )


def sync_data_files(table_path: Path, actions: Sequence[AddAction]) -> None:
    """Waits until the files, and their names, are on the disk."""
    paths = [table_path / action.path for action in actions]
    for path in paths:
        sync_path(path)
    for directory in {path.parent for path in paths}:
        sync_path(directory)


def delete_data_files(table_path: Path, actions: Sequence[AddAction]) -> None:
    """Deletes files that no version has come to name."""
    for action in actions:
        (table_path / action.path).unlink(missing_ok=True)


def _parquet(rows: pl.DataFrame) -> memoryview:
    size = _measured(rows.lazy())
    # In memory first: of a full disk Polars would report an error of computing, not an OSError.
    buffer = io.BytesIO()
    rows.write_parquet(
        buffer,
        compression="zstd",
        compression_level=3,
        row_group_size=ROW_GROUP_ROWS,
        data_page_size=PAGE_BYTES,
        metadata={
            _TOTAL_BYTES: str(size.total_bytes),
            _LARGEST_ROW_BYTES: str(size.largest_row_bytes),
        },
    )
    return buffer.getbuffer()


def _measured(rows: pl.LazyFrame) -> PlainSize:
    sizes = rows.select(
        total=row_bytes().sum(), largest=pl.coalesce(row_bytes().max(), pl.lit(0))
    ).collect()
    return PlainSize(int(sizes.item(0, "total")), int(sizes.item(0, "largest")))


def _statistics(rows: pl.DataFrame) -> str:
    """The statistics of an add action, as the Delta protocol spells them."""
    columns = rows.select(STATISTICS_COLUMNS)
    document = {
        "numRecords": rows.height,
        "minValues": _present(columns.min()),
        "maxValues": _present(columns.max()),
        "nullCount": columns.null_count().row(0, named=True),
    }
    return msgspec.json.encode(document).decode()


def _present(values: pl.DataFrame) -> dict[str, int | str]:
    return {
        name: value.isoformat(timespec="milliseconds").replace("+00:00", "Z")
        if isinstance(value, datetime)
        else value
        for name, value in values.row(0, named=True).items()
        if value is not None
    }
