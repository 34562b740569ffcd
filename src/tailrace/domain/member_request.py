"""What calls on the members of a program ask for: the call as a whole, then each record by itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import msgspec

from tailrace.domain.errors import (
    FieldNotFoundError,
    FieldValueError,
    InvalidJsonError,
    MissingParameterError,
    ParameterError,
    ReadOnlyFieldError,
    ScalarTypeError,
)
from tailrace.domain.lead_sync import input_records
from tailrace.domain.lead_values import clean_text, parse_integer
from tailrace.domain.programs import MEMBER_FIELDS_BY_NAME

if TYPE_CHECKING:
    from collections.abc import Mapping

#: The lead that a record names, or why it names none.
NamedLead = int | ParameterError


@dataclass(frozen=True, slots=True)
class StatusRequest:
    status_name: str
    leads: tuple[NamedLead, ...]


@dataclass(frozen=True, slots=True)
class DataRecord:
    """A member and its new values by API name, None for one to be cleared."""

    lead: NamedLead
    values: Mapping[str, str | None]
    #: What is wrong with the values, if anything is.
    error: ParameterError | None = None


def parse_status_request(body: object, *, status_member: str, id_member: str) -> StatusRequest:
    """A call that moves leads to a status.

    Raises InvalidJsonError, MissingParameterError, AttributeTypeError or TooManyValuesError.
    """
    members = _members(body)
    status_name = members.get(status_member)
    if not isinstance(status_name, str) or not status_name.strip():
        raise MissingParameterError(status_member)
    return StatusRequest(status_name, named_leads(body, id_member=id_member))


def named_leads(body: object, *, id_member: str = "leadId") -> tuple[NamedLead, ...]:
    """The leads that the records of a call name. Raises as `parse_status_request` does."""
    return tuple(_named_lead(record, id_member) for record in input_records(_members(body)))


def parse_data_request(body: object) -> list[DataRecord]:
    """A call that changes the values of members. Raises as `parse_status_request` does."""
    return [_data_record(record) for record in input_records(_members(body))]


def _members(body: object) -> Mapping[str, object]:
    if not isinstance(body, dict):
        raise InvalidJsonError
    return cast("dict[str, object]", body)


def _named_lead(record: Mapping[str, object], id_member: str) -> NamedLead:
    value = record.get(id_member)
    if value is None:
        return MissingParameterError(id_member)
    if isinstance(value, bool) or not isinstance(value, int | str):
        return ScalarTypeError(value=_shown(value), type_name="Integer")
    try:
        return parse_integer(str(value))
    except ScalarTypeError:
        return ScalarTypeError(value=str(value), type_name="Integer")


def _data_record(record: Mapping[str, object]) -> DataRecord:
    lead = _named_lead(record, "leadId")
    try:
        values = {name: _value(name, value) for name, value in record.items() if name != "leadId"}
    except ParameterError as error:
        return DataRecord(lead, {}, error)
    return DataRecord(lead, values)


def _value(name: str, value: object) -> str | None:
    field = MEMBER_FIELDS_BY_NAME.get(name)
    if field is None:
        raise FieldNotFoundError(name)
    if not field.is_updateable:
        raise ReadOnlyFieldError(name)
    if value is None:
        return None
    if not isinstance(value, str):
        raise FieldValueError(field=name, value=_shown(value))
    text = clean_text(value)
    if field.length is not None and len(text) > field.length:
        raise FieldValueError(field=name, value=text)
    return text or None


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode()
