"""Result files in a directory: written under a temporary name, published by a rename.

Theory of operation: a writer fills `<export id>.<fence>.part` and syncs it; the rename to
`<export id>.<fence>.csv` and the sync of the directory publish it; only then may the job be
completed. The fencing number in the name keeps the attempts of one job apart. A process killed
anywhere leaves a part or an unclaimed file, never a wrong one; the janitor removes those.
"""

from __future__ import annotations

import hashlib
import os
import sys
import time
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Self

from tailrace.crash_points import reach
from tailrace.domain.errors import ExportFileNotFoundError
from tailrace.domain.export_job import ResultFile
from tailrace.durability import make_directory, sync_path

if TYPE_CHECKING:
    from types import TracebackType

    from tailrace.domain.export_job import ExportId, SubscriptionId

#: Written bytes are handed to the disk and forgotten this often: the sync at the end finds few
#: left, a large file does not push the lake out of memory, and writing into the same few pages
#: again took half the time of touching new ones.
_FLUSH_BYTES = 64 * 1024 * 1024


def part_name(export_id: ExportId, fence: int) -> str:
    """Name of the file while it is written."""
    return f"{export_id}.{fence}.part"


def result_name(export_id: ExportId, fence: int) -> str:
    """Name of the file once it is published."""
    return f"{export_id}.{fence}.csv"


@dataclass(frozen=True, slots=True)
class OpenFile:
    """A result file held open: it can be read to its end even after it was deleted."""

    fd: int
    size_bytes: int

    def close(self) -> None:
        os.close(self.fd)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()


class ResultWriter:
    """Writes one result file, counting and hashing. Leaving it unpublished removes the file."""

    def __init__(self, directory: Path, export_id: ExportId, fence: int) -> None:
        self._part = directory / part_name(export_id, fence)
        self._result = directory / result_name(export_id, fence)
        self._descriptor = os.open(self._part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o644)
        self._hash = hashlib.sha256()
        self._size_bytes = 0
        self._row_count = 0
        self._unflushed_bytes = 0
        self._is_published = False
        #: Seconds spent on writing and hashing so far.
        self.write_seconds = 0.0

    def write(self, content: bytes) -> None:
        """Appends to the file. Raises OSError when the disk takes no more."""
        began = time.perf_counter()
        self._hash.update(content)
        rest = memoryview(content)
        while rest:
            rest = rest[os.write(self._descriptor, rest) :]
        self._size_bytes += len(content)
        self._flush_sometimes(len(content))
        self.write_seconds += time.perf_counter() - began

    def add_rows(self, count: int) -> None:
        """Counts data rows of what was written."""
        self._row_count += count

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
        return ResultFile(
            self._result.name, self._size_bytes, self._hash.hexdigest(), self._row_count
        )

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

    def __init__(self, root: Path) -> None:
        self._root = root

    def writer(
        self, subscription_id: SubscriptionId, export_id: ExportId, fence: int
    ) -> ResultWriter:
        """A writer for one attempt of a job; to be used as a context manager."""
        directory = self._directory(subscription_id)
        make_directory(directory)
        return ResultWriter(directory, export_id, fence)

    def open(self, subscription_id: SubscriptionId, name: str) -> OpenFile:
        """Opens a published file. Raises ExportFileNotFoundError if it is gone."""
        try:
            descriptor = os.open(self._path(subscription_id, name), os.O_RDONLY)
        except FileNotFoundError as error:
            raise ExportFileNotFoundError from error
        # The size of what was opened, not of what the name means by now.
        return OpenFile(descriptor, os.fstat(descriptor).st_size)

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
        if Path(name).name != name or name in {"", ".."}:
            raise ValueError(f"not the name of a result file: {name!r}")
        return self._directory(subscription_id) / name
