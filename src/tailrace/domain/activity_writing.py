"""Custom activities as a call brings them: read and checked one by one (contract section 7.5)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec

from tailrace.domain.activity_attributes import AttributeRules, AttributesError
from tailrace.domain.activity_types import FIRST_CUSTOM_TYPE_ID, ActivityType, api_name_of
from tailrace.domain.errors import (
    ActivityAttributesError,
    AttributesTooLargeError,
    AttributeTypeError,
    FieldNotFoundError,
    LeadNotFoundError,
    MissingParameterError,
    ParameterValueError,
    ScalarTypeError,
    StandardActivityTypeError,
    UnknownActivityTypeError,
)
from tailrace.domain.instants import parse_instant
from tailrace.domain.lead_values import parse_integer

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

MAXIMUM_ATTRIBUTE_BYTES = 65_536


@dataclass(frozen=True, slots=True)
class CustomActivity:
    """An activity of the subscription's own types, before it has a GUID."""

    lead_id: int
    type_id: int
    at: datetime
    primary_value: str
    #: By display name, typed as declared.
    attributes: dict[str, str | int | float | bool | None]


class CustomActivityReader:
    """Reads records by the approved types of one subscription."""

    def __init__(self, types: Mapping[int, ActivityType]) -> None:
        self._types = types
        self._by_api_name = {
            api_name_of(one).lower(): one
            for one in types.values()
            if one.id >= FIRST_CUSTOM_TYPE_ID
        }
        self._rules: dict[ActivityType, AttributeRules] = {}

    def read(self, record: Mapping[str, object]) -> CustomActivity:
        """The activity in a record. Whether its lead exists is for the caller to see.

        Raises ParameterError or AttributeTypeError for what is wrong first.
        """
        lead_id = _number(record, "leadId")
        if lead_id < 1:
            raise LeadNotFoundError
        activity_type = self._type(record)
        return CustomActivity(
            lead_id=lead_id,
            type_id=activity_type.id,
            at=parse_instant(_given(record, "activityDate")),
            primary_value=self._primary_value(record, activity_type),
            attributes=self._checked(activity_type, _attribute_values(record, activity_type)),
        )

    def _type(self, record: Mapping[str, object]) -> ActivityType:
        api_name = record.get("apiName")
        if record.get("activityTypeId") is None and isinstance(api_name, str):
            if api_name.lower() not in self._by_api_name:
                raise ParameterValueError(api_name, "apiName")
            return self._by_api_name[api_name.lower()]
        type_id = _number(record, "activityTypeId")
        if type_id not in self._types:
            raise UnknownActivityTypeError(type_id)
        if type_id < FIRST_CUSTOM_TYPE_ID:
            raise StandardActivityTypeError(type_id)
        return self._types[type_id]

    def _primary_value(self, record: Mapping[str, object], activity_type: ActivityType) -> str:
        value = _given(record, "primaryAttributeValue")
        if isinstance(value, list | dict):
            raise AttributeTypeError("primaryAttributeValue")
        primary = activity_type.primary_attribute
        if primary is not None:
            alone = ActivityType(id=activity_type.id, name="", attributes=(primary,))
            self._checked(alone, {primary.name: value})
        return value if isinstance(value, str) else msgspec.json.encode(value).decode()

    def _checked(
        self, activity_type: ActivityType, values: Mapping[str, object]
    ) -> dict[str, str | int | float | bool | None]:
        if activity_type not in self._rules:
            self._rules[activity_type] = AttributeRules(activity_type)
        given = msgspec.json.encode(values).decode()
        try:
            document = self._rules[activity_type].canonical(given)
        except AttributesError as error:
            raise ActivityAttributesError(str(error)) from error
        if len(document.encode()) > MAXIMUM_ATTRIBUTE_BYTES:
            raise AttributesTooLargeError(MAXIMUM_ATTRIBUTE_BYTES)
        return msgspec.json.decode(document)


def _attribute_values(
    record: Mapping[str, object], activity_type: ActivityType
) -> dict[str, object]:
    given = record.get("attributes")
    if given is None:
        return {}
    if not isinstance(given, list):
        raise AttributeTypeError("attributes")
    names = {
        spelling.lower(): one.name
        for one in activity_type.attributes
        for spelling in (one.name, api_name_of(one))
    }
    values: dict[str, object] = {}
    for item in cast("list[object]", given):
        if not isinstance(item, dict):
            raise AttributeTypeError("attributes")
        members = cast("Mapping[str, object]", item)
        named = members.get("apiName") or members.get("name")
        if not isinstance(named, str):
            raise MissingParameterError("name")
        if named.lower() not in names:
            raise FieldNotFoundError(named)
        values[names[named.lower()]] = members.get("value")
    return values


def _given(record: Mapping[str, object], name: str) -> object:
    value = record.get(name)
    if value is None or value == "":
        raise MissingParameterError(name)
    return value


def _number(record: Mapping[str, object], name: str) -> int:
    value = _given(record, name)
    if isinstance(value, int) and not isinstance(value, bool):
        return parse_integer(str(value))
    if isinstance(value, str):
        return parse_integer(value)
    raise ScalarTypeError(value=msgspec.json.encode(value).decode(), type_name="Integer")
