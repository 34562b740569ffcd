"""One window of a lake: the wanted rows of a stretch of time, in the order of the log."""

from __future__ import annotations

from bisect import bisect_left, bisect_right
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from tailrace.activities.wanted import predicate
from tailrace.domain.activity_paging import ActivityPosition
from tailrace.domain.instants import FIRST_SECOND, LAST_SECOND, instant_of, second_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tailrace.domain.activity_paging import ActivitySelection
    from tailrace.lake.snapshot import DataFile
    from tailrace.lake.table_storage import TableStorage

#: The most rows that a window has.
MOST_WINDOW_ROWS = 16_000

#: Rows of the files that one window touches, as far as files do not lie on top of each other.
WINDOW_FILE_ROWS = 500_000

#: For up to so many rows, wanted or not, the streaming engine takes longer to set up than to run;
#: of more it keeps fewer in memory.
FEW_ROWS = 200_000

#: What a file is taken for whose writer gave no statistics.
_USUAL_FILE_ROWS = 100_000


@dataclass(frozen=True, slots=True)
class TimedFile:
    """A data file by the seconds that it covers."""

    path: str
    first_second: int
    last_second: int
    row_count: int

    @classmethod
    def of(cls, file: DataFile) -> TimedFile:
        first, last = file.first_date, file.last_date
        return cls(
            path=file.path,
            first_second=FIRST_SECOND if first is None else second_of(first),
            last_second=LAST_SECOND if last is None else second_of(last),
            row_count=_USUAL_FILE_ROWS if file.row_count is None else file.row_count,
        )

    def rows_between(self, first_second: int, last_second: int) -> float:
        """About how many rows it has of this time."""
        first, last = max(self.first_second, first_second), min(self.last_second, last_second)
        span = self.last_second - self.first_second + 1
        return self.row_count * max(0, last - first + 1) / span


@dataclass(frozen=True, slots=True)
class Window:
    """All wanted rows behind `start` up to `end`, in order."""

    start: ActivityPosition
    end: ActivityPosition
    rows: pl.DataFrame
    #: Second and GUID of each row.
    keys: list[tuple[int, int]]
    #: The files that have rows of this time.
    paths: frozenset[str]
    #: Rows of these files.
    file_rows: int
    #: Which part of the rows in the files are wanted, as far as this window tells.
    share: float

    def behind(
        self, position: ActivityPosition, limit: int, *, last_second: int
    ) -> tuple[pl.DataFrame, bool]:
        """The first of its rows behind a position, and whether any of those is too late to count."""
        first = bisect_right(self.keys, position)
        end = min(first + limit, len(self.keys))
        in_time = bisect_left(self.keys, (last_second + 1, 0), first, end)
        return self.rows[first:in_time], in_time < end

    def serves(self, position: ActivityPosition, files: Iterable[TimedFile]) -> bool:
        """Whether it still has all wanted rows that these files have from a position to its end."""
        if not self.start <= position < self.end:
            return False
        return all(
            file.path in self.paths
            for file in files
            if position.second <= file.last_second
            and ActivityPosition(file.first_second, 0) < self.end
        )


def read_window(
    storage: TableStorage,
    files: Sequence[TimedFile],
    wanted: ActivitySelection,
    start: ActivityPosition,
    *,
    expected_file_rows: float,
) -> Window:
    """The window that begins at `start`, where some file has rows.

    It is as wide as about that many rows, wanted or not, lie within.
    """
    last_second = _last_second(files, start.second, expected_file_rows)
    touched = [
        file
        for file in files
        if start.second <= file.last_second and file.first_second <= last_second
    ]
    paths = [file.path for file in touched]
    looked_through = sum(file.rows_between(start.second, last_second) for file in touched)
    found = storage.scan(paths).filter(predicate(wanted) & _is_behind(start) & _is_by(last_second))
    order = ("activityDate", "marketoGUID")
    with storage.refusals_told():
        if looked_through <= FEW_ROWS:
            rows = found.collect(engine="in-memory").sort(order).head(MOST_WINDOW_ROWS)
        else:
            rows = found.sort(order).head(MOST_WINDOW_ROWS).collect()
    seconds = rows["activityDate"].cast(pl.Int64) // 1_000_000
    keys = list(zip(seconds.to_list(), rows["marketoGUID"].to_list(), strict=True))
    end = ActivityPosition(last_second + 1, 0)
    if rows.height == MOST_WINDOW_ROWS:
        end = ActivityPosition(*keys[-1])
    expected = sum(file.rows_between(start.second, end.second - 1) for file in touched)
    return Window(
        start=start,
        end=end,
        rows=rows,
        keys=keys,
        paths=frozenset(paths),
        file_rows=sum(file.row_count for file in touched),
        share=max(rows.height, 1) / max(expected, 1),
    )


# Statistics of row groups answer for a column against a value, not for what is made of a column.


def _is_behind(position: ActivityPosition) -> pl.Expr:
    begin = instant_of(position.second)
    is_there = pl.col("activityDate") >= begin
    if position.guid == 0:
        # Where readers begin: in front of all that is in this second.
        return is_there
    is_later = pl.col("activityDate") >= begin + timedelta(seconds=1)
    return is_there & (is_later | (pl.col("marketoGUID") > position.guid))


def _is_by(last_second: int) -> pl.Expr:
    return pl.col("activityDate") <= instant_of(last_second) + timedelta(microseconds=999_999)


def _last_second(files: Sequence[TimedFile], start: int, expected_file_rows: float) -> int:
    rows_a_second = sum(file.rows_between(start, start) for file in files)
    last_second = max(file.last_second for file in files)
    if rows_a_second > 0:
        last_second = min(last_second, start + int(expected_file_rows / rows_a_second))
    file_rows = 0
    for file in sorted(files, key=lambda file: file.first_second):
        if file.last_second < start:
            continue
        file_rows += file.row_count
        if file_rows > WINDOW_FILE_ROWS and file.first_second > start:
            return max(start, min(last_second, file.first_second - 1))
    return max(start, last_second)
