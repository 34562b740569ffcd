"""Pages out of a lake: cut from windows of some thousand rows, of which the latest are kept.

Theory of operation: a data file is sorted by type, then date, and is read in row groups, so the
few hundred rows of a page cost nearly as much as the thousands around them. A window is good for
as long as the same files cover its time: files never change, and those that a commit brings are
known by their names. What is read for one page is bounded: one that finds little ends early.
"""

from __future__ import annotations

import itertools
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tailrace.activities.lake_window import read_window
from tailrace.domain.activity_paging import ActivityPosition
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.activities.lake_window import TimedFile, Window
    from tailrace.domain.activity_paging import ActivitySelection
    from tailrace.lake.table_storage import TableStorage

#: Rows that a window is meant to have: where a reader begins, and where one goes on.
FIRST_WINDOW_ROWS = 1_000
LATER_WINDOW_ROWS = 6_000

#: Rows of the files that are touched for one page.
PAGE_FILE_ROWS = 2_000_000

#: Bytes of rows that are kept, and windows.
CACHE_BYTES = 64 * 1024 * 1024
CACHE_WINDOWS = 256

#: Windows read at once: each uses all cores, and takes memory.
READERS = 2

#: Which part of the rows of a file is wanted, before it is known.
_FIRST_SHARE = 0.05

_NO_ROWS = pl.DataFrame(schema=ACTIVITY_SCHEMA)


@dataclass(frozen=True, slots=True)
class LakePart:
    """The first wanted rows behind a position, and how far was looked for them."""

    rows: pl.DataFrame
    #: None where nothing is left to look through.
    looked_to: ActivityPosition | None


@dataclass(frozen=True, slots=True)
class _KeptWindow:
    wanted: ActivitySelection
    window: Window
    size_bytes: int


class LakeWindows:
    """Reads pages of the lakes of a home."""

    def __init__(self) -> None:
        self._readers = threading.Semaphore(READERS)
        self._lock = threading.Lock()
        #: By numbers of their own; the one that was used last stands last.
        self._windows: OrderedDict[int, _KeptWindow] = OrderedDict()
        self._numbers = itertools.count()
        self._shares: OrderedDict[ActivitySelection, float] = OrderedDict()

    def read(
        self,
        storage: TableStorage,
        files: Sequence[TimedFile],
        wanted: ActivitySelection,
        after: ActivityPosition,
        *,
        last_second: int,
        limit: int,
    ) -> LakePart:
        """The first `limit` wanted rows behind `after` that are not later than `last_second`."""
        parts = [_NO_ROWS]
        position, missing, file_rows = after, limit, 0
        while missing > 0 and file_rows < PAGE_FILE_ROWS:
            left = [file for file in files if file.last_second >= position.second]
            first_second = min((file.first_second for file in left), default=last_second + 1)
            if first_second > last_second:
                return LakePart(pl.concat(parts), looked_to=None)
            position = max(position, ActivityPosition(first_second, 0))
            window, is_fresh = self._window(storage, left, wanted, position)
            rows, is_end = window.behind(position, missing, last_second=last_second)
            parts.append(rows)
            if is_end:
                return LakePart(pl.concat(parts), looked_to=None)
            missing -= rows.height
            file_rows += window.file_rows if is_fresh else 0
            position = window.end
        return LakePart(pl.concat(parts), looked_to=position)

    def _window(
        self,
        storage: TableStorage,
        files: Sequence[TimedFile],
        wanted: ActivitySelection,
        position: ActivityPosition,
    ) -> tuple[Window, bool]:
        """A window around the position, and whether it was read for this call."""
        window = self._kept(files, wanted, position)
        if window is not None:
            return window, False
        with self._readers:
            # Somebody may have read it meanwhile.
            window = self._kept(files, wanted, position)
            if window is not None:
                return window, False
            window = read_window(
                storage,
                files,
                wanted,
                position,
                expected_file_rows=self._file_rows(wanted, position),
            )
        self._keep(wanted, window)
        return window, True

    def _file_rows(self, wanted: ActivitySelection, position: ActivityPosition) -> float:
        """How many rows to look through: more where a reader goes on than where one begins."""
        with self._lock:
            is_begun = any(
                kept.window.end == position and kept.wanted == wanted
                for kept in self._windows.values()
            )
            rows = LATER_WINDOW_ROWS if is_begun else FIRST_WINDOW_ROWS
            return rows / self._shares.get(wanted, _FIRST_SHARE)

    def _kept(
        self, files: Sequence[TimedFile], wanted: ActivitySelection, position: ActivityPosition
    ) -> Window | None:
        with self._lock:
            for number, kept in reversed(self._windows.items()):
                if kept.wanted == wanted and kept.window.serves(position, files):
                    self._windows.move_to_end(number)
                    return kept.window
        return None

    def _keep(self, wanted: ActivitySelection, window: Window) -> None:
        size_bytes = int(window.rows.estimated_size())
        with self._lock:
            self._windows[next(self._numbers)] = _KeptWindow(wanted, window, size_bytes)
            kept_bytes = sum(kept.size_bytes for kept in self._windows.values())
            while kept_bytes > CACHE_BYTES or len(self._windows) > CACHE_WINDOWS:
                _, forgotten = self._windows.popitem(last=False)
                kept_bytes -= forgotten.size_bytes
            self._shares[wanted] = window.share
            self._shares.move_to_end(wanted)
            if len(self._shares) > CACHE_WINDOWS:
                self._shares.popitem(last=False)
