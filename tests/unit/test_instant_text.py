"""Instants of a column as text: the same as one by one."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.domain.instants import INSTANT_FORMAT, instant_of, second_of
from tailrace.extract.instant_text import instant_text

INSTANTS = pl.Datetime("us", "UTC")


def column(*values: datetime | None) -> pl.Series:
    return pl.Series("at", values, dtype=INSTANTS)


def instants_of(year: int) -> st.SearchStrategy[datetime | None]:
    first = second_of(datetime(year, 1, 1, tzinfo=UTC))
    return st.none() | st.integers(first, first + 20 * 365 * 86_400).map(instant_of)


@given(
    st.sampled_from([1, 990, 1960, 2026, 9970]).flatmap(
        lambda year: st.lists(instants_of(year), max_size=20)
    )
)
def test_instant_text__is_that_of_each_instant(values: list[datetime | None]) -> None:
    at = column(*values)
    assert instant_text(at).equals(at.dt.strftime(INSTANT_FORMAT), check_names=True)


@given(
    st.integers(
        second_of(datetime(1, 1, 2, tzinfo=UTC)), second_of(datetime(2100, 1, 1, tzinfo=UTC))
    ),
    st.lists(st.none() | st.integers(0, 40), max_size=60),
)
def test_instants_of_a_few_seconds__are_texts_too(first: int, offsets: list[int | None]) -> None:
    at = column(*(None if offset is None else instant_of(first + offset) for offset in offsets))
    assert instant_text(at).equals(at.dt.strftime(INSTANT_FORMAT), check_names=True)


@pytest.mark.parametrize(
    "values",
    [
        (),
        (None, None),
        (datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, 23, 59, 59, tzinfo=UTC)),
    ],
)
def test_instants_without_a_day_or_far_apart__are_texts_too(
    values: tuple[datetime | None, ...],
) -> None:
    at = column(*values)
    assert instant_text(at).equals(at.dt.strftime(INSTANT_FORMAT), check_names=True)
