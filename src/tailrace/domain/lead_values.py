"""The values of lead fields: from the text of a file or a request to what the store keeps.

Theory of operation: every value arrives as text and rests as its field's `Storage` says, in one
canonical spelling, so that the same value compares equal however it was written, sorts as its
type does, and a result file shows it unchanged (contract section 4).
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import partial
from typing import TYPE_CHECKING

from tailrace.domain.errors import ScalarTypeError
from tailrace.domain.instants import format_instant, parse_instant
from tailrace.domain.lead_fields import LARGEST_INTEGER, DataType, LeadField, Storage

if TYPE_CHECKING:
    from collections.abc import Callable

#: What the store keeps of one field; None is no value.
StoredValue = str | int | bool

#: Digits before or after the point: more is no quantity, and exponents must not become megabytes.
_MAXIMUM_DECIMAL_DIGITS = 40

_INTEGER = re.compile(r"[+-]?\d+(?:\.0*)?", re.ASCII)
_DECIMAL = re.compile(r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?", re.ASCII)
_DATE = re.compile(r"\d{4}-\d\d-\d\d", re.ASCII)
_EMAIL = re.compile(r"[^@\s]+@[^@\s]+")
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}


def parse_lead_value(field: LeadField, text: str) -> StoredValue | None:
    """What the store keeps for `text` in `field`; None for text that holds nothing.

    Raises ScalarTypeError where the text is no value of the field's data type or too long for it.
    """
    return lead_value_parser(field)(text)


def lead_value_parser(field: LeadField) -> Callable[[str], StoredValue | None]:
    """`parse_lead_value` of one field, for columns of many values."""
    if field.data_type.storage is Storage.TEXT:
        return partial(_parse_text, field.data_type, field.length)
    return _PARSERS[field.data_type.storage]


def clean_text(text: str) -> str:
    """`text` as the store keeps it: line breaks are LF alone and NUL is gone (contract 4)."""
    if "\r" in text or "\0" in text:
        return text.replace("\0", "").replace("\r\n", "\n").replace("\r", "\n")
    return text


def parse_integer(text: str) -> int:
    """The integer that `text` names; `14.0` is one. Raises ScalarTypeError."""
    stripped = text.strip()
    # Python refuses to read integers of thousands of digits, with an error of its own.
    if len(stripped) <= _MAXIMUM_DECIMAL_DIGITS and _INTEGER.fullmatch(stripped):
        value = int(stripped.partition(".")[0])
        if -LARGEST_INTEGER - 1 <= value <= LARGEST_INTEGER:
            return value
    raise ScalarTypeError(value=text, type_name="integer")


def parse_boolean(text: str) -> bool:
    """The boolean that `true`, `false`, `1` or `0` names, in any case. Raises ScalarTypeError."""
    value = _BOOLEANS.get(text.strip().lower())
    if value is None:
        raise ScalarTypeError(value=text, type_name="boolean")
    return value


def parse_decimal(text: str) -> str:
    """The canonical text of a decimal number: no exponent, no grouping, no trailing zeros.

    Raises ScalarTypeError.
    """
    stripped = text.strip()
    if len(stripped) > 2 * _MAXIMUM_DECIMAL_DIGITS or not _DECIMAL.fullmatch(stripped):
        raise ScalarTypeError(value=text, type_name="decimal number")
    number = Decimal(stripped)
    if not number:
        return "0"
    if abs(number.adjusted()) > _MAXIMUM_DECIMAL_DIGITS:
        raise ScalarTypeError(value=text, type_name="decimal number")
    plain = format(number, "f")
    return plain.rstrip("0").rstrip(".") if "." in plain else plain


def parse_date(text: str) -> str:
    """`YYYY-MM-DD`, also out of a date-time, whose own day it is. Raises ScalarTypeError."""
    stripped = text.strip()
    try:
        parse_instant(stripped)
    except ScalarTypeError as error:
        raise ScalarTypeError(value=text, type_name="date") from error
    match = _DATE.match(stripped)
    assert match is not None
    return match[0]


def _parse_instant_text(text: str) -> str:
    return format_instant(parse_instant(text))


def _parse_text(data_type: DataType, length: int | None, text: str) -> str | None:
    cleaned = clean_text(text)
    if not cleaned:
        return None
    if length is not None and len(cleaned) > length:
        raise ScalarTypeError(
            value=cleaned, type_name=f"{data_type} of at most {length} characters"
        )
    if data_type is DataType.EMAIL and not _EMAIL.fullmatch(cleaned.strip()):
        raise ScalarTypeError(value=cleaned, type_name="email")
    return cleaned.strip() or None if data_type is DataType.EMAIL else cleaned


_PARSERS: dict[Storage, Callable[[str], StoredValue | None]] = {
    Storage.INTEGER: parse_integer,
    Storage.BOOLEAN: parse_boolean,
    Storage.DECIMAL: parse_decimal,
    Storage.DATE: parse_date,
    Storage.INSTANT: _parse_instant_text,
}
