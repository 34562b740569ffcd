"""Texts become values of lead fields, or are refused."""

from __future__ import annotations

import pytest

from tailrace.domain.errors import ScalarTypeError
from tailrace.domain.lead_fields import DataType, LeadField
from tailrace.domain.lead_values import StoredValue, parse_lead_value


def field(data_type: DataType, length: int | None = None) -> LeadField:
    return LeadField(id=1, name="x", display_name="X", data_type=data_type, length=length)


@pytest.mark.parametrize(
    ("data_type", "text", "value"),
    [
        (DataType.STRING, "  a b ", "  a b "),
        (DataType.TEXT, "a\r\nb\rc\0", "a\nb\nc"),
        (DataType.STRING, "\0", None),
        (DataType.INTEGER, " 12 ", 12),
        (DataType.INTEGER, "+7", 7),
        (DataType.SCORE, "-3.0", -3),
        (DataType.REFERENCE, str(2**63 - 1), 2**63 - 1),
        (DataType.BOOLEAN, "TRUE", True),
        (DataType.BOOLEAN, "0", False),
        (DataType.FLOAT, "1.500", "1.5"),
        (DataType.CURRENCY, "-.25", "-0.25"),
        (DataType.PERCENT, "1e3", "1000"),
        (DataType.FLOAT, "-0.0", "0"),
        (DataType.FLOAT, "1200.", "1200"),
        (DataType.FLOAT, "12345678901234567890.123456789", "12345678901234567890.123456789"),
        (DataType.DATE, "2024-02-29", "2024-02-29"),
        (DataType.DATE, "2024-02-29T23:30:00-05:00", "2024-02-29"),
        (DataType.DATETIME, "2024-02-29T23:30:00.5-0500", "2024-03-01T04:30:00Z"),
        (DataType.DATETIME, "2024-02-29", "2024-02-29T00:00:00Z"),
        (DataType.EMAIL, " Ada@Example.com ", "Ada@Example.com"),
    ],
)
def test_value__rests_in_its_canonical_form(
    data_type: DataType, text: str, value: StoredValue | None
) -> None:
    got = parse_lead_value(field(data_type), text)
    assert got == value
    assert type(got) is type(value)


@pytest.mark.parametrize(
    ("data_type", "text"),
    [
        (DataType.INTEGER, "14.1"),
        (DataType.INTEGER, "1_000"),
        (DataType.INTEGER, "٣"),
        (DataType.INTEGER, str(2**63)),
        (DataType.INTEGER, "9" * 5000),
        (DataType.BOOLEAN, "other"),
        (DataType.FLOAT, "14c"),
        (DataType.FLOAT, "1,000"),
        (DataType.FLOAT, "nan"),
        (DataType.FLOAT, "1e999"),
        (DataType.PERCENT, "100%"),
        (DataType.DATE, "2023-02-29"),
        (DataType.DATETIME, "yesterday"),
        (DataType.EMAIL, "nobody"),
        (DataType.EMAIL, "a b@example.com"),
    ],
)
def test_text_of_another_type__is_refused(data_type: DataType, text: str) -> None:
    with pytest.raises(ScalarTypeError):
        parse_lead_value(field(data_type), text)


def test_length__counts_characters() -> None:
    short = field(DataType.STRING, length=3)
    assert parse_lead_value(short, "äöü") == "äöü"
    with pytest.raises(ScalarTypeError, match="at most 3 characters"):
        parse_lead_value(short, "äöüß")
