"""The fields that a call asks to be created: read and checked one by one (contract section 6.1)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

from tailrace.domain.errors import (
    AttributeTypeError,
    FieldValueError,
    InvalidJsonError,
    MissingParameterError,
    TooManyValuesError,
)
from tailrace.domain.lead_fields import DataType

if TYPE_CHECKING:
    from collections.abc import Mapping

#: Fields of one call, and fields that a subscription may have created through the API.
MAXIMUM_CREATED_FIELDS: Final = 100

#: Types that a field may be created with, and the length that values of it may have.
CREATABLE_TYPES: Final[dict[DataType, int | None]] = {
    DataType.BOOLEAN: None,
    DataType.CURRENCY: None,
    DataType.DATE: None,
    DataType.DATETIME: None,
    DataType.EMAIL: 255,
    DataType.FLOAT: None,
    DataType.INTEGER: None,
    DataType.PERCENT: None,
    DataType.PHONE: 255,
    DataType.SCORE: None,
    DataType.STRING: 255,
    DataType.TEXT: None,
    DataType.URL: 255,
}

#: Characters of a name, as the store keeps it.
_MAXIMUM_NAME = 255


@dataclass(frozen=True, slots=True)
class NewLeadField:
    name: str
    display_name: str
    data_type: DataType
    description: str | None
    is_hidden: bool
    is_sensitive: bool


def field_records(body: object) -> list[dict[str, object]]:
    """The records of a call.

    Raises InvalidJsonError, AttributeTypeError, MissingParameterError or TooManyValuesError.
    """
    if not isinstance(body, dict):
        raise InvalidJsonError
    given = cast("dict[str, object]", body).get("input")
    if given is None:
        raise MissingParameterError("input")
    if not isinstance(given, list):
        raise AttributeTypeError("input")
    records = cast("list[object]", given)
    if not all(isinstance(one, dict) for one in records):
        raise AttributeTypeError("input")
    if len(records) > MAXIMUM_CREATED_FIELDS:
        raise TooManyValuesError("input", MAXIMUM_CREATED_FIELDS)
    return cast("list[dict[str, object]]", records)


def new_lead_field(record: Mapping[str, object]) -> NewLeadField:
    """The field that a record describes.

    Raises MissingParameterError for a member that is not there, FieldValueError for a bad one.
    """
    name = _text(record, "name")
    if not name.isascii() or not name.replace("_", "").isalnum() or name[0].isdigit():
        raise FieldValueError("name", name)
    data_type = _text(record, "dataType")
    if data_type.lower() not in CREATABLE_TYPES:
        raise FieldValueError("dataType", data_type)
    description = record.get("description")
    if not isinstance(description, str | None):
        raise FieldValueError("description", str(description))
    return NewLeadField(
        name=name,
        display_name=_text(record, "displayName"),
        data_type=DataType(data_type.lower()),
        description=description,
        is_hidden=_flag(record, "isHidden"),
        is_sensitive=_flag(record, "isSensitive"),
    )


def _text(record: Mapping[str, object], member: str) -> str:
    value = record.get(member)
    if value is None or value == "":
        raise MissingParameterError(member)
    if not isinstance(value, str) or len(value) > _MAXIMUM_NAME or not value.strip():
        raise FieldValueError(member, str(value))
    return value.strip()


def _flag(record: Mapping[str, object], member: str) -> bool:
    value = record.get(member)
    if not isinstance(value, bool | None):
        raise FieldValueError(member, str(value))
    return value or False
