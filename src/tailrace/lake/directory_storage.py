"""A table in a directory: files are synced, and the entries of directories that name them."""

from __future__ import annotations

import re
from contextlib import nullcontext
from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tailrace.durability import make_directory, sync_path
from tailrace.lake.table_storage import LOG_DIRECTORY, TABLE_NAME, entry_name, is_data_name

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.table_storage import Answer, Item

#: The Delta writer stages every file under its name, `#` and a number.
_STAGED = re.compile(r".+#\d+")


@dataclass(frozen=True, slots=True)
class LakeDirectory:
    """The tables of a home below the directory `path`, which is absolute."""

    path: Path

    def table(self, subscription_id: SubscriptionId) -> DirectoryStorage:
        return DirectoryStorage(self.path / str(subscription_id) / TABLE_NAME)

    def claim(self) -> None:
        """Nothing: a directory within the home can be no other home's."""

    def is_claimed(self) -> bool:
        return True

    def check(self) -> None:
        """Nothing: what is in the home answers if the home does."""


@dataclass(frozen=True, slots=True)
class DirectoryStorage:
    """A table whose files are in the directory `path`, which is absolute."""

    path: Path

    @property
    def location(self) -> str:
        return str(self.path)

    @property
    def delta_options(self) -> None:
        """Nothing."""

    def refusals_told(self) -> AbstractContextManager[None]:
        # What a disk refuses is an OSError, and stays one.
        return nullcontext()

    def persistently(self, ask: Callable[[], Answer]) -> Answer:
        return ask()

    def asked_of_each(self, ask: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        return [ask(item) for item in items]

    def prepare(self) -> None:
        make_directory(self.path.parent)

    def make_log(self) -> None:
        make_directory(self.path / LOG_DIRECTORY)

    def has_log(self) -> bool:
        return (self.path / LOG_DIRECTORY).is_dir()

    def is_current(self, version: int) -> bool:
        return (self.path / entry_name(version)).exists() and not (
            self.path / entry_name(version + 1)
        ).exists()

    def scan(self, paths: Iterable[str]) -> pl.LazyFrame:
        return pl.scan_parquet(list(paths), glob=False, hive_partitioning=False)

    def notes(self, path: str) -> dict[str, str]:
        return pl.read_parquet_metadata(path)

    def write(self, name: str, content: memoryview) -> None:
        path = self.path / name
        make_directory(path.parent)
        try:
            path.write_bytes(content)
        except OSError:
            path.unlink(missing_ok=True)
            raise

    def sync(self, names: Iterable[str]) -> None:
        paths = [self.path / name for name in names]
        for path in paths:
            sync_path(path)
        for directory in {path.parent for path in paths}:
            sync_path(directory)

    def delete(self, names: Iterable[str]) -> None:
        for name in names:
            (self.path / name).unlink(missing_ok=True)

    def sizes(self, names: Iterable[str]) -> dict[str, int]:
        paths = {name: self.path / name for name in names}
        return {name: path.stat().st_size for name, path in paths.items() if path.is_file()}

    def data_names(self) -> list[str]:
        names = (self._name(path) for path in self.path.glob("*/*.parquet"))
        return [name for name in names if is_data_name(name)]

    def staged_names(self) -> list[str]:
        return [self._name(path) for path in self.path.rglob("*#*") if _STAGED.fullmatch(path.name)]

    def changed_at(self, name: str) -> float:
        return (self.path / name).stat().st_mtime

    def log_names(self) -> list[str]:
        paths = (self.path / LOG_DIRECTORY).rglob("*")
        return [self._name(path) for path in paths if path.is_file()]

    def read(self, name: str) -> bytes:
        return (self.path / name).read_bytes()

    def sync_log(self, first: int) -> None:
        log = self.path / LOG_DIRECTORY
        version = first
        while version == first or (log / f"{version:020}.json").exists():
            for ending in ("json", "checkpoint.parquet"):
                if (log / f"{version:020}.{ending}").exists():
                    sync_path(log / f"{version:020}.{ending}")
            version += 1
        if (log / "_last_checkpoint").exists():
            sync_path(log / "_last_checkpoint")
        sync_path(log)

    def sync_whole_log(self) -> None:
        log = self.path / LOG_DIRECTORY
        for path in (
            *log.glob("*.json"),
            *log.glob("*.parquet"),
            *log.glob("_last_checkpoint"),
            log,
        ):
            sync_path(path)

    def _name(self, path: Path) -> str:
        return path.relative_to(self.path).as_posix()
