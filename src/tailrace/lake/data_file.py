"""One Parquet file of activities: written with its own statistics, described as a Delta add action.

We write the files ourselves because the Delta writer keeps no order of rows; the log is told what
a file holds by the add action, so readers prune with our statistics as with anybody's.
"""

from __future__ import annotations

import io
import time
from dataclasses import dataclass
from datetime import datetime
from functools import lru_cache
from typing import TYPE_CHECKING
from uuid import uuid4

import msgspec
import polars as pl
from deltalake.transaction import AddAction

from tailrace.lake.activity_rows import DAY_COLUMN, STATISTICS_COLUMNS

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.lake.table_storage import TableStorage

#: Small enough that one type's run within a file is a row group or two of its own.
ROW_GROUP_ROWS = 16_384

#: Readers of a few rows skip the pages of a row group that have none of them: with Polars' own 1 MiB
#: a look-up of ten types takes 1.6 times as long, and files are a fiftieth smaller.
PAGE_BYTES = 128 * 1024

#: What a row takes in memory besides its long texts.
_ROW_OVERHEAD_BYTES = 96

_LARGEST_ROW_BYTES = "tailrace.largest_row_bytes"
_ROW_GROUPS = "tailrace.row_groups"

#: Files of which it is remembered what they say of themselves; they never change.
_REMEMBERED_FILES = 4096


class RowGroup(msgspec.Struct, frozen=True, array_like=True):
    """What a row group holds, as far as exports pick rows by it."""

    #: What its rows take in memory.
    plain_bytes: int
    first_date: datetime
    last_date: datetime
    least_type_id: int
    largest_type_id: int
    #: None if no row has a value.
    least_primary_id: int | None
    largest_primary_id: int | None


@dataclass(frozen=True, slots=True)
class PlainSize:
    """What the rows of a file take in memory: compression hides it, and exports must bound it."""

    total_bytes: int
    largest_row_bytes: int
    #: None if another writer made the file.
    row_groups: tuple[RowGroup, ...] | None


def row_bytes() -> pl.Expr:
    """What a row takes in memory, near enough to bound a fragment."""
    texts = (pl.col(name).str.len_bytes() for name in ("primaryAttributeValue", "attributes"))
    return pl.sum_horizontal(pl.lit(_ROW_OVERHEAD_BYTES, pl.Int64), *texts)


#: The values of a RowGroup, and the size of its largest row.
_GROUP_NOTES = (
    row_bytes().sum().alias("plain_bytes"),
    pl.col("activityDate").min().alias("first_date"),
    pl.col("activityDate").max().alias("last_date"),
    pl.col("activityTypeId").min().alias("least_type_id"),
    pl.col("activityTypeId").max().alias("largest_type_id"),
    pl.col("primaryAttributeValueId").min().alias("least_primary_id"),
    pl.col("primaryAttributeValueId").max().alias("largest_primary_id"),
    row_bytes().max().alias("largest_row_bytes"),
)


def plain_size(storage: TableStorage, path: str) -> PlainSize:
    """The plain size noted in the file, or measured if another writer made it."""
    return noted_size(storage, path) or _measured(storage.scan([path]))


@lru_cache(_REMEMBERED_FILES)
def noted_size(storage: TableStorage, path: str) -> PlainSize | None:
    """The plain size noted in the file; None if another writer made it."""
    notes = storage.notes(path)
    if _ROW_GROUPS not in notes or _LARGEST_ROW_BYTES not in notes:
        return None
    row_groups = msgspec.json.decode(notes[_ROW_GROUPS], type=tuple[RowGroup, ...])
    return PlainSize(
        total_bytes=sum(group.plain_bytes for group in row_groups),
        largest_row_bytes=int(notes[_LARGEST_ROW_BYTES]),
        row_groups=row_groups,
    )


def write_data_file(storage: TableStorage, rows: pl.DataFrame) -> AddAction:
    """Writes rows of one UTC day; the action makes them part of the table once it is committed.

    Raises OSError, leaving no file, when the disk takes no more.
    """
    day = rows.item(0, "activityDate").date().isoformat()
    name = f"{DAY_COLUMN}={day}/part-{uuid4()}.parquet"
    content = _parquet(rows)
    storage.write(name, content)
    return AddAction(
        path=name,
        size=len(content),
        partition_values={DAY_COLUMN: day},
        modification_time=time.time_ns() // 1_000_000,
        data_change=True,
        stats=_statistics(rows),
    )


def sync_data_files(storage: TableStorage, actions: Sequence[AddAction]) -> None:
    """Waits until the files, and their names, are on the disk."""
    storage.sync(action.path for action in actions)


def delete_data_files(storage: TableStorage, actions: Sequence[AddAction]) -> None:
    """Deletes files that no version has come to name."""
    storage.delete(action.path for action in actions)


def _parquet(rows: pl.DataFrame) -> memoryview:
    # In memory first: of a full disk Polars would report an error of computing, not an OSError.
    buffer = io.BytesIO()
    rows.write_parquet(
        buffer,
        compression="zstd",
        compression_level=3,
        row_group_size=ROW_GROUP_ROWS,
        data_page_size=PAGE_BYTES,
        metadata=_notes(rows),
    )
    return buffer.getbuffer()


def _notes(rows: pl.DataFrame) -> dict[str, str]:
    """The plain size, by row group, as `noted_size` reads it."""
    largest_row_bytes = 0
    groups: list[RowGroup] = []
    for group in rows.iter_slices(ROW_GROUP_ROWS):
        *values, largest = group.select(*_GROUP_NOTES).row(0)
        groups.append(RowGroup(*values))
        largest_row_bytes = max(largest_row_bytes, largest)
    return {
        _LARGEST_ROW_BYTES: str(largest_row_bytes),
        _ROW_GROUPS: msgspec.json.encode(groups).decode(),
    }


def _measured(rows: pl.LazyFrame) -> PlainSize:
    sizes = rows.select(
        total=row_bytes().sum(), largest=pl.coalesce(row_bytes().max(), pl.lit(0))
    ).collect()
    return PlainSize(int(sizes.item(0, "total")), int(sizes.item(0, "largest")), None)


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
