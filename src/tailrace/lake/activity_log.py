"""The activity log of one subscription: append, look up, pin.

Theory of operation of append: data files are written under names of their own, synced, and then
named by one Delta log entry, whose appearance is the commit; the entry is synced before append
returns. A process killed before the entry leaves files that no version names (swept an hour
later), killed after it the rows are there: never some of them. One lock orders all writers of
the home; if it fails them, one of two commits at once is refused (`lake.commits`). Where files are
kept, on a disk or on object storage, is `lake.table_storage`. The Delta handle is opened anew each time, under the lock for writing: a stale one sees
neither the files nor the transactions of others, and slows down with every commit.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from functools import partial
from typing import TYPE_CHECKING

import polars as pl
from deltalake import DeltaTable, Transaction
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import RemoveAction

from tailrace.crash_points import reach
from tailrace.domain.errors import HomeError, LakeUnavailableError
from tailrace.lake.activity_rows import (
    DAY_COLUMN,
    STATISTICS_COLUMNS,
    canonical_rows,
    delta_schema,
)
from tailrace.lake.commits import Commit
from tailrace.lake.data_file import delete_data_files, sync_data_files, write_data_file
from tailrace.lake.directory_storage import DirectoryStorage
from tailrace.lake.orphans import orphans
from tailrace.lake.snapshot import SETTLING_APPLICATION, snapshot_of
from tailrace.lake.table_lock import TableLock, locked_file
from tailrace.lake.table_storage import name_of, path_of
from tailrace.lake.time_slices import time_slices
from tailrace.lake.tombstones import tombstones

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence
    from datetime import datetime
    from pathlib import Path

    from deltalake.transaction import AddAction

    from tailrace.lake.snapshot import DataFile, LakeSnapshot
    from tailrace.lake.table_storage import TableStorage

#: Opening a table reads the log since the last checkpoint.
_CHECKPOINT_INTERVAL = 10

#: No append takes this long, so a file without a name at this age will never get one.
ORPHAN_AGE = timedelta(hours=1)

#: How long a file that others replaced stays for readers of earlier versions, exports aside.
REPLACED_FILE_RETENTION = timedelta(days=1)

#: With a commit a minute, the thirty days that are usual would leave gigabytes of log behind.
_LOG_RETENTION = "interval 1 days"

#: The log names a replaced file for longer than it stays, or it would be taken for an orphan.
_TOMBSTONE_RETENTION = "interval 2 days"

#: Files read at once by a look-up of GUIDs: bounds its memory.
_LOOK_UP_FILES = 32


class ActivityLog:
    """The Delta table that `storage` keeps, made on first use; `lock` orders its writers."""

    def __init__(self, storage: TableStorage, lock: TableLock) -> None:
        self.storage = storage
        self._lock = lock

    @classmethod
    def in_directory(cls, path: Path) -> ActivityLog:
        """The table in a directory, and the lock beside it."""
        path = path.absolute()
        # Not in it: what is in the directory belongs to the Delta format.
        lock = TableLock(partial(locked_file, path.with_name(f"{path.name}.lock")))
        return cls(DirectoryStorage(path), lock)

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Keeps other writers out, so that what a look-up said still holds when rows are appended."""
        self.storage.prepare()
        with self._lock.held():
            yield

    def append(
        self, rows: pl.DataFrame, *, settled_to: int | None = None, settled_from: int | None = None
    ) -> int:
        """Adds rows with the columns of ACTIVITY_SCHEMA, in any order, in one commit: all or none.

        With `settled_to` the same commit says that all hot activities up to that GUID are in the
        log, of which those up to `settled_from` were there before: if not, nothing is appended.
        Returns how many, after they are durable. Raises TypeError and ValueError as
        `canonical_rows` does, OSError when the disk takes no more, LakeUnavailableError when
        object storage does not. Whether the log already holds a GUID is the caller's to ask,
        inside `exclusive`.
        """
        straight = canonical_rows(rows)
        if straight.is_empty():
            return 0
        with self.exclusive(), self.storage.refusals_told():
            actions = self._write_files(straight)
            commit = Commit(actions, "append.committed", _settling(settled_to))
            if not self._made(commit, lambda table: _is_settled_to(table, settled_from)):
                delete_data_files(self.storage, actions)
                raise LakeUnavailableError("another process has settled meanwhile")
        reach("append.acknowledged")
        return straight.height

    def replace(
        self, files: Sequence[DataFile], actions: Sequence[AddAction], now: datetime
    ) -> bool:
        """Puts new files in the place of `files`, whose rows they hold, in one commit.

        False, with nothing done, unless all of them are there still. The replaced ones stay on
        disk for readers of earlier versions, see `sweep`.
        """
        removals = [self._removal(file, now) for file in files]
        replaced = {file.path for file in files}

        def are_there(table: DeltaTable) -> bool:
            return replaced <= {file.path for file in snapshot_of(table, self.storage).files}

        with self.exclusive(), self.storage.refusals_told():
            # The new ones were swept if writing them took as long as that.
            if len(self.storage.sizes(action.path for action in actions)) < len(actions):
                return False
            # Another writer's commit may have come first, which our lock does not keep out.
            if not self._made(Commit([*actions, *removals], "compact.committed"), are_there):
                return False
        reach("compact.acknowledged")
        return True

    def contains(self, guids: pl.Series) -> pl.Series:
        """Those of the GUIDs that activities in the log have, each once."""
        wanted = guids.cast(pl.Int64).drop_nulls().alias("marketoGUID")
        if wanted.is_empty():
            return wanted
        least, largest = int(wanted.min()), int(wanted.max())  # type: ignore[arg-type]
        paths = [f.path for f in self.snapshot().files if _may_hold(f, least, largest)]
        with self.storage.refusals_told():
            found = [
                self._guids_among(paths[start : start + _LOOK_UP_FILES], wanted, least, largest)
                for start in range(0, len(paths), _LOOK_UP_FILES)
            ]
        return pl.concat([wanted.clear(), *found])

    def snapshot(self) -> LakeSnapshot:
        """The current version: its files stay readable whatever is appended later.

        Raises HomeError, as every method does, if the log of the table is damaged, and
        LakeUnavailableError if object storage does not answer.
        """
        return snapshot_of(self._open(), self.storage)

    def is_made(self) -> bool:
        """Whether there is a table; none is made by asking."""
        with self.storage.refusals_told():
            return self.storage.has_log()

    def is_current(self, version: int) -> bool:
        """Whether this is the newest version, as far as a look at the names of log entries tells.

        False as well once the entry of the version itself was cleaned away.
        """
        with self.storage.refusals_told():
            return self.storage.is_current(version)

    def settled_to(self) -> int:
        """The GUID up to which all hot activities are in the log; 0 before the first settling."""
        return self._open().transaction_version(SETTLING_APPLICATION) or 0

    def confirm(self) -> None:
        """Waits until every entry of the log is on the disk: who wrote one may have died too soon."""
        self.storage.sync_whole_log()

    def largest_guid(self) -> int:
        """The largest GUID in the log, 0 when it is empty."""
        files = self.snapshot().files
        unknown = [file.path for file in files if file.largest_guid is None and file.row_count != 0]
        known = [file.largest_guid for file in files if file.largest_guid is not None]
        if unknown:
            largest = self.storage.scan(unknown).select(pl.col("marketoGUID").max())
            with self.storage.refusals_told():
                known.append(largest.collect().item() or 0)
        return max(known, default=0)

    def count_by_type(self) -> dict[int, int]:
        """Number of activities of each type that the log has any of."""
        paths = [file.path for file in self.snapshot().files]
        if not paths:
            return {}
        counts = self.storage.scan(paths).group_by("activityTypeId").len().sort("activityTypeId")
        with self.storage.refusals_told():
            return dict(counts.collect().iter_rows())

    def sweep(self, now: datetime, *, read_since: datetime | None = None) -> list[str]:
        """Deletes the files that nobody needs, and returns them; and old entries of the Delta log.

        Those are files over an hour old that no version names, and files that were replaced over
        a day ago. Nothing goes as long as an export is under way that began to read, at
        `read_since`, before that.
        """
        replaced_before = now - REPLACED_FILE_RETENTION
        if read_since is not None and read_since < replaced_before:
            return []
        with self.exclusive(), self.storage.refusals_told():
            current = {name_of(self.storage, file.path) for file in self.snapshot().files}
            replaced = tombstones(self.storage)
            named = {*current, *replaced}
            found = orphans(self.storage, named, (now - ORPHAN_AGE).timestamp())
            found += self.storage.sizes(
                name
                for name, replaced_at in replaced.items()
                if name not in current and replaced_at < replaced_before
            )
            self.storage.delete(found)
            self.confirm()
            self._open().cleanup_metadata()
        return [path_of(self.storage, name) for name in found]

    def _open(self) -> DeltaTable:
        try:
            with self.storage.refusals_told():
                return self.storage.persistently(self._existing) or self._created()
        except DeltaError as error:
            raise HomeError(
                f"The activity log in {self.storage.location} cannot be read: {error}"
            ) from error

    def _existing(self) -> DeltaTable | None:
        try:
            return DeltaTable(self.storage.location, storage_options=self.storage.delta_options)
        except TableNotFoundError:
            return None

    def _created(self) -> DeltaTable:
        with self.exclusive():
            self.storage.make_log()
            DeltaTable.create(
                self.storage.location,
                storage_options=self.storage.delta_options,
                schema=delta_schema(),
                mode="ignore",
                partition_by=[DAY_COLUMN],
                configuration={
                    "delta.checkpointInterval": str(_CHECKPOINT_INTERVAL),
                    "delta.dataSkippingStatsColumns": ",".join(STATISTICS_COLUMNS),
                    "delta.logRetentionDuration": _LOG_RETENTION,
                    "delta.deletedFileRetentionDuration": _TOMBSTONE_RETENTION,
                },
            )
            self.storage.sync_log(0)
        return DeltaTable(self.storage.location, storage_options=self.storage.delta_options)

    def _write_files(self, rows: pl.DataFrame) -> list[AddAction]:
        actions: list[AddAction] = []
        try:
            for piece in time_slices(rows):
                actions.append(write_data_file(self.storage, piece))
                reach("append.file_written")
            sync_data_files(self.storage, actions)
        except BaseException:
            delete_data_files(self.storage, actions)
            raise
        reach("append.files_synced")
        return actions

    def _removal(self, file: DataFile, now: datetime) -> RemoveAction:
        name = name_of(self.storage, file.path)
        return RemoveAction(
            name,
            data_change=False,
            deletion_timestamp=int(now.timestamp() * 1000),
            size=file.size_bytes,
            partition_values={DAY_COLUMN: name.partition("/")[0].removeprefix(f"{DAY_COLUMN}=")},
        )

    def _made(self, commit: Commit, is_wanted: Callable[[DeltaTable], bool]) -> bool:
        return commit.make(self.storage, self._open, is_wanted)

    def _guids_among(
        self, paths: Sequence[str], wanted: pl.Series, least: int, largest: int
    ) -> pl.Series:
        guid = pl.col("marketoGUID")
        there = self.storage.scan(paths).select(guid).filter(guid.is_between(least, largest))
        return (
            there.join(wanted.to_frame().lazy(), on="marketoGUID", how="semi").collect().to_series()
        )


def _settling(settled_to: int | None) -> list[Transaction]:
    if settled_to is None:
        return []
    return [Transaction(SETTLING_APPLICATION, version=settled_to)]


def _is_settled_to(table: DeltaTable, guid: int | None) -> bool:
    return guid is None or (table.transaction_version(SETTLING_APPLICATION) or 0) == guid


def _may_hold(file: DataFile, least: int, largest: int) -> bool:
    if file.least_guid is None or file.largest_guid is None:
        return True
    return file.least_guid <= largest and least <= file.largest_guid
