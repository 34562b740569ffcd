"""A column confirmed as a whole holds what reading its values one by one gives."""

from __future__ import annotations

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.domain.lead_fields import DataType, LeadField
from tailrace.domain.lead_values import parse_lead_value
from tailrace.ingest.lead_columns import confirmed_values

FIELDS = {
    data_type: LeadField(1, "field", "Field", data_type, length)
    for data_type, length in (
        (DataType.STRING, 8),
        (DataType.TEXT, None),
        (DataType.EMAIL, 12),
        (DataType.INTEGER, None),
        (DataType.BOOLEAN, None),
        (DataType.DATE, None),
    )
}

#: What tells the two ways apart if anything does: blanks of every kind, breaks, signs, digits.
LETTERS = "a@.é😀 \t\n\r\x00\x1c\x1f\x85\xa0\u2028\u3000+-0123456789٣"
TEXTS = st.none() | st.text(LETTERS, max_size=10) | st.sampled_from(
    ["", "a@b", " a@b", "12", "-12", "+12", "12.0", "9" * 18, "9" * 19, "9" * 30, "true"]
)  # fmt: skip


@pytest.mark.parametrize("data_type", FIELDS)
@given(texts=st.lists(TEXTS, max_size=5))
def test_confirmed_column__is_what_each_value_comes_to(
    data_type: DataType, texts: list[str | None]
) -> None:
    field = FIELDS[data_type]
    found = confirmed_values(field, pl.Series(texts, dtype=pl.String))
    if found is None:
        return
    assert found == [None if text is None else parse_lead_value(field, text) for text in texts]


@pytest.mark.parametrize(
    ("data_type", "texts"),
    [
        (DataType.STRING, ["plain", None, "a b"]),
        (DataType.EMAIL, ["a@b.org", None]),
        (DataType.INTEGER, ["1", "-5", None]),
    ],
)
def test_plain_column__is_confirmed(data_type: DataType, texts: list[str | None]) -> None:
    assert confirmed_values(FIELDS[data_type], pl.Series(texts, dtype=pl.String)) is not None


@pytest.mark.parametrize(
    ("data_type", "text"),
    [
        (DataType.STRING, "longer than"),
        (DataType.STRING, "a\rb"),
        (DataType.EMAIL, "nonsense"),
        (DataType.INTEGER, "1.5"),
    ],
)
def test_column_with_one_odd_value__is_not(data_type: DataType, text: str) -> None:
    texts = pl.Series(["1", text], dtype=pl.String)
    assert confirmed_values(FIELDS[data_type], texts) is None
