"""Errors of assets and of members of programs."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import NotFoundError, ParameterError, RequestError


class AssetNotFoundError(NotFoundError):
    """No asset has this id."""


@dataclass(eq=False)
class BlankParameterError(ParameterError):
    """A parameter that the asset API requires is absent or blank."""

    parameter: str


class ReversedAssetDatesError(ParameterError):
    """An asset date range that ends before it starts."""


class AssetDateError(ParameterError):
    """An asset date parameter that is no date-time."""


class ParentFolderNotFoundError(NotFoundError):
    """The folder or program that an asset shall lie in does not exist."""


@dataclass(eq=False)
class AssetNameTakenError(ParameterError):
    """Another asset of the kind has this name in the same place."""

    name: str


class AssetInUseError(RequestError):
    """An asset that others need cannot be deleted."""


class ProgramStatusNotFoundError(NotFoundError):
    """The program's channel has no such status."""


class LeadPastStatusError(RequestError):
    """A member cannot go to its own status or an earlier one."""


class LeadNotInProgramError(NotFoundError):
    """The lead is no member of the program."""


class MembershipNotFoundError(NotFoundError):
    """The lead has no membership whose values could change."""


class TooManyMembersError(ParameterError):
    """A filter that more than 100,000 members of a program match."""
