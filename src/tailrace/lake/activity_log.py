"""The activity log of one subscription: append, look up, pin.

Theory of operation of append: data files are written under names of their own, synced, and then
named by one Delta log entry, whose appearance is the commit; the entry is synced before append
returns. A process killed before the entry leaves files that no version names (swept an hour
later), killed after it the rows are there: never some of them. One lock orders all writers of
the home. The Delta handle is opened anew each time, under the lock for writing: a stale one sees
neither the files nor the transactions of others, and slows down with every commit.
"""

from __future__ import annotations

from contextlib import contextmanager
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
from deltalake import CommitProperties, DeltaTable, Transaction
from deltalake.exceptions import DeltaError, TableNotFoundError
from deltalake.transaction import PostCommitHookProperties, RemoveAction

from tailrace.crash_points import reach
from tailrace.domain.errors import HomeError
from tailrace.durability import make_directory, sync_path
from tailrace.lake.activity_rows import (
    DAY_COLUMN,
    STATISTICS_COLUMNS,
    canonical_rows,
    delta_schema,
)
from tailrace.lake.data_file import delete_data_files, sync_data_files, write_data_file
from tailrace.lake.orphans import LOG_DIRECTORY, orphans
from tailrace.lake.snapshot import SETTLING_APPLICATION, snapshot_of
from tailrace.lake.table_lock import TableLock
from tailrace.lake.time_slices import time_slices
from tailrace.lake.tombstones import tombstones

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence
    from datetime import datetime

    from deltalake.transaction import AddAction

    from tailrace.lake.snapshot import DataFile, LakeSnapshot

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
    """The Delta table in directory `path`, made on first use."""

    def __init__(self, path: Path) -> None:
        self._path = path.absolute()
        # Beside the table, not in it: what is in the directory belongs to the Delta format.
        self._lock = TableLock(path.with_name(f"{path.name}.lock"))

    @property
    def path(self) -> Path:
        """The directory of the table."""
        return self._path

    @contextmanager
    def exclusive(self) -> Generator[None]:
        """Keeps other writers out, so that what a look-up said still holds when rows are appended."""
        make_directory(self._path.parent)
        with self._lock.held():
            yield

    def append(self, rows: pl.DataFrame, *, settled_to: int | None = None) -> int:
        """Adds rows with the columns of ACTIVITY_SCHEMA, in any order, in one commit: all or none.

        With `settled_to` the same commit says that all hot activities up to that GUID are in the
        log. Returns how many, after they are on the disk. Raises TypeError and ValueError as
        `canonical_rows` does, and OSError when the disk takes no more. Whether the log already
        holds a GUID is the caller's to ask, inside `exclusive`.
        """
        straight = canonical_rows(rows)
        if straight.is_empty():
            return 0
        with self.exclusive():
            table = self._open()
            actions = self._write_files(straight)
            self._commit(table, actions, _settling(settled_to), "append.committed")
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
        with self.exclusive():
            table = self._open()
            current = {file.path for file in snapshot_of(table, self._path).files}
            # The new ones were swept if writing them took as long as that.
            if not all((self._path / action.path).exists() for action in actions):
                return False
            if not current.issuperset(file.path for file in files):
                return False
            # Another writer's commit may have come first, which our lock does not keep out.
            once = CommitProperties(max_commit_retries=0)
            self._commit(table, [*actions, *removals], once, "compact.committed")
        reach("compact.acknowledged")
        return True

    def contains(self, guids: pl.Series) -> pl.Series:
        """Those of the GUIDs that activities in the log have, each once."""
        wanted = guids.cast(pl.Int64).drop_nulls().alias("marketoGUID")
        if wanted.is_empty():
            return wanted
        least, largest = int(wanted.min()), int(wanted.max())  # type: ignore[arg-type]
        paths = [f.path for f in self.snapshot().files if _may_hold(f, least, largest)]
        found = [
            _guids_among(paths[start : start + _LOOK_UP_FILES], wanted, least, largest)
            for start in range(0, len(paths), _LOOK_UP_FILES)
        ]
        return pl.concat([wanted.clear(), *found])

    def snapshot(self) -> LakeSnapshot:
        """The current version: its files stay readable whatever is appended later.

        Raises HomeError, as every method does, if the log of the table is damaged.
        """
        return snapshot_of(self._open(), self._path)

    def is_current(self, version: int) -> bool:
        """Whether this is the newest version, as far as a look at the names of log entries tells.

        False as well once the entry of the version itself was cleaned away.
        """
        log = self._path / LOG_DIRECTORY
        return (log / f"{version:020}.json").exists() and not (
            log / f"{version + 1:020}.json"
        ).exists()

    def settled_to(self) -> int:
        """The GUID up to which all hot activities are in the log; 0 before the first settling."""
        return self._open().transaction_version(SETTLING_APPLICATION) or 0

    def confirm(self) -> None:
        """Waits until every entry of the log is on the disk: who wrote one may have died too soon."""
        log = self._path / LOG_DIRECTORY
        for path in (
            *log.glob("*.json"),
            *log.glob("*.parquet"),
            *log.glob("_last_checkpoint"),
            log,
        ):
            sync_path(path)

    def largest_guid(self) -> int:
        """The largest GUID in the log, 0 when it is empty."""
        files = self.snapshot().files
        unknown = [file.path for file in files if file.largest_guid is None and file.row_count != 0]
        known = [file.largest_guid for file in files if file.largest_guid is not None]
        if unknown:
            known.append(_scan(unknown).select(pl.col("marketoGUID").max()).collect().item() or 0)
        return max(known, default=0)

    def count_by_type(self) -> dict[int, int]:
        """Number of activities of each type that the log has any of."""
        paths = [file.path for file in self.snapshot().files]
        if not paths:
            return {}
        counts = _scan(paths).group_by("activityTypeId").len().sort("activityTypeId").collect()
        return dict(counts.iter_rows())

    def sweep(self, now: datetime, *, read_since: datetime | None = None) -> list[Path]:
        """Deletes the files that nobody needs, and returns them; and old entries of the Delta log.

        Those are files over an hour old that no version names, and files that were replaced over
        a day ago. Nothing goes as long as an export is under way that began to read, at
        `read_since`, before that.
        """
        replaced_before = now - REPLACED_FILE_RETENTION
        if read_since is not None and read_since < replaced_before:
            return []
        with self.exclusive():
            files = self.snapshot().files
            current = {str(Path(file.path).relative_to(self._path)) for file in files}
            replaced = tombstones(self._path)
            named = {*current, *replaced}
            found = orphans(self._path, named, (now - ORPHAN_AGE).timestamp())
            for name, replaced_at in replaced.items():
                if name not in current and replaced_at < replaced_before:
                    found += [path for path in (self._path / name,) if path.exists()]
            for path in found:
                path.unlink(missing_ok=True)
            self.confirm()
            self._open().cleanup_metadata()
        return found

    def _open(self) -> DeltaTable:
        try:
            return self._existing() or self._created()
        except DeltaError as error:
            raise HomeError(f"The activity log in {self._path} cannot be read: {error}") from error

    def _existing(self) -> DeltaTable | None:
        try:
            return DeltaTable(self._path)
        except TableNotFoundError:
            return None

    def _created(self) -> DeltaTable:
        with self.exclusive():
            make_directory(self._path / LOG_DIRECTORY)
            DeltaTable.create(
                self._path,
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
            self._sync_log(0)
        return DeltaTable(self._path)

    def _write_files(self, rows: pl.DataFrame) -> list[AddAction]:
        actions: list[AddAction] = []
        try:
            for piece in time_slices(rows):
                actions.append(write_data_file(self._path, piece))
                reach("append.file_written")
            sync_data_files(self._path, actions)
        except BaseException:
            delete_data_files(self._path, actions)
            raise
        reach("append.files_synced")
        return actions

    def _removal(self, file: DataFile, now: datetime) -> RemoveAction:
        path = Path(file.path).relative_to(self._path)
        return RemoveAction(
            str(path),
            data_change=False,
            deletion_timestamp=int(now.timestamp() * 1000),
            size=file.size_bytes,
            partition_values={DAY_COLUMN: path.parent.name.removeprefix(f"{DAY_COLUMN}=")},
        )

    def _commit(
        self,
        table: DeltaTable,
        actions: Sequence[AddAction | RemoveAction],
        properties: CommitProperties,
        point: str,
    ) -> None:
        # Whoever wrote the newest entry may have died before it synced it.
        self._sync_log(table.version())
        # If this raises, the entry may be there or not: the files stay, and are swept if unnamed.
        table.create_write_transaction(
            [*actions],
            mode="append",
            schema=delta_schema(),
            partition_by=[DAY_COLUMN],
            commit_properties=properties,
            # It would delete old entries before the checkpoint that replaces them is on the disk.
            post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        )
        reach(point)
        # The handle still has the version that it was opened at: what is new comes after it.
        self._sync_log(table.version())

    def _sync_log(self, first: int) -> None:
        """The entries of version `first` and of all after it, and what was made along with them."""
        log = self._path / LOG_DIRECTORY
        version = first
        while version == first or (log / f"{version:020}.json").exists():
            for ending in ("json", "checkpoint.parquet"):
                if (log / f"{version:020}.{ending}").exists():
                    sync_path(log / f"{version:020}.{ending}")
            version += 1
        if (log / "_last_checkpoint").exists():
            sync_path(log / "_last_checkpoint")
        sync_path(log)


def _settling(settled_to: int | None) -> CommitProperties:
    if settled_to is None:
        return CommitProperties()
    return CommitProperties(
        app_transactions=[Transaction(SETTLING_APPLICATION, version=settled_to)]
    )


def _scan(paths: Sequence[str]) -> pl.LazyFrame:
    return pl.scan_parquet(list(paths), glob=False, hive_partitioning=False)


def _may_hold(file: DataFile, least: int, largest: int) -> bool:
    if file.least_guid is None or file.largest_guid is None:
        return True
    return file.least_guid <= largest and least <= file.largest_guid


def _guids_among(paths: Sequence[str], wanted: pl.Series, least: int, largest: int) -> pl.Series:
    guid = pl.col("marketoGUID")
    there = _scan(paths).select(guid).filter(guid.is_between(least, largest))
    return there.join(wanted.to_frame().lazy(), on="marketoGUID", how="semi").collect().to_series()
