"""Ranges of the sort key of activities, and cutting one into ranges whose rows fit in memory.

The key is (second of activityDate, marketoGUID). Nearly always a range of seconds will do; GUIDs
come in where a single second holds more rows than fit.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

from tailrace.domain.instants import instant_of

if TYPE_CHECKING:
    from collections.abc import Iterator

#: Buckets that rows are counted in for each range expected: a range is that evenly filled.
_BUCKETS_PER_RANGE = 256
_MOST_BUCKETS = 65_536

_LARGEST_GUID = 2**63 - 1


@dataclass(frozen=True, slots=True)
class KeyRange:
    """All ends are inclusive; seconds count from 1970 UTC."""

    first_second: int
    last_second: int
    least_guid: int = 1
    largest_guid: int = _LARGEST_GUID

    @property
    def is_one_second(self) -> bool:
        return self.first_second == self.last_second

    @property
    def predicate(self) -> pl.Expr:
        """Picks the rows in the range, in a form that Parquet statistics can answer."""
        end = instant_of(self.last_second) + timedelta(microseconds=999_999)
        in_time = pl.col("activityDate").is_between(instant_of(self.first_second), end)
        if (self.least_guid, self.largest_guid) == (1, _LARGEST_GUID):
            return in_time
        return in_time & pl.col("marketoGUID").is_between(self.least_guid, self.largest_guid)


def cut(
    rows: pl.LazyFrame, whole: KeyRange, *, weight: pl.Expr, expected_weight: int, bound: int
) -> Iterator[KeyRange]:
    """Ranges in order that together hold the rows of `whole`, each of at most `bound` weight.

    `weight` aggregates rows; nothing is read but what it needs and the key. `expected_weight` is
    what all rows may weigh, and only decides how finely they are counted. A single row that weighs
    more than `bound` makes a range of its own.
    """
    first, last, gathered = _ends(whole)[0], 0, 0
    bucket_count = min(_MOST_BUCKETS, _BUCKETS_PER_RANGE * (1 + expected_weight // bound))
    for low, high, bucket_weight in _buckets(rows, whole, weight, bucket_count):
        if gathered and gathered + bucket_weight > bound:
            yield _part(whole, first, last)
            first, gathered = low, 0
        if bucket_weight > bound and (low < high or not whole.is_one_second):
            part = _part(whole, low, high)
            yield from cut(rows, part, weight=weight, expected_weight=bucket_weight, bound=bound)
            first = high + 1
        else:
            gathered += bucket_weight
        last = high
    if gathered:
        yield _part(whole, first, last)


def _buckets(
    rows: pl.LazyFrame, whole: KeyRange, weight: pl.Expr, bucket_count: int
) -> Iterator[tuple[int, int, int]]:
    """First key, last key and weight of each bucket that holds rows, in order."""
    low, high = _ends(whole)
    width = -(-(high - low + 1) // bucket_count)
    key = pl.col("marketoGUID") if whole.is_one_second else pl.col("activityDate").dt.epoch("s")
    counts = (
        rows.filter(whole.predicate)
        .group_by(bucket=(key - low) // width)
        .agg(weight=weight)
        .sort("bucket")
        .collect()
    )
    for bucket, bucket_weight in counts.iter_rows():
        start = low + bucket * width
        yield start, min(high, start + width - 1), bucket_weight


def _ends(whole: KeyRange) -> tuple[int, int]:
    if whole.is_one_second:
        return whole.least_guid, whole.largest_guid
    return whole.first_second, whole.last_second


def _part(whole: KeyRange, low: int, high: int) -> KeyRange:
    if whole.is_one_second:
        return replace(whole, least_guid=low, largest_guid=high)
    return replace(whole, first_second=low, last_second=high)
