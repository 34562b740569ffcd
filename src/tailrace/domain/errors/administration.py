"""Errors of administration: shown by the command line as they are."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import RequestError


@dataclass(eq=False)
class AdministrationError(RequestError):
    """A command that cannot be carried out; `reason` is a sentence for its user."""

    reason: str

    def __str__(self) -> str:
        return self.reason


@dataclass(eq=False)
class AssetEntryError(RequestError):
    """What an administrator says of an asset cannot be; `reason` says why, `field` where."""

    field: str
    reason: str

    def __str__(self) -> str:
        return f"{self.field}: {self.reason}."
