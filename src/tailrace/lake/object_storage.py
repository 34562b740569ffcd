"""A table on object storage: S3, Google or Azure, told apart by its address.

Theory of operation: an object is there whole and for good once the storage has taken it, or it is
not there; so nothing is staged and nothing has to be synced. An entry of the log is put only where
there is none of its version: of two writers one is refused.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from functools import lru_cache
from itertools import islice
from typing import TYPE_CHECKING

import obstore
import polars as pl
import stamina
from obstore.store import S3Store

from tailrace.domain.errors import HomeError, LakeUnavailableError
from tailrace.lake.table_storage import LOG_DIRECTORY, TABLE_NAME, entry_name, is_data_name
from tailrace.object_storage import (
    CHECK_SECONDS,
    REFUSALS,
    delta_options,
    heeds_conditions,
    owner_of,
    reason_of,
    scan_options,
    store_at,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterable

    from obstore import ObjectMeta

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.table_storage import Answer, Item
    from tailrace.object_storage import Store

_FIRST_PAUSE_SECONDS = 0.05

#: Requests of one process for small things at once: waiting for them takes no processor.
_ASKED_AT_ONCE = 16

#: Places of which a process remembers how to reach them, and that they are its own.
_REMEMBERED_PLACES = 1024


_asking = ThreadPoolExecutor(_ASKED_AT_ONCE, thread_name_prefix="lake-ask")


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
        with self._reached() as store:
            if owner_of(store, self.owner) != self.owner:
                raise HomeError(f"The lake at '{self.address}' is that of another home.")
            if not heeds_conditions(store):
                raise HomeError(
                    f"The object storage at '{self.address}' overwrites what it is told to put only"
                    " where there is nothing: of two writers to the lake, one would be lost."
                )

    def is_claimed(self) -> bool:
        with self._reached() as store:
            return owner_of(store) == self.owner

    @contextmanager
    def _reached(self) -> Generator[Store]:
        try:
            yield _store_at(self.address, self.retry_seconds)
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

    def persistently(self, ask: Callable[[], Answer]) -> Answer:
        # The libraries ask again for what is refused, but not always for what is cut short.
        retrying = stamina.RetryingCaller(
            attempts=None, timeout=self.place.retry_seconds, wait_initial=_FIRST_PAUSE_SECONDS
        )
        return retrying.on(_may_pass)(ask)

    def asked_of_each(self, ask: Callable[[Item], Answer], items: Iterable[Item]) -> list[Answer]:
        return list(_asking.map(ask, items))

    def prepare(self) -> None:
        _claim_once(self.place)

    def make_log(self) -> None:
        """Nothing: there are no directories."""

    def has_log(self) -> bool:
        return self.persistently(
            lambda: any(obstore.list(self._store, prefix=LOG_DIRECTORY, chunk_size=1))
        )

    def is_current(self, version: int) -> bool:
        # One request tells of both: what is listed begins behind the offset.
        offset = entry_name(version).removesuffix(".json")
        names = self.persistently(lambda: self._first_names(LOG_DIRECTORY, offset))
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
        found = [
            one
            for folder in sorted({name.rpartition("/")[0] for name in wanted})
            for one in self._listed(folder)
        ]
        return {one["path"]: one["size"] for one in found if one["path"] in wanted}

    def data_names(self) -> list[str]:
        return [one["path"] for one in self._listed(None) if is_data_name(one["path"])]

    def staged_names(self) -> list[str]:
        return []

    def changed_at(self, name: str) -> float:
        found = self.persistently(lambda: obstore.head(self._store, name))
        return found["last_modified"].timestamp()

    def log_names(self) -> list[str]:
        return [one["path"] for one in self._listed(LOG_DIRECTORY)]

    def read(self, name: str) -> bytes:
        return self.persistently(lambda: bytes(obstore.get(self._store, name).bytes()))

    def sync_log(self, first: int) -> None:
        """Nothing: what the storage has taken is there for good."""

    def sync_whole_log(self) -> None:
        """Nothing: what the storage has taken is there for good."""

    def _listed(self, folder: str | None) -> list[ObjectMeta]:
        return self.persistently(
            lambda: [one for chunk in obstore.list(self._store, folder) for one in chunk]
        )

    def _first_names(self, folder: str, offset: str) -> set[str]:
        """Names behind the offset, as many as one request tells."""
        chunks = islice(obstore.list(self._store, folder, offset=offset), 1)
        return {one["path"] for chunk in chunks for one in chunk}

    @property
    def _store(self) -> Store:
        return _store_at(self.location, self.place.retry_seconds)


def _may_pass(error: Exception) -> bool:
    """Whether asking again may help: what is not there is no trouble of the storage."""
    return isinstance(error, REFUSALS) and not isinstance(error, FileNotFoundError)


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
