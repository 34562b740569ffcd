"""Errors of look-ups and of the life of an export job."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import JobStateError, NotFoundError, RequestError


class ObjectNotFoundError(NotFoundError):
    """No such list, program or export job for this caller."""


class ExportFileNotFoundError(NotFoundError):
    """The export job has no file to download (now, or for this caller)."""


class JobAlreadyQueuedError(JobStateError):
    """Enqueue of a job that is queued, processing or completed."""


class JobFailedError(JobStateError):
    """Enqueue of a failed job."""


class JobCancelledError(JobStateError):
    """Enqueue of a cancelled job."""


class JobCompletedError(JobStateError):
    """Cancel of a completed job."""


@dataclass(eq=False)
class UnsatisfiableRangeError(RequestError):
    """A byte range that starts after the file's last byte."""

    size_bytes: int
