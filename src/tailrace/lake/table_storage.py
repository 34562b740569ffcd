"""Where a table is kept, as those see it who write, read and sweep its files.

A name is a path within the table, with slashes; a path is that of a file for whoever reads Parquet:
the table's location and the name.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from contextlib import AbstractContextManager

    import polars as pl

Item = TypeVar("Item")
Answer = TypeVar("Answer")

#: The last part of every table's location.
TABLE_NAME = "activities"

#: The folder of a table that holds its log.
LOG_DIRECTORY = "_delta_log"


def entry_name(version: int) -> str:
    """Name of the entry of the log that makes a version."""
    return f"{LOG_DIRECTORY}/{version:020}.json"


def is_data_name(name: str) -> bool:
    """Whether it is the name of a data file, which lies in the folder of its partition."""
    folder, slash, last = name.partition("/")
    return bool(slash) and folder != LOG_DIRECTORY and "/" not in last and last.endswith(".parquet")


class TableStorage(Protocol):
    """The files of one table. A small value without secrets, that can be pickled and compared.

    A process that gets one by pickle reads credentials from its own environment. Methods raise
    OSError for what a disk does, and inside of `refusals_told` LakeUnavailableError for what
    object storage does.
    """

    @property
    def location(self) -> str:
        """What Delta and Polars call the table: an absolute path, or an address."""
        ...

    @property
    def delta_options(self) -> dict[str, str] | None:
        """What the Delta library is told besides."""
        ...

    def refusals_told(self) -> AbstractContextManager[None]:
        """Raise LakeUnavailableError for what object storage refuses within the block."""
        ...

    def persistently(self, ask: Callable[[], Answer]) -> Answer:
        """What `ask` returns, which changes nothing; object storage is asked again for some time."""
        ...

    def asked_of_each(self, ask: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        """What `ask` returns for each item, in order; of several at once if that waits for a network."""
        ...

    def prepare(self) -> None:
        """To be called before writing. Raises HomeError where the table would be in another's place."""
        ...

    def make_log(self) -> None:
        """Makes room for the log of a new table."""
        ...

    def has_log(self) -> bool:
        """Whether there is a table; nothing is made by asking."""
        ...

    def is_current(self, version: int) -> bool:
        """Whether the log has an entry of this version, and none of a later one."""
        ...

    def scan(self, paths: Iterable[str]) -> pl.LazyFrame:
        """The rows of files, whatever other writers call their directories."""
        ...

    def notes(self, path: str) -> dict[str, str]:
        """What the footer of a data file says besides its columns."""
        ...

    def write(self, name: str, content: memoryview) -> None:
        """Writes a data file; leaves nothing if it cannot be written."""
        ...

    def sync(self, names: Iterable[str]) -> None:
        """Waits until written files, and their names, will outlast a power cut."""
        ...

    def delete(self, names: Iterable[str]) -> None:
        """Deletes files, as far as they are there."""
        ...

    def sizes(self, names: Iterable[str]) -> dict[str, int]:
        """Bytes of each of the files that is there."""
        ...

    def data_names(self) -> list[str]:
        """Names of all data files, of whatever version or none."""
        ...

    def staged_names(self) -> list[str]:
        """Names of files that somebody writes, or was killed while writing."""
        ...

    def changed_at(self, name: str) -> float:
        """When a file was last changed, in seconds since 1970."""
        ...

    def log_names(self) -> list[str]:
        """Names of all files of the log."""
        ...

    def read(self, name: str) -> bytes:
        """All of a file. Raises FileNotFoundError."""
        ...

    def sync_log(self, first: int) -> None:
        """Waits until entries from this version on, and their checkpoints, outlast a power cut."""
        ...

    def sync_whole_log(self) -> None:
        """The same for everything in the log."""
        ...


def path_of(storage: TableStorage, name: str) -> str:
    return f"{storage.location}/{name}"


def name_of(storage: TableStorage, path: str) -> str:
    return path.removeprefix(f"{storage.location}/")
