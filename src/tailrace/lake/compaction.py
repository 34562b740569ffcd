"""Compaction: a set of files of one day becomes few sorted ones that hold the same rows.

Theory of operation: the new files are written and synced under names that no version has, without
the table's lock, so nobody waits. Then, under the lock, one commit removes the old ones and adds
the new ones, if the old ones are all still there: of two compactions at once one finds that they
are not, and takes its files back. A process killed before the commit leaves files to be swept,
killed after it the work is done. Rows are the same before and after, and exports sort them, so no
export sees a difference; who pinned an earlier version finds the old files where they were.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import polars as pl

from tailrace.crash_points import reach
from tailrace.domain.errors import HomeError
from tailrace.domain.instants import second_of
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA
from tailrace.lake.data_file import (
    delete_data_files,
    plain_size,
    row_bytes,
    sync_data_files,
    write_data_file,
)
from tailrace.lake.key_ranges import KeyRange, cut
from tailrace.lake.time_slices import FILE_BYTES, FILE_ROWS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime

    from deltalake.transaction import AddAction

    from tailrace.lake.activity_log import ActivityLog
    from tailrace.lake.snapshot import DataFile
    from tailrace.lake.table_storage import TableStorage

#: What a row counts at least: files are full by rows or by bytes.
_LEAST_ROW_BYTES = FILE_BYTES // FILE_ROWS

#: By so much a file may be more than full, rather than that its last rows need one of their own.
_TOLERANCE = 1.05


@dataclass(frozen=True, slots=True)
class Compaction:
    """What one commit did."""

    files_before: int
    files_after: int
    rows: int


def compact(
    log: ActivityLog,
    files: Sequence[DataFile],
    now: datetime,
    *,
    is_stopping: Callable[[], bool] = lambda: False,
) -> Compaction | None:
    """Rewrites the files as few, in one commit; None, with nothing done, if others were first.

    Asks `is_stopping` before each new file, and gives up if so. Memory is bounded by one file.
    Raises OSError when the disk takes no more, LakeUnavailableError when object storage does not,
    and HomeError if not all rows came across.
    """
    with log.storage.refusals_told():
        actions = _rewritten(log.storage, files, is_stopping)
        if actions is None:
            return None
        reach("compact.files_synced")
        # If this raises, the commit may be there or not: what is unnamed is swept.
        if not log.replace(files, actions, now):
            delete_data_files(log.storage, actions)
            return None
    return Compaction(len(files), len(actions), sum(file.row_count or 0 for file in files))


def _rewritten(
    storage: TableStorage, files: Sequence[DataFile], is_stopping: Callable[[], bool]
) -> list[AddAction] | None:
    """New files with the rows of the old ones; None, with nothing left, if it is to stop."""
    actions: list[AddAction] = []
    row_count = 0
    try:
        for rows in _pieces(storage, files):
            if is_stopping():
                delete_data_files(storage, actions)
                return None
            actions.append(_written(storage, rows))
            row_count += rows.height
            reach("compact.file_written")
        _check_complete(files, row_count)
        sync_data_files(storage, actions)
    except BaseException:
        delete_data_files(storage, actions)
        raise
    return actions


def _written(storage: TableStorage, rows: pl.DataFrame) -> AddAction:
    by_type = rows.sort("activityTypeId", "activityDate", "marketoGUID")
    return replace(write_data_file(storage, by_type), data_change=False)


def _pieces(storage: TableStorage, files: Sequence[DataFile]) -> Iterator[pl.DataFrame]:
    """The rows of each new file, in order of time."""
    rows = storage.scan(file.path for file in files)
    for part in _ranges(storage, files, rows):
        yield rows.filter(part.predicate).select(*ACTIVITY_SCHEMA).collect()


def _ranges(
    storage: TableStorage, files: Sequence[DataFile], rows: pl.LazyFrame
) -> Iterator[KeyRange]:
    seconds = [second_of(at) for file in files for at in (file.first_date, file.last_date) if at]
    whole = KeyRange(min(seconds), max(seconds))
    total = sum(_weight(storage, file) for file in files)
    # Even pieces: a small rest would be rewritten soon.
    bound = int(total / -(-total // FILE_BYTES) * _TOLERANCE)
    if total <= bound:
        yield whole
        return
    weight = pl.max_horizontal(pl.lit(_LEAST_ROW_BYTES, pl.Int64), row_bytes()).sum()
    yield from cut(rows, whole, weight=weight, expected_weight=total, bound=bound)


def _weight(storage: TableStorage, file: DataFile) -> int:
    # Nearly what its rows weigh one by one, and no text is read for it.
    return max((file.row_count or 0) * _LEAST_ROW_BYTES, plain_size(storage, file.path).total_bytes)


def _check_complete(files: Sequence[DataFile], row_count: int) -> None:
    expected = sum(file.row_count or 0 for file in files)
    if row_count != expected:
        raise HomeError(
            f"Files of the activity log hold {row_count} rows where its log says {expected}."
        )
