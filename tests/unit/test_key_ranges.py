"""Cutting a range of the sort key into ranges of bounded weight."""

from __future__ import annotations

import polars as pl
import pytest

from tailrace.domain.instants import second_of
from tailrace.lake.key_ranges import KeyRange, cut
from tests.support.activities import START, activity, frame, random_activities

LATEST = 10**6


def ranges(rows: pl.DataFrame, bound: int) -> list[KeyRange]:
    first = second_of(START)
    whole = KeyRange(first, first + LATEST)
    weight = rows.height
    return list(cut(rows.lazy(), whole, weight=pl.len(), expected_weight=weight, bound=bound))


def parts(rows: pl.DataFrame, found: list[KeyRange]) -> list[pl.DataFrame]:
    return [rows.filter(one.predicate).sort("activityDate", "marketoGUID") for one in found]


@pytest.mark.parametrize("seconds", [1, 2, 50, 5000, 900_000])
@pytest.mark.parametrize("bound", [1, 7, 400, 5000])
def test_ranges__hold_every_row_once_in_order_within_the_bound(seconds: int, bound: int) -> None:
    rows = random_activities(400, seconds=seconds)
    found = parts(rows, ranges(rows, bound))
    assert pl.concat(found).equals(rows.sort("activityDate", "marketoGUID"))
    assert max(one.height for one in found) <= bound


def test_ranges__are_as_large_as_the_bound_lets_them() -> None:
    rows = random_activities(1000, seconds=900_000)
    assert len(ranges(rows, 100)) <= 11


def test_range_without_rows__is_cut_into_nothing() -> None:
    assert ranges(frame([]), 10) == []


def test_second_that_is_overfull__is_cut_by_guid() -> None:
    guids = [1, 2, 3, 2**40, 2**62, 2**63 - 2, 2**63 - 1]
    rows = frame(activity(guid) for guid in guids)
    found = parts(rows, ranges(rows, 2))
    assert pl.concat(found)["marketoGUID"].to_list() == guids
    assert max(one.height for one in found) == 2


def test_row_that_weighs_too_much__is_a_range_of_its_own() -> None:
    rows = frame(activity(guid, attributes="x" * size) for guid, size in ((1, 5), (2, 90), (3, 5)))
    first = second_of(START)
    weight = pl.col("attributes").str.len_bytes().sum()
    whole = KeyRange(first, first)
    found = list(cut(rows.lazy(), whole, weight=weight, expected_weight=100, bound=10))
    assert [rows.filter(one.predicate).height for one in found] == [1, 1, 1]
