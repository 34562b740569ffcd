"""Sync Leads as a value: what to do, how leads are found, and each record checked by itself.

Theory of operation: whatever is wrong with the call as a whole is raised; whatever is wrong with
one record rests in its place, so that results keep the order of the input (contract section 7.1).
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final, cast

import msgspec

from tailrace.domain.errors import (
    AttributeTypeError,
    FieldNotAllowedError,
    FieldNotFoundError,
    FieldValueError,
    InvalidJsonError,
    LookupValueMissingError,
    MissingParameterError,
    ParameterError,
    ParameterValueError,
    PartitionChangeError,
    PartitionError,
    ReadOnlyFieldError,
    ScalarTypeError,
    TooManyValuesError,
)
from tailrace.domain.lead_lookup import PARTITION_ID, PARTITION_NAME, lookup_field
from tailrace.domain.lead_values import lead_value_parser

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.domain.lead_values import StoredValue

#: Records of one call (contract section 7).
MAXIMUM_RECORDS: Final = 300

DEFAULT_LOOKUP_FIELD: Final = "email"


class SyncAction(StrEnum):
    CREATE_OR_UPDATE = "createOrUpdate"
    CREATE_ONLY = "createOnly"
    UPDATE_ONLY = "updateOnly"
    #: Never looks for a lead.
    CREATE_DUPLICATE = "createDuplicate"


#: The values of a record by REST name, None for one to be cleared; or why there are none.
SyncRecord = Mapping[str, "StoredValue | None"] | ParameterError


@dataclass(frozen=True, slots=True)
class SyncRequest:
    action: SyncAction
    lookup: LeadField
    records: Sequence[SyncRecord]


def parse_sync_request(body: object, fields: LeadFieldCatalogue) -> SyncRequest:
    """The request in a decoded JSON body whose numbers with a fraction are texts.

    Raises InvalidJsonError, AttributeTypeError, MissingParameterError, TooManyValuesError,
    ParameterValueError, LookupFieldError or PartitionError.
    """
    if not isinstance(body, dict):
        raise InvalidJsonError
    members = cast("dict[str, object]", body)
    records = input_records(members)
    action_name = _text(members, "action") or SyncAction.CREATE_OR_UPDATE.value
    if action_name not in set(SyncAction):
        raise ParameterValueError(value=action_name, parameter="action")
    action = SyncAction(action_name)
    lookup = lookup_field(fields, _text(members, "lookupField") or DEFAULT_LOOKUP_FIELD)
    check_partition(_text(members, "partitionName"))
    check = RecordCheck(fields, action, lookup)
    return SyncRequest(action, lookup, [check.read(record) for record in records])


def input_records(members: Mapping[str, object]) -> list[dict[str, object]]:
    """The objects of `input`.

    Raises MissingParameterError, AttributeTypeError or TooManyValuesError.
    """
    given = members.get("input")
    if given is None:
        raise MissingParameterError("input")
    if not isinstance(given, list):
        raise AttributeTypeError("input")
    records = cast("list[object]", given)
    if not all(isinstance(record, dict) for record in records):
        raise AttributeTypeError("input")
    if len(records) > MAXIMUM_RECORDS:
        raise TooManyValuesError("input", MAXIMUM_RECORDS)
    return cast("list[dict[str, object]]", records)


def check_partition(name: str | None) -> None:
    """Raises PartitionError for any partition but the one there is."""
    if name is not None and name != PARTITION_NAME:
        raise PartitionError(name)


class RecordCheck:
    """Reads records of one request."""

    def __init__(self, fields: LeadFieldCatalogue, action: SyncAction, lookup: LeadField) -> None:
        self._fields = fields
        self._action = action
        self._lookup = lookup
        self._parsers: dict[str, Callable[[str], StoredValue | None]] = {}

    def read(self, record: Mapping[str, object]) -> SyncRecord:
        """The values of a record, or the first rule that it breaks."""
        try:
            values = dict(self._value(name, value) for name, value in record.items())
            self.check_lookup_value(values)
        except ParameterError as error:
            return error
        return values

    def field(self, name: str) -> LeadField:
        """The field that a record may write, or find its lead by, under this name.

        Raises FieldNotFoundError, FieldNotAllowedError or ReadOnlyFieldError.
        """
        field = self._fields.find(name)
        if field is None or field.name != name:
            if name == "cookie" and self._lookup.name == "cookies":
                return self._lookup
            raise FieldNotFoundError(name)
        if name == "id" and not (self._lookup.name == "id" and self._may_update):
            raise FieldNotAllowedError("id", self._action.value)
        if field.read_only:
            raise ReadOnlyFieldError(name)
        return field

    def check_lookup_value(self, values: Mapping[str, StoredValue | None]) -> None:
        """Raises LookupValueMissingError where there is nothing to find the lead by."""
        if self._action is SyncAction.CREATE_DUPLICATE:
            return
        if values.get(self._lookup.name) is None:
            raise LookupValueMissingError(self._lookup.name)

    @property
    def _may_update(self) -> bool:
        return self._action in (SyncAction.CREATE_OR_UPDATE, SyncAction.UPDATE_ONLY)

    def _value(self, name: str, value: object) -> tuple[str, StoredValue | None]:
        parse = self._parsers.get(name)
        if parse is None:
            parse = self._parsers[name] = lead_value_parser(self.field(name))
        text = _scalar_text(name, value)
        try:
            stored = None if text is None else parse(text)
        except ScalarTypeError as error:
            raise FieldValueError(name, text or "") from error
        if name == "leadPartitionId" and stored != PARTITION_ID:
            raise PartitionChangeError
        return ("cookies" if name == "cookie" else name), stored


def _scalar_text(name: str, value: object) -> str | None:
    """The text of a JSON scalar. Raises FieldValueError for an array or object."""
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    raise FieldValueError(name, msgspec.json.encode(value).decode())


def _text(members: Mapping[str, object], name: str) -> str | None:
    value = members.get(name)
    if not isinstance(value, str | None):
        raise AttributeTypeError(name)
    return value.strip() or None if value is not None else None
