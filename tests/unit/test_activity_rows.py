"""Rows on their way into the lake."""

from __future__ import annotations

from datetime import UTC, datetime

import polars as pl
import pytest

from tailrace.lake.activity_rows import ACTIVITY_SCHEMA, are_distinct, canonical_rows
from tests.support.activities import activity, frame


def canonical_value(name: str, value: object) -> object:
    return canonical_rows(frame([activity(1, **{name: value})])).item(0, name)


@pytest.mark.parametrize(
    ("given", "kept"),
    [
        ("a\r\nb\rc\nd", "a\nb\nc\nd"),
        ("\r\r\n", "\n\n"),
        ("a\0b", "ab"),
        ("\0", None),
        ("", None),
        ("null", "null"),
        (None, None),
    ],
)
def test_text__is_made_straight(given: str | None, kept: str | None) -> None:
    assert canonical_value("primaryAttributeValue", given) == kept


def test_instant__is_cut_to_seconds() -> None:
    given = datetime(2026, 10, 1, 12, 0, 59, 999_999, tzinfo=UTC)
    assert canonical_value("activityDate", given) == given.replace(microsecond=0)


def test_instant_before_1970__is_cut_downwards() -> None:
    given = datetime(1969, 12, 31, 23, 59, 58, 500_000, tzinfo=UTC)
    assert canonical_value("activityDate", given) == given.replace(microsecond=0)


def test_columns__come_out_in_order() -> None:
    shuffled = frame([activity(1)]).select(*reversed(ACTIVITY_SCHEMA))
    assert canonical_rows(shuffled).columns == list(ACTIVITY_SCHEMA)


@pytest.mark.parametrize(
    "rows",
    [
        frame([activity(1)]).drop("actionResult"),
        frame([activity(1)]).with_columns(pl.lit(1).alias("more")),
        frame([activity(1)]).cast({"leadId": pl.Int32}),
        frame([activity(1)]).cast({"activityDate": pl.Datetime("ms", "UTC")}),
    ],
)
def test_other_schema__is_refused(rows: pl.DataFrame) -> None:
    with pytest.raises(TypeError):
        canonical_rows(rows)


@pytest.mark.parametrize(
    "rows",
    [
        [activity(1, leadId=None)],
        [activity(1, attributes="")],
        [activity(0)],
        [activity(3), activity(3)],
    ],
)
def test_broken_rows__are_refused(rows: list[dict[str, object]]) -> None:
    with pytest.raises(ValueError, match="activities"):
        canonical_rows(frame(rows))


@pytest.mark.parametrize(
    ("guids", "is_distinct"),
    [
        ([], True),
        ([7], True),
        ([1, 2, 9], True),
        ([9, 1, 2], True),
        ([1, 1], False),
        ([1, 2, 2, 3], False),
        ([3, 1, 3], False),
    ],
)
def test_distinct_guids__are_told_in_any_order(guids: list[int], *, is_distinct: bool) -> None:
    assert are_distinct(pl.Series(guids, dtype=pl.Int64)) is is_distinct
