"""A table on object storage: S3, Google or Azure, told apart by its address.

Theory of operation: an object is there whole and for good once the storage has taken it, or it is
not there; so nothing is staged and nothing has to be synced. An entry of the log is put only where
there is none of its version: of two writers one is refused.
"""

from __future__ import annotations

from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import obstore
import polars as pl
from obstore.store import S3Store

from tailrace.domain.errors import HomeError, LakeUnavailableError
from tailrace.lake.table_storage import LOG_DIRECTORY, TABLE_NAME, entry_name, is_data_name
from tailrace.object_storage import (
    CHECK_SECONDS,
    REFUSALS,
    delta_options,
    owner_of,
    reason_of,
    scan_options,
    store_at,
)

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.object_storage import Store

#: Places of which a process remembers how to reach them, and that they are its own.
_REMEMBERED_PLACES = 1024


@dataclass(frozen=True, slots=True)
class LakePlace:
    """An address that holds all tables of a home, as an owner who may write there sees it."""

    address: str
    #: A hash of the home's key; empty for who only reads.
    owner: str
    retry_seconds: float

    def table(self, subscription_id: SubscriptionId) -> ObjectStorage:
        return ObjectStorage(self, f"{subscription_id}/{TABLE_NAME}")

    def claim(self) -> None:
        """Take possession. Raises HomeError if the place is another's, or cannot be reached."""
        if self._owner_found(self.owner) != self.owner:
            raise HomeError(f"The lake at '{self.address}' is that of another home.")

    def is_claimed(self) -> bool:
        return self._owner_found() == self.owner

    def _owner_found(self, would_be_owner: str | None = None) -> str | None:
        try:
            return owner_of(_store_at(self.address, self.retry_seconds), would_be_owner)
        except REFUSALS as error:
            raise HomeError(
                f"The lake at '{self.address}' cannot be reached: {reason_of(error)}"
            ) from error

    def check(self) -> None:
        try:
            owner_of(_store_at(self.address, min(self.retry_seconds, CHECK_SECONDS)))
        except REFUSALS as error:
            raise LakeUnavailableError(reason_of(error)) from error


@dataclass(frozen=True, slots=True)
class ObjectStorage:
    """The table `name` of a place."""

    place: LakePlace
    name: str

    @property
    def location(self) -> str:
        return f"{self.place.address}/{self.name}"

    @property
    def delta_options(self) -> dict[str, str]:
        return delta_options(self.location, self.place.retry_seconds)

    @contextmanager
    def refusals_told(self) -> Generator[None]:
        try:
            yield
        except REFUSALS as error:
            raise LakeUnavailableError(reason_of(error)) from error

    def prepare(self) -> None:
        _claim_once(self.place)

    def make_log(self) -> None:
        """Nothing: there are no directories."""

    def has_log(self) -> bool:
        return any(obstore.list(self._store, prefix=LOG_DIRECTORY, chunk_size=1))

    def is_current(self, version: int) -> bool:
        # One request tells of both: what is listed begins behind the offset.
        offset = entry_name(version).removesuffix(".json")
        chunks = islice(obstore.list(self._store, LOG_DIRECTORY, offset=offset), 1)
        names = {one["path"] for chunk in chunks for one in chunk}
        return entry_name(version) in names and entry_name(version + 1) not in names

    def scan(self, paths: Iterable[str]) -> pl.LazyFrame:
        return pl.scan_parquet(
            list(paths),
            glob=False,
            hive_partitioning=False,
            storage_options=scan_options(self.place.retry_seconds),
            # Other libraries than Polars' own would look for credentials elsewhere.
            credential_provider=None,
        )

    def notes(self, path: str) -> dict[str, str]:
        options = scan_options(self.place.retry_seconds)
        return pl.read_parquet_metadata(path, storage_options=options, credential_provider=None)

    def write(self, name: str, content: memoryview) -> None:
        # In one request: of one in parts that is killed, parts would stay.
        obstore.put(self._store, name, content, use_multipart=False)

    def sync(self, names: Iterable[str]) -> None:
        """Nothing: what the storage has taken is there for good."""

    def delete(self, names: Iterable[str]) -> None:
        if isinstance(self._store, S3Store):
            # A thousand in a request; those that are not there are none to it.
            obstore.delete(self._store, list(names))
            return
        for name in names:
            with suppress(FileNotFoundError):
                obstore.delete(self._store, name)

    def sizes(self, names: Iterable[str]) -> dict[str, int]:
        wanted = set(names)
        found: dict[str, int] = {}
        for folder in sorted({name.rpartition("/")[0] for name in wanted}):
            for chunk in obstore.list(self._store, folder):
                found.update((one["path"], one["size"]) for one in chunk if one["path"] in wanted)
        return found

    def data_names(self) -> list[str]:
        return [name for name in self._names(None) if is_data_name(name)]

    def staged_names(self) -> list[str]:
        return []

    def changed_at(self, name: str) -> float:
        return obstore.head(self._store, name)["last_modified"].timestamp()

    def log_names(self) -> list[str]:
        return self._names(LOG_DIRECTORY)

    def read(self, name: str) -> bytes:
        return bytes(obstore.get(self._store, name).bytes())

    def sync_log(self, first: int) -> None:
        """Nothing: what the storage has taken is there for good."""

    def sync_whole_log(self) -> None:
        """Nothing: what the storage has taken is there for good."""

    def _names(self, folder: str | None) -> list[str]:
        return [one["path"] for chunk in obstore.list(self._store, folder) for one in chunk]

    @property
    def _store(self) -> Store:
        return _store_at(self.location, self.place.retry_seconds)


@lru_cache(_REMEMBERED_PLACES)
def _store_at(address: str, retry_seconds: float) -> Store:
    try:
        return store_at(address, retry_seconds)
    except (*REFUSALS, ValueError) as error:
        raise HomeError(
            f"The lake's address '{address}' cannot be used: {reason_of(error)}"
        ) from error


@lru_cache(_REMEMBERED_PLACES)
def _claim_once(place: LakePlace) -> None:
    place.claim()
