"""What an export is asked to do, read from the body of a create call by the contract's ordered rules.

The first rule that fails decides the error (contract section 3.4). Whether a list exists is the
store's to say and comes after everything here.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, cast

import msgspec

from tailrace.domain.activity_types import DELETE_LEAD, AssetGroup, asset_group_of
from tailrace.domain.errors import (
    ActivityTypeNotExportableError,
    AttributeTypeError,
    DuplicateFieldError,
    DuplicateFilterError,
    FilterSwitchedOffError,
    HeaderOfUnexportedFieldError,
    InvalidJsonError,
    MissingParameterError,
    MixedAssetGroupsError,
    PrimaryAttributeFiltersExclusiveError,
    RangeTooLongError,
    ReversedRangeError,
    ScalarTypeError,
    SeveralFilterTypesError,
    TooManyValuesError,
    UnknownActivityTypeError,
    UnknownExportFieldsError,
    UnknownFilterError,
)
from tailrace.domain.file_format import FileFormat, parse_format
from tailrace.domain.instants import parse_instant
from tailrace.domain.lead_fields import (
    LARGEST_INTEGER,
    LeadFieldCatalogue,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tailrace.domain.activity_types import ActivityType
    from tailrace.domain.subscription_settings import SubscriptionSettings

#: What an activity export holds when no fields are asked for, in this order (contract section 4).
DEFAULT_ACTIVITY_FIELDS = (
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "campaignId",
    "primaryAttributeValueId",
    "primaryAttributeValue",
    "attributes",
)
ACTIVITY_FIELDS = (*DEFAULT_ACTIVITY_FIELDS, "actionResult")

#: Values that one primary attribute filter may name (contract section 5.3).
MAXIMUM_PRIMARY_VALUES = 50


class Column(msgspec.Struct, frozen=True):
    #: API name as described.
    field: str
    #: What the header line says: the caller's spelling, or the caller's own text.
    header: str


class InstantRange(msgspec.Struct, frozen=True):
    """Both ends inclusive, whole seconds, UTC (contract section 5.1)."""

    start: datetime
    end: datetime


class ActivityFilter(msgspec.Struct, frozen=True, tag="activities"):
    created_at: InstantRange
    #: Empty: all types but Delete Lead.
    type_ids: tuple[int, ...] = ()
    primary_ids: tuple[int, ...] = ()
    #: As the caller wrote them; which stored names they mean is settled when processing begins.
    primary_names: tuple[str, ...] = ()

    @property
    def asset_group(self) -> AssetGroup | None:
        return asset_group_of(frozenset(self.type_ids)) if self.type_ids else None


class CreatedLeads(msgspec.Struct, frozen=True, tag="createdAt"):
    range: InstantRange


class UpdatedLeads(msgspec.Struct, frozen=True, tag="updatedAt"):
    """By the last change of any field, not the visible updatedAt (contract section 5.1)."""

    range: InstantRange


class StaticListMembers(msgspec.Struct, frozen=True, tag="staticListId"):
    list_id: int


class StaticListMembersByName(msgspec.Struct, frozen=True, tag="staticListName"):
    name: str


class SmartListMembers(msgspec.Struct, frozen=True, tag="smartListId"):
    list_id: int


class SmartListMembersByName(msgspec.Struct, frozen=True, tag="smartListName"):
    name: str


LeadFilter = (
    CreatedLeads
    | UpdatedLeads
    | StaticListMembers
    | StaticListMembersByName
    | SmartListMembers
    | SmartListMembersByName
)


class ExportRequest(msgspec.Struct, frozen=True):
    format: FileFormat
    columns: tuple[Column, ...]
    filter: ActivityFilter | LeadFilter


@dataclass(frozen=True, slots=True)
class RequestRules:
    """What a subscription allows, as far as reading a request needs it."""

    settings: SubscriptionSettings
    lead_fields: LeadFieldCatalogue
    activity_types: Mapping[int, ActivityType]


def parse_activity_request(body: object, rules: RequestRules) -> ExportRequest:
    """The activity export that a decoded JSON body asks for (contract sections 3.4 and 5.3)."""
    members = _Members.read(body)
    names = members.field_names or list(DEFAULT_ACTIVITY_FIELDS)
    known = {name.lower(): name for name in ACTIVITY_FIELDS}
    columns = _columns(names, members.headers, known.get)
    return ExportRequest(members.format, columns, _activity_filter(members.filter, rules))


def parse_lead_request(body: object, rules: RequestRules) -> ExportRequest:
    """The lead export that a decoded JSON body asks for (contract sections 3.4 and 5.2)."""
    members = _Members.read(body)
    if not members.field_names:
        raise MissingParameterError("fields")
    columns = _columns(members.field_names, members.headers, lambda low: _lead_field(low, rules))
    return ExportRequest(members.format, columns, _lead_filter(members.filter, rules))


def _lead_field(lower_name: str, rules: RequestRules) -> str | None:
    field = rules.lead_fields.find(lower_name)
    if field is None:
        return None
    is_exported = field.is_exported(has_audience_sharing=rules.settings.audience_sharing)
    return field.name if is_exported else None


# The members of the body and their JSON types.


@dataclass(frozen=True, slots=True)
class _Members:
    format: FileFormat
    field_names: list[str]
    headers: dict[str, str]
    filter: dict[str, object]

    @classmethod
    def read(cls, body: object) -> _Members:
        if not isinstance(body, dict):
            raise InvalidJsonError
        members = cast("dict[str, object]", body)
        field_names = _strings(members.get("fields"), "fields")
        filters = _merged_filter(members.get("filter"))
        headers = _headers(members.get("columnHeaderNames"))
        return cls(parse_format(members.get("format")), field_names, headers, filters)


def _strings(value: object, attribute: str) -> list[str]:
    if value is None:
        return []
    if not isinstance(value, list):
        raise AttributeTypeError(attribute)
    items = cast("list[object]", value)
    if not all(isinstance(item, str) for item in items):
        raise AttributeTypeError(attribute)
    return cast("list[str]", items)


def _headers(value: object) -> dict[str, str]:
    if value is None:
        return {}
    if not isinstance(value, dict):
        raise AttributeTypeError("columnHeaderNames")
    headers = cast("dict[str, object]", value)
    if not all(isinstance(text, str) for text in headers.values()):
        raise AttributeTypeError("columnHeaderNames")
    return cast("dict[str, str]", headers)


def _merged_filter(value: object) -> dict[str, object]:
    """The filter as one object; the option tables speak of an array of them (contract 3.4)."""
    elements = cast("list[object]", value) if isinstance(value, list) else [value]
    merged: dict[str, object] = {}
    for element in elements:
        if element is None and not isinstance(value, list):
            continue
        if not isinstance(element, dict):
            raise AttributeTypeError("filter")
        for name, content in cast("dict[str, object]", element).items():
            if name in merged:
                raise DuplicateFilterError(name)
            if content is not None:
                merged[name] = content
    return merged


def _columns(
    names: list[str], headers: dict[str, str], find: Callable[[str], str | None]
) -> tuple[Column, ...]:
    found = {name: find(name.lower()) for name in names}
    unknown = [name for name, field in found.items() if field is None]
    if unknown:
        raise UnknownExportFieldsError(", ".join(unknown))
    seen: set[str] = set()
    for name in names:
        if name.lower() in seen:
            raise DuplicateFieldError(name)
        seen.add(name.lower())
    by_lower_name: dict[str, str] = {}
    for name, text in headers.items():
        if name.lower() not in seen:
            raise HeaderOfUnexportedFieldError(name)
        if name.lower() in by_lower_name:
            raise DuplicateFieldError(name)
        by_lower_name[name.lower()] = text
    return tuple(
        Column(field=found[name] or name, header=by_lower_name.get(name.lower(), name))
        for name in names
    )


# Filters.


def _activity_filter(filters: dict[str, object], rules: RequestRules) -> ActivityFilter:
    if not filters:
        raise MissingParameterError("filter")
    known = {"createdAt", "activityTypeIds", "primaryAttributeValueIds", "primaryAttributeValues"}
    for name in filters:
        if name not in known:
            raise UnknownFilterError(name)
    if "createdAt" not in filters:
        raise MissingParameterError("createdAt")
    created_at = _range("createdAt", filters["createdAt"], rules)
    type_ids = _type_ids(filters.get("activityTypeIds"))
    primary_ids = _integers(filters.get("primaryAttributeValueIds"), "primaryAttributeValueIds")
    primary_names = _strings(filters.get("primaryAttributeValues"), "primaryAttributeValues")
    _check_activity_types(type_ids, rules)
    _check_primary_filters(type_ids, primary_ids, primary_names)
    return ActivityFilter(
        created_at,
        type_ids=_distinct(type_ids),
        primary_ids=_distinct(primary_ids),
        primary_names=tuple(primary_names),
    )


def _check_activity_types(type_ids: list[int], rules: RequestRules) -> None:
    for type_id in type_ids:
        activity_type = rules.activity_types.get(type_id)
        if activity_type is None:
            raise UnknownActivityTypeError(type_id)
        if type_id == DELETE_LEAD:
            raise ActivityTypeNotExportableError(activity_type.name)


def _check_primary_filters(type_ids: list[int], ids: list[int], names: list[str]) -> None:
    for parameter, values in (("primaryAttributeValueIds", ids), ("primaryAttributeValues", names)):
        if len(values) > MAXIMUM_PRIMARY_VALUES:
            raise TooManyValuesError(parameter, MAXIMUM_PRIMARY_VALUES)
    if ids and names:
        raise PrimaryAttributeFiltersExclusiveError
    if not ids and not names:
        return
    if not type_ids:
        raise MissingParameterError("activityTypeIds")
    if asset_group_of(frozenset(type_ids)) is None:
        raise MixedAssetGroupsError


def _lead_filter(filters: dict[str, object], rules: RequestRules) -> LeadFilter:
    if not filters:
        raise MissingParameterError("filter")
    if len(filters) > 1:
        raise SeveralFilterTypesError
    (name, value), *_ = filters.items()
    settings = rules.settings
    match name:
        case "createdAt":
            return CreatedLeads(_range(name, value, rules))
        case "updatedAt":
            _check_switched_on(name, is_on=settings.lead_filter_updated_at)
            return UpdatedLeads(_range(name, value, rules))
        case "staticListId":
            return StaticListMembers(_integer(value, name))
        case "staticListName":
            return StaticListMembersByName(_name(value, name))
        case "smartListId":
            _check_switched_on(name, is_on=settings.lead_filter_smart_list)
            return SmartListMembers(_integer(value, name))
        case "smartListName":
            _check_switched_on(name, is_on=settings.lead_filter_smart_list)
            return SmartListMembersByName(_name(value, name))
        case _:
            raise UnknownFilterError(name)


def _check_switched_on(name: str, *, is_on: bool) -> None:
    if not is_on:
        raise FilterSwitchedOffError(name)


def _range(attribute: str, value: object, rules: RequestRules) -> InstantRange:
    if not isinstance(value, dict):
        raise AttributeTypeError(attribute)
    members = cast("dict[str, object]", value)
    for end in ("startAt", "endAt"):
        if members.get(end) in (None, ""):
            raise MissingParameterError(end)
    start, end = parse_instant(members["startAt"]), parse_instant(members["endAt"])
    if start > end:
        raise ReversedRangeError
    maximum_days = rules.settings.maximum_range_days
    if end - start > timedelta(days=maximum_days):
        raise RangeTooLongError(maximum_days)
    return InstantRange(start, end)


def _type_ids(value: object) -> list[int]:
    """Type ids; empty strings, which some clients send, count as none (contract 0 rule 13)."""
    if isinstance(value, list):
        value = [item for item in cast("list[object]", value) if item != ""]
    return _integers(value, "activityTypeIds")


def _integers(value: object, attribute: str) -> list[int]:
    """The integers in the order given; numeric strings count."""
    if value is None:
        return []
    if not isinstance(value, list):
        raise AttributeTypeError(attribute)
    return [_integer(item, attribute) for item in cast("list[object]", value)]


def _distinct(values: Iterable[int]) -> tuple[int, ...]:
    return tuple(dict.fromkeys(values))


def _integer(value: object, attribute: str) -> int:
    if isinstance(value, dict | list):
        raise AttributeTypeError(attribute)
    if isinstance(value, str) and _is_integer_text(value.strip()):
        number = int(value)
    elif isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        raise ScalarTypeError(
            value=msgspec.json.encode(value).decode().strip('"'), type_name="Integer"
        )
    if abs(number) > LARGEST_INTEGER:
        raise ScalarTypeError(value=str(number), type_name="Integer")
    return number


def _is_integer_text(text: str) -> bool:
    digits = text.removeprefix("-")
    return digits.isascii() and digits.isdigit() and len(digits) <= 20


def _name(value: object, attribute: str) -> str:
    if not isinstance(value, str):
        raise AttributeTypeError(attribute)
    if not value:
        raise MissingParameterError(attribute)
    return value
