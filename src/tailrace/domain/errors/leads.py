"""Errors of leads: their fields, look-ups, lists and imports."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import NotFoundError, ParameterError


class LeadNotFoundError(NotFoundError):
    """No lead has this id, or none this value of the lookup field."""


@dataclass(eq=False)
class NamedLeadNotFoundError(NotFoundError):
    """No lead has the id in the path."""

    lead_id: str


class LeadExistsError(ParameterError):
    """A lead to be created is there already."""


@dataclass(eq=False)
class FieldNotFoundError(ParameterError):
    """The subscription has no such lead field."""

    field: str


class SeveralLeadsError(ParameterError):
    """More than one lead has this value of the lookup field."""


@dataclass(eq=False)
class PartitionError(ParameterError):
    """The subscription has no such lead partition."""

    partition: str


class PartitionChangeError(ParameterError):
    """A lead cannot move to another partition."""


@dataclass(eq=False)
class LookupFieldError(ParameterError):
    """A field by which leads are not looked up."""

    field: str


class LeadNotInListError(NotFoundError):
    """The lead to be removed is no member of the list."""


@dataclass(eq=False)
class FieldNotAllowedError(ParameterError):
    """A field that a record of this action must not name."""

    field: str
    action: str


@dataclass(eq=False)
class LookupValueMissingError(ParameterError):
    """A record without a value of the lookup field."""

    field: str


@dataclass(eq=False)
class ReadOnlyFieldError(ParameterError):
    """A field that the API does not write."""

    field: str


@dataclass(eq=False)
class FieldValueError(ParameterError):
    """A value that is not of its field's type, or too long for it."""

    field: str
    value: str


class TooManyMatchesError(ParameterError):
    """A filter that more leads match than one look-up hands out."""


@dataclass(eq=False)
class LeadFieldExistsError(ParameterError):
    """A field to be created is there already."""

    field: str


@dataclass(eq=False)
class TooManyLeadFieldsError(ParameterError):
    """As many fields as may be were created through the API."""

    maximum: int


class EmptyFileError(ParameterError):
    """An uploaded file without a byte, or without a header line."""


class ImportReportNotFoundError(NotFoundError):
    """The import has no such rows, is not finished, or is no longer kept."""
