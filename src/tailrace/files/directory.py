"""Result files in a directory: written under a temporary name, published by a rename.

Theory of operation: a writer fills `<export id>.<fence>.part` and syncs it; the rename to
`<export id>.<fence>.csv` and the sync of the directory publish it; only then may the job be
completed. The fencing number in the name keeps the attempts of one job apart. A process killed
anywhere leaves a part or an unclaimed file, never a wrong one; the janitor removes those.
"""

from __future__ import annotations

import os
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Self

from tailrace.crash_points import reach
from tailrace.domain.errors import ExportFileNotFoundError
from tailrace.durability import make_directory, sync_path
from tailrace.files.content_tally import ContentTally
from tailrace.files.result_files import checked_name, part_name, result_name

if TYPE_CHECKING:
    from concurrent.futures import Future
    from pathlib import Path
    from types import TracebackType

    from tailrace.domain.export_job import ExportId, ResultFile, SubscriptionId

#: Written bytes are handed to the disk and forgotten this often: the sync at the end finds few
#: left, a large file does not push the lake out of memory, and writing into the same few pages
#: again took half the time of touching new ones.
_FLUSH_BYTES = 64 * 1024 * 1024


#: Not every C library of Linux has it.
_NO_WAITING: int | None = getattr(os, "RWF_NOWAIT", None)

_READING_THREADS = 8

#: Shared by every download, so that many of them cannot take all threads of the process.
_reading = ThreadPoolExecutor(_READING_THREADS, thread_name_prefix="file-read")


@dataclass(frozen=True, slots=True)
class LocalFile:
    """A result file held open: it can be read to its end even after it was deleted."""

    fd: int
    size_bytes: int
    #: Larger ones cost memory for every slow client and gain nothing.
    piece_bytes: int = 256 * 1024
    #: The system reads ahead already.
    pieces_ahead: int = 0

    @property
    def descriptor(self) -> int:
        return self.fd

    def read(self, position: int, length: int) -> bytes:
        return os.pread(self.fd, length, position)

    def read_at_once(self, position: int, length: int) -> bytearray | None:
        if sys.platform != "linux" or _NO_WAITING is None:
            return None
        content = bytearray(length)
        try:
            count = os.preadv(self.fd, [content], position, _NO_WAITING)
        except OSError:
            # Not in memory, or never to be had: who waits for it will be told.
            return None
        return content if count == length else None

    def begin_read(self, position: int, length: int) -> Future[bytes]:
        return _reading.submit(os.pread, self.fd, length, position)

    def address(self) -> None:
        """There is no way to the file but through this server."""

    def close(self) -> None:
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class LocalWriter:
    """Writes one result file, counting and hashing. Leaving it unpublished removes the file."""

    def __init__(self, directory: Path, export_id: ExportId, fence: int) -> None:
        self._part = directory / part_name(export_id, fence)
        self._result = directory / result_name(export_id, fence)
        self._descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._tally = ContentTally()
        self._unflushed_bytes = 0
        self._is_published = False
        #: Seconds spent on writing and hashing so far.
        self.write_seconds = 0.0

    def write(self, content: bytes | memoryview) -> None:
        """Appends to the file. Raises OSError when the disk takes no more."""
        began = time.perf_counter()
        self._tally.add(content)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._flush_sometimes(len(content))
        self.write_seconds += time.perf_counter() - began

    def add_rows(self, count: int) -> None:
        """Counts data rows of what was written."""
        self._tally.add_rows(count)

    def publish(self) -> ResultFile:
        """Makes the file durable and visible under its final name. Raises OSError."""
        reach("publish.part_written")
        os.fsync(self._descriptor)
        reach("publish.part_synced")
        self._part.rename(self._result)
        self._is_published = True
        reach("publish.renamed")
        sync_path(self._result.parent)
        reach("publish.directory_synced")
        return self._tally.result(self._result.name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        os.close(self._descriptor)
        if not self._is_published:
            self._part.unlink(missing_ok=True)

    def _flush_sometimes(self, written_bytes: int) -> None:
        self._unflushed_bytes += written_bytes
        if sys.platform == "linux" and self._unflushed_bytes >= _FLUSH_BYTES:
            os.fdatasync(self._descriptor)
            os.posix_fadvise(self._descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
            self._unflushed_bytes = 0


class FileDirectory:
    """The result files of all subscriptions, a directory each, below `root`."""

    opens_at_once = True

    def __init__(self, root: Path) -> None:
        self._root = root

    def claim(self, owner: str) -> None:
        """Nothing: a directory within the home can be no other home's."""

    def check(self) -> None:
        """Nothing: what is in the home answers if the home does."""

    def writer(
        self, subscription_id: SubscriptionId, export_id: ExportId, fence: int
    ) -> LocalWriter:
        """A writer for one attempt of a job; to be used as a context manager."""
        directory = self._directory(subscription_id)
        make_directory(directory)
        return LocalWriter(directory, export_id, fence)

    def open(self, subscription_id: SubscriptionId, name: str) -> LocalFile:
        """Opens a published file. Raises ExportFileNotFoundError if it is gone."""
        try:
            descriptor = os.open(self._path(subscription_id, name), os.O_RDONLY)
        except FileNotFoundError as error:
            raise ExportFileNotFoundError from error
        # The size of what was opened, not of what the name means by now.
        return LocalFile(descriptor, os.fstat(descriptor).st_size)

    def delete(self, subscription_id: SubscriptionId, name: str) -> None:
        """Deletes a file, if it is there; who has it open reads on."""
        self._path(subscription_id, name).unlink(missing_ok=True)

    def names(self, subscription_id: SubscriptionId) -> set[str]:
        """Names of all files of the subscription: published, being written, and orphans."""
        directory = self._directory(subscription_id)
        return {path.name for path in directory.iterdir()} if directory.is_dir() else set()

    def _directory(self, subscription_id: SubscriptionId) -> Path:
        return self._root / str(subscription_id)

    def _path(self, subscription_id: SubscriptionId, name: str) -> Path:
        return self._directory(subscription_id) / checked_name(name)
