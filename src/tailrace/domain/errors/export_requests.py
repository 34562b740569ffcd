"""Errors of parameters, and of what an export job is asked to export (contract section 3)."""

from __future__ import annotations

from dataclasses import dataclass

from tailrace.domain.errors.tree import ParameterError


@dataclass(eq=False)
class ScalarTypeError(ParameterError):
    """A scalar that is not of its type, such as a date-time that is none."""

    value: str
    type_name: str


@dataclass(eq=False)
class MissingParameterError(ParameterError):
    """A required parameter or member is absent or empty."""

    parameter: str


@dataclass(eq=False)
class UnknownFormatError(ParameterError):
    """A file format other than CSV, TSV and SSV."""

    value: str


@dataclass(eq=False)
class UnknownExportFieldsError(ParameterError):
    """Fields that the object family does not have, in the caller's spelling."""

    names: str


@dataclass(eq=False)
class DuplicateFieldError(ParameterError):
    """The same field twice, whatever its case."""

    field: str


@dataclass(eq=False)
class HeaderOfUnexportedFieldError(ParameterError):
    """A column header for a field that is not exported."""

    field: str


class SeveralFilterTypesError(ParameterError):
    """A lead export with more than one filter."""


@dataclass(eq=False)
class UnknownFilterError(ParameterError):
    """A filter that the object family does not have."""

    filter: str


@dataclass(eq=False)
class DuplicateFilterError(ParameterError):
    """The same filter in two elements of a filter array."""

    filter: str


@dataclass(eq=False)
class FilterSwitchedOffError(ParameterError):
    """A filter that this subscription has switched off."""

    filter: str


class ReversedRangeError(ParameterError):
    """A range that ends before it starts."""


@dataclass(eq=False)
class RangeTooLongError(ParameterError):
    """A range of more days than one export may span."""

    maximum_days: int


@dataclass(eq=False)
class UnknownActivityTypeError(ParameterError):
    """An activity type id that the subscription does not have."""

    activity_type_id: int


@dataclass(eq=False)
class ActivityTypeNotExportableError(ParameterError):
    """An activity type that bulk extract never hands out."""

    name: str


@dataclass(eq=False)
class TooManyValuesError(ParameterError):
    """A list of values longer than its maximum."""

    parameter: str
    maximum: int


class PrimaryAttributeFiltersExclusiveError(ParameterError):
    """Both primary attribute filters in one export."""


class MixedAssetGroupsError(ParameterError):
    """Activity types that have no asset group in common for a primary attribute filter."""


class SmartListWithoutRulesError(ParameterError):
    """A smart list that would select everybody."""


@dataclass(eq=False)
class SmartListRuleError(ParameterError):
    """A smart list rule that makes no sense; `reason` names the offending part."""

    reason: str


@dataclass(eq=False)
class AmbiguousNameError(ParameterError):
    """A name that several lists carry."""

    name: str


@dataclass(eq=False)
class ParameterValueError(ParameterError):
    """A query parameter outside its set of values."""

    value: str
    parameter: str


class PagingTokenError(ParameterError):
    """A paging token that this server never gave out."""
