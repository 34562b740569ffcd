"""Errors that only whoever runs the server can mend."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import OperatorError


@dataclass(eq=False)
class HomeError(OperatorError):
    """A home directory that cannot be used; `reason` is a sentence for the operator."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class ExportFailedError(OperatorError):
    """An export that can never succeed as it stands; `reason` becomes the job's errorMsg."""

    reason: str

    def __str__(self) -> str:
        return self.reason


class ExportInterruptedError(OperatorError):
    """An export broke off for a reason that may be gone the next time."""


class LeaseLostError(OperatorError):
    """The runner no longer holds the job: it was cancelled, or another runner has taken it."""
