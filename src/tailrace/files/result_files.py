"""Where result files are kept, as those see it who write, send and sweep them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, Self

if TYPE_CHECKING:
    from concurrent.futures import Future
    from types import TracebackType

    from tailrace.domain.export_job import ExportId, ResultFile, SubscriptionId


_PART, _RESULT = ".part", ".csv"


def part_name(export_id: ExportId, fence: int) -> str:
    """Name of the file while it is written."""
    return f"{export_id}.{fence}{_PART}"


def result_name(export_id: ExportId, fence: int) -> str:
    """Name of the file once it is published."""
    return f"{export_id}.{fence}{_RESULT}"


def unpublished_name(name: str) -> str:
    """What a file is called while it is written that will be `name`."""
    return name.removesuffix(_RESULT) + _PART


def published_name(name: str) -> str | None:
    """What a file will be called that is being written as `name`; None for one that is published."""
    return name.removesuffix(_PART) + _RESULT if name.endswith(_PART) else None


def checked_name(name: str) -> str:
    """`name`, if it is one and no way to another place; else raises ValueError."""
    if name in {"", ".", ".."} or "/" in name:
        raise ValueError(f"not the name of a result file: {name!r}")
    return name


class ResultWriter(Protocol):
    """Writes one result file, counting and hashing. Leaving it unpublished leaves nothing."""

    @property
    def write_seconds(self) -> float:
        """Seconds spent on writing and hashing so far."""
        ...

    def write(self, content: bytes | memoryview) -> None:
        """Appends to the file. Raises OSError or FilesUnavailableError when no more is taken."""
        ...

    def add_rows(self, count: int) -> None:
        """Counts data rows of what was written."""
        ...

    def publish(self) -> ResultFile:
        """Makes the file durable and visible, all of it at once. Raises as `write` does."""
        ...

    def __enter__(self) -> Self: ...

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None: ...


class OpenFile(Protocol):
    """A result file held open: it can be read to its end even after it was deleted."""

    @property
    def size_bytes(self) -> int: ...

    @property
    def piece_bytes(self) -> int:
        """How much of it is best read at once."""
        ...

    @property
    def pieces_ahead(self) -> int:
        """How many more pieces are best asked for while one is under way."""
        ...

    @property
    def descriptor(self) -> int | None:
        """The system's number for it, where the system can send it by itself."""
        ...

    def read_at_once(self, position: int, length: int) -> bytes | bytearray | None:
        """These bytes if all of them are in memory; None where they are to be waited for."""
        ...

    def read(self, position: int, length: int) -> bytes:
        """Bytes from `position` on, fewer only at the end. Raises OSError, FilesUnavailableError."""
        ...

    def begin_read(self, position: int, length: int) -> Future[bytes]:
        """The same without waiting for it."""
        ...

    def address(self) -> str | None:
        """Where a client may fetch the file itself, if it is to."""
        ...

    def close(self) -> None: ...

    def __enter__(self) -> Self: ...

    def __exit__(self, *_: object) -> None: ...


class ResultFiles(Protocol):
    """The result files of all subscriptions of a home."""

    @property
    def opens_at_once(self) -> bool:
        """Whether opening a file is a matter of microseconds."""
        ...

    def claim(self, owner: str) -> None:
        """Take possession for `owner`. Raises HomeError if another one's files are kept here."""
        ...

    def check(self) -> None:
        """Raises FilesUnavailableError if the place does not answer within some seconds."""
        ...

    def writer(
        self, subscription_id: SubscriptionId, export_id: ExportId, fence: int
    ) -> ResultWriter:
        """A writer for one attempt of a job; to be used as a context manager."""
        ...

    def open(self, subscription_id: SubscriptionId, name: str) -> OpenFile:
        """Opens a published file.

        Raises ExportFileNotFoundError if it is gone, FilesUnavailableError if nobody can tell.
        """
        ...

    def delete(self, subscription_id: SubscriptionId, name: str) -> None:
        """Deletes a file, if it is there; who has it open reads on. Raises as `names` does."""
        ...

    def names(self, subscription_id: SubscriptionId) -> set[str]:
        """Names of all files of the subscription: published, being written, and orphans.

        Raises OSError or FilesUnavailableError.
        """
        ...
