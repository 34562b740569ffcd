"""A backup: a copy of a home that is consistent although the home is being served meanwhile.

Theory of operation: hot activities leave the database for the lake, so the two must be of one
moment. While the locks of all lakes are held, which keeps settling and loading waiting, the
moment of the database is fixed by a read transaction and the logs of the lakes are copied, which
are small; so nothing is in neither and nothing in both. Everything else is done with the locks
free: the database is copied out of its transaction, data files never change, and those that are
replaced stay for a day. Result files never change either; one whose retention ended in between is
marked as gone in the copy. Uploads are copied before the moment, and those that came until then
after it. The whole is made beside the target and renamed: it is there whole, or not at all.
"""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tailrace import __version__
from tailrace.crash_points import reach
from tailrace.domain.errors import HomeError
from tailrace.durability import sync_path
from tailrace.lake.copying import copy_log
from tailrace.operation.copied_files import CopiedFile, copy_file, described, sync_tree
from tailrace.operation.manifest import FORMAT, Manifest, write_manifest
from tailrace.store.copying import frozen, leave_no_journal, mark_deleted_files, unfinished_imports
from tailrace.store.database import Database
from tailrace.store.jobs import files_in_use
from tailrace.store.migrations import HEAD_REVISION

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog

KEY_NAME = "key"

#: Kept as they are: nothing names what is in there.
_LOOSE_DIRECTORIES = ("rejects",)


@dataclass(frozen=True, slots=True)
class BackupSource:
    """A home that is open, as far as a backup needs it."""

    home: Path
    database: Database
    subscription_ids: list[SubscriptionId]
    activity_log: Callable[[SubscriptionId], ActivityLog]
    clock: Callable[[], datetime]
    #: Whether result files are in the home; elsewhere they are left where they are.
    has_files: bool = True
    #: Whether the lake is in the home.
    has_lake: bool = True


@dataclass(frozen=True, slots=True)
class CopyReport:
    file_count: int
    size_bytes: int


def back_up(source: BackupSource, target: Path) -> CopyReport:
    """Make `target`, which must not exist, a backup of the home.

    Raises HomeError where that cannot be, OSError when the disk takes no more; then there is no
    target.
    """
    if source.database.path is None:
        raise HomeError(
            "The store of this home is a PostgreSQL database, which pg_dump backs up: stop the"
            " servers, dump it, and copy the home."
        )
    if not source.has_lake:
        raise HomeError(
            "The lake of this home is on object storage, and a copy of the home without it would be"
            " none: stop the servers, copy the home, and copy the place of the lake."
        )
    if target.exists():
        raise HomeError(f"'{target}' exists already.")
    if target.resolve().is_relative_to(source.home.resolve()):
        raise HomeError(f"'{target}' is within the home: a backup belongs elsewhere.")
    partial = target.with_name(f".{target.name}.part")
    # What an earlier one left that was killed.
    shutil.rmtree(partial, ignore_errors=True)
    partial.mkdir(mode=0o700, parents=True)
    try:
        report = _Backup(source, source.database.path, partial).make()
        reach("backup.before_rename")
        partial.rename(target)
        sync_path(target.parent)
    except BaseException:
        shutil.rmtree(partial, ignore_errors=True)
        raise
    return report


class _Backup:
    """One backup under way in a directory of its own."""

    def __init__(self, source: BackupSource, database: Path, target: Path) -> None:
        self._source = source
        self._database = database
        self._target = target
        self._files: dict[str, CopiedFile] = {}

    def make(self) -> CopyReport:
        taken_at = self._source.clock()
        self._copy(KEY_NAME)
        self._copy_uploads()
        data_files = self._copy_moment()
        reach("backup.moment_copied")
        for path in data_files:
            self._copy(path)
        self._copy_what_the_database_names(taken_at)
        for name in _LOOSE_DIRECTORIES:
            self._copy_present(name)
        self._files[self._database.name] = described(self._target / self._database.name)
        manifest = Manifest(FORMAT, __version__, HEAD_REVISION, taken_at, self._files)
        write_manifest(self._target, manifest)
        sync_tree(self._target)
        sizes = [file.size_bytes for file in self._files.values()]
        return CopyReport(len(sizes), sum(sizes))

    def _copy_moment(self) -> list[str]:
        """Copy the database and the lakes' logs; returns the data files that belong to them."""
        logs = {one: self._source.activity_log(one) for one in self._source.subscription_ids}
        data_files: list[str] = []
        with ExitStack() as held:
            with ExitStack() as locks:
                for log in logs.values():
                    locks.enter_context(log.exclusive())
                moment = held.enter_context(frozen(self._database))
                for log in logs.values():
                    table = Path(log.storage.location).relative_to(self._source.home.absolute())
                    paths = copy_log(log, self._target / table)
                    data_files += [(table / path).as_posix() for path in paths]
                    self._describe_log(self._target / table)
            moment.copy_to(self._target / self._database.name)
        return data_files

    def _describe_log(self, table: Path) -> None:
        for path in table.rglob("*"):
            if path.is_file():
                self._files[path.relative_to(self._target).as_posix()] = described(path)

    def _copy_what_the_database_names(self, now: datetime) -> None:
        copy = Database(self._target / self._database.name)
        try:
            for subscription_id in self._source.subscription_ids:
                with copy.read() as connection:
                    results = files_in_use(connection, subscription_id)
                    uploads = unfinished_imports(connection, subscription_id)
                for number in uploads:
                    self._copy_missing(f"imports/{subscription_id}/{number}.upload")
                if not self._source.has_files:
                    continue
                gone = [
                    name
                    for name in sorted(results)
                    if not self._copy_if_there(f"files/{subscription_id}/{name}")
                ]
                with copy.write() as connection:
                    mark_deleted_files(connection, subscription_id, gone, now)
        finally:
            copy.close()
        leave_no_journal(self._target / self._database.name)

    def _copy_uploads(self) -> None:
        self._copy_present("imports", suffix=".upload")

    def _copy_present(self, name: str, suffix: str = "") -> None:
        for path in sorted((self._source.home / name).rglob(f"*{suffix}")):
            if path.is_file():
                self._copy_if_there(path.relative_to(self._source.home).as_posix())

    def _copy_missing(self, name: str) -> None:
        if name not in self._files and not self._copy_if_there(name):
            raise HomeError(f"'{name}' went while it was to be copied: start the backup again.")

    def _copy_if_there(self, name: str) -> bool:
        try:
            self._copy(name)
        except FileNotFoundError:
            (self._target / name).unlink(missing_ok=True)
            return False
        return True

    def _copy(self, name: str) -> None:
        self._files[name] = copy_file(self._source.home / name, self._target / name)
