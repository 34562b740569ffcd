"""Which files of a lake are worth rewriting: many small ones of a day, and those on top of each other.

Theory of operation: every settling and every load leaves a file for each day it touches. A reader
pays for each file, and must read files together whose times overlap. So the small files of a day
are merged once there are many of them, or once the day has come to rest; files that are no longer
small are rewritten only where several lie on top of each other. A row is rewritten some times while
its file is small, and hardly ever again.
"""

from __future__ import annotations

from datetime import timedelta
from itertools import groupby
from typing import TYPE_CHECKING

from tailrace.lake.data_file import noted_size
from tailrace.lake.time_slices import FILE_BYTES, FILE_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from datetime import date, datetime

    from tailrace.lake.snapshot import DataFile, LakeSnapshot
    from tailrace.lake.table_storage import TableStorage

#: A file that is less than this part full is small.
_SMALL_SHARE = 0.5

#: A day may have fewer small files than this, as long as it is being added to.
MANY_SMALL_FILES = 16

#: A day to which nothing was added for so long has come to rest.
REST = timedelta(hours=1)

#: Files that are rewritten in one go: each is read for each that is written.
MOST_FILES = 64

#: So many files over the same time are rewritten side by side.
MANY_LAYERS = 4


def due(snapshot: LakeSnapshot, now: datetime) -> Iterator[tuple[DataFile, ...]]:
    """Sets of a day's files that are to become fewer, or to lie side by side; no file is in two.

    Files whose writer gave no statistics, and files by other writers than us, are left alone.
    """
    dated = [file for file in snapshot.files if _day(file) is not None]
    dated.sort(key=lambda file: (str(_day(file)), file.path))
    for _, of_day in groupby(dated, key=_day):
        yield from _due_of_day(snapshot.storage, tuple(of_day), now)


def _due_of_day(
    storage: TableStorage, files: Sequence[DataFile], now: datetime
) -> Iterator[tuple[DataFile, ...]]:
    small = tuple(file for file in files if _is_small(storage, file))
    if len(small) > 1 and (len(small) >= MANY_SMALL_FILES or _is_at_rest(small, now)):
        yield from _few_at_a_time(small)
    large = set(files).difference(small)
    for crowd in _crowds(large):
        # Few files get this far, so few footers are read.
        for ours in _crowds(file for file in crowd if _share(storage, file) is not None):
            yield from _few_at_a_time(ours)


def _few_at_a_time(files: Sequence[DataFile]) -> Iterator[tuple[DataFile, ...]]:
    """Neighbours in time together. What is left over the same time is merged by the next round."""
    ordered = sorted(files, key=_begin)
    for start in range(0, len(ordered), MOST_FILES):
        some = tuple(ordered[start : start + MOST_FILES])
        if len(some) > 1:
            yield some


def _day(file: DataFile) -> date | None:
    """The day that all its rows are of; None if that is not known."""
    first, last = file.first_date, file.last_date
    if first is None or last is None or first.date() != last.date() or not file.row_count:
        return None
    return first.date()


def _begin(file: DataFile) -> tuple[str, str, str]:
    return str(file.first_date), str(file.last_date), file.path


def _is_small(storage: TableStorage, file: DataFile) -> bool:
    # Only then need its footer be read.
    if (file.row_count or 0) >= FILE_ROWS * _SMALL_SHARE:
        return False
    share = _share(storage, file)
    return share is not None and share < _SMALL_SHARE


def _share(storage: TableStorage, file: DataFile) -> float | None:
    """How full the file is, by rows or by bytes; None if we did not write it."""
    size = noted_size(storage, file.path)
    if size is None:
        return None
    return max((file.row_count or 0) / FILE_ROWS, size.total_bytes / FILE_BYTES)


def _is_at_rest(files: Iterable[DataFile], now: datetime) -> bool:
    return max(file.written_at for file in files) < now - REST


def _crowds(files: Iterable[DataFile]) -> Iterator[list[DataFile]]:
    """Groups of files of which many lie over the same time, with all that touch them.

    Files that share no more than a second at their ends do not touch: a second that fills a file is
    cut into several, and they are as good as they get.
    """
    crowd: list[DataFile] = []
    layers: list[datetime] = []
    most_layers = 0
    for file in sorted(files, key=_begin):
        if file.first_date is None or file.last_date is None or file.first_date == file.last_date:
            continue
        first = file.first_date
        layers = [end for end in layers if end > first]
        if not layers:
            if most_layers >= MANY_LAYERS:
                yield crowd
            crowd, most_layers = [], 0
        crowd.append(file)
        layers.append(file.last_date)
        most_layers = max(most_layers, len(layers))
    if most_layers >= MANY_LAYERS:
        yield crowd
