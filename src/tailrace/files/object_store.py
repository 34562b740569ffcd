"""Result files on object storage: S3, Google or Azure, told apart by their address.

Theory of operation: a writer streams into a multipart upload of `<export id>.<fence>.csv`.
Nothing is there under that name until the upload is completed, and then all of it; only after
that may the job be completed. The fencing number in the name keeps the attempts of one job apart.
A process killed anywhere leaves an unfinished upload or an unclaimed object, never a wrong file;
the janitor removes both, and sees an upload as the `.part` that it is. Memory is bounded by a few
parts, whatever the size of a file.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Self

import obstore
import structlog
from obstore.store import S3Store

from tailrace.domain.errors import ExportFileNotFoundError, FilesUnavailableError, HomeError
from tailrace.files.object_upload import ObjectWriter
from tailrace.files.open_objects import OpenObjects
from tailrace.files.refusals import refusals_told
from tailrace.files.result_files import (
    checked_name,
    published_name,
    result_name,
    unpublished_name,
)
from tailrace.files.unfinished_uploads import UnfinishedUploads
from tailrace.object_storage import CHECK_SECONDS, REFUSALS, owner_of, reason_of, store_at

if TYPE_CHECKING:
    from concurrent.futures import Future

    from tailrace.domain.export_job import ExportId, SubscriptionId
    from tailrace.object_storage import Store

#: A piece for each request: so large that the time to its first byte does not count for much.
_PIECE_BYTES = 1024 * 1024

#: Waiting for the network takes no processor.
_READING_THREADS = 32

_log = structlog.get_logger(__name__)

#: Shared by every download, so that many of them cannot take all threads of the process.
_reading = ThreadPoolExecutor(_READING_THREADS, thread_name_prefix="object-read")


@dataclass(frozen=True, slots=True)
class ObjectStoreLimits:
    #: Size of an upload's parts; a store takes at most 10,000 of them for one file.
    part_bytes: int
    #: Seconds for which the library repeats what failed, before it counts as failed.
    retry_seconds: float
    #: Seconds that an address for clients is good for; 0 for no such addresses.
    address_seconds: int
    #: Seconds for which a file that is to go is left to readers in other processes.
    grace_seconds: float


class ObjectFile:
    """A published object that is kept while it is open, by this process at least."""

    piece_bytes = _PIECE_BYTES
    pieces_ahead = 1
    descriptor = None

    def __init__(self, files: ObjectStoreFiles, key: str, size_bytes: int) -> None:
        self._files = files
        self._key = key
        self.is_closed = False
        self.size_bytes = size_bytes

    def read_at_once(self, position: int, length: int) -> None:
        """Whatever it is, it comes over the network."""

    def read(self, position: int, length: int) -> bytes:
        return self._files.read(self._key, position, length) if length else b""

    def begin_read(self, position: int, length: int) -> Future[bytes]:
        return _reading.submit(self.read, position, length)

    def address(self) -> str | None:
        return self._files.address(self._key)

    def close(self) -> None:
        if not self.is_closed:
            self.is_closed = True
            self._files.end_reading(self._key)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ObjectStoreFiles:
    """The result files of all subscriptions below one address, `<subscription>/<name>` each.

    Credentials and the like are read from the environment by the library.
    """

    opens_at_once = False

    def __init__(self, address: str, limits: ObjectStoreLimits) -> None:
        """Raises HomeError for an address, or an environment, that the library does not take."""
        self._address = address
        self._limits = limits
        self._store = _store_at(address, limits.retry_seconds)
        self._asked_in_time = _store_at(address, min(limits.retry_seconds, CHECK_SECONDS))
        self._open_objects = OpenObjects(limits.grace_seconds)
        # The others cannot be asked: Azure forgets unfinished uploads, Google is told to.
        self._uploads = UnfinishedUploads(self._store) if isinstance(self._store, S3Store) else None

    def claim(self, owner: str) -> None:
        """Take possession for `owner`. Raises HomeError if another one's files are kept here."""
        try:
            found = owner_of(self._store, owner)
        except REFUSALS as error:
            raise HomeError(
                f"The result files at '{self._address}' cannot be reached: {reason_of(error)}"
            ) from error
        if found != owner:
            raise HomeError(f"The result files at '{self._address}' are those of another home.")

    def check(self) -> None:
        with refusals_told():
            owner_of(self._asked_in_time)

    def writer(
        self, subscription_id: SubscriptionId, export_id: ExportId, fence: int
    ) -> ObjectWriter:
        """A writer for one attempt of a job; to be used as a context manager."""
        name = result_name(export_id, fence)
        return ObjectWriter(self._store, _key(subscription_id, name), name, self._limits.part_bytes)

    def open(self, subscription_id: SubscriptionId, name: str) -> ObjectFile:
        """Opens a published file.

        Raises ExportFileNotFoundError if it is gone, FilesUnavailableError if nobody can tell.
        """
        key = _key(subscription_id, name)
        if not self._open_objects.begin(key):
            raise ExportFileNotFoundError
        try:
            with refusals_told(tells_absence=True):
                return ObjectFile(self, key, obstore.head(self._store, key)["size"])
        except FileNotFoundError as error:
            self.end_reading(key)
            raise ExportFileNotFoundError from error
        except FilesUnavailableError:
            self.end_reading(key)
            raise

    def read(self, key: str, position: int, length: int) -> bytes:
        with refusals_told():
            return bytes(obstore.get_range(self._store, key, start=position, length=length))

    def address(self, key: str) -> str | None:
        """A signed address from which anybody may fetch the object for a while, if one is wanted.

        Raises FilesUnavailableError if the credentials cannot sign one.
        """
        if not self._limits.address_seconds:
            return None
        lifetime = timedelta(seconds=self._limits.address_seconds)
        with refusals_told():
            return obstore.sign(self._store, "GET", key, lifetime)

    def end_reading(self, key: str) -> None:
        if self._open_objects.end(key):
            # Whoever closes a file must not wait for the network.
            _reading.submit(self._delete_late, key)

    def delete(self, subscription_id: SubscriptionId, name: str) -> None:
        """Deletes a file, or aborts an upload.

        What somebody may still read goes later: when this process has closed it, or when it is
        deleted again after the time of grace.
        """
        key = _key(subscription_id, name)
        uploaded = published_name(key)
        if uploaded is not None:
            if self._uploads is not None:
                self._uploads.abort(uploaded)
        elif self._open_objects.doom(key):
            self._delete(key)

    def names(self, subscription_id: SubscriptionId) -> set[str]:
        """Names of all files of the subscription: published, being written, and orphans."""
        folder = f"{subscription_id}/"
        with refusals_told():
            keys = {one["path"] for one in obstore.list(self._store, prefix=folder).collect()}
        self._open_objects.forget_others(folder, keys)
        if self._uploads is not None:
            keys |= {unpublished_name(key) for key in self._uploads.keys(folder)}
        return {key.removeprefix(folder) for key in keys}

    def _delete_late(self, key: str) -> None:
        try:
            self._delete(key)
        except FilesUnavailableError as error:
            # The janitor finds it again.
            _log.warning("file_not_deleted", key=key, reason=error.reason)

    def _delete(self, key: str) -> None:
        with suppress(FileNotFoundError), refusals_told(tells_absence=True):
            obstore.delete(self._store, key)
        self._open_objects.deleted(key)


def _store_at(address: str, retry_seconds: float) -> Store:
    try:
        return store_at(address, retry_seconds)
    except (*REFUSALS, ValueError) as error:
        raise HomeError(
            f"The result files' address '{address}' cannot be used: {reason_of(error)}"
        ) from error


def _key(subscription_id: SubscriptionId, name: str) -> str:
    return f"{subscription_id}/{checked_name(name)}"
