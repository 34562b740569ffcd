"""Errors that pass: wait, then send the same request again."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import RetryLaterError


class JobQueueFullError(RetryLaterError):
    """The subscription's queue holds as many jobs as it may."""


@dataclass(eq=False)
class ImportQueueFullError(RetryLaterError):
    """The subscription has as many unfinished imports as it may."""

    imports: int


@dataclass(eq=False)
class ExportQuotaError(RetryLaterError):
    """The day's quota of exported bytes is used up."""

    quota_megabytes: int


@dataclass(eq=False)
class CallRateError(RetryLaterError):
    """More calls within the window than the subscription may make."""

    calls: int
    window_seconds: int


class DailyCallsError(RetryLaterError):
    """More calls since midnight US Central than the subscription may make."""


class CallConcurrencyError(RetryLaterError):
    """More calls in flight than the subscription may have."""


class ServerBusyError(RetryLaterError):
    """The call has waited for too long behind others; nothing was done."""


class StoreUnavailableError(RetryLaterError):
    """The store is busy, silent or its disk full for longer than a call may wait."""


@dataclass(eq=False)
class FilesUnavailableError(RetryLaterError):
    """The object storage of result files cannot be reached, or refuses."""

    #: What it said, for the operator.
    reason: str


@dataclass(eq=False)
class LakeUnavailableError(RetryLaterError):
    """The object storage of the lake cannot be reached, or refuses."""

    #: What it said, for the operator.
    reason: str

    def __str__(self) -> str:
        return f"The object storage of the lake cannot be used: {self.reason}"
