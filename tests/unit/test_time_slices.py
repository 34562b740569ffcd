"""Which rows share a data file."""

from __future__ import annotations

from datetime import timedelta

import polars as pl

from tailrace.lake.time_slices import time_slices
from tests.support.activities import START, activity, frame, random_activities


def test_slices__hold_every_row_once_in_order_of_time() -> None:
    rows = random_activities(2000)
    slices = list(time_slices(rows, file_rows=300))
    assert pl.concat(slices).sort("marketoGUID").equals(rows.sort("marketoGUID"))
    ends = [(one["activityDate"].min(), one["activityDate"].max()) for one in slices]
    assert ends == sorted(ends)


def test_slice__is_of_one_day() -> None:
    for one in time_slices(random_activities(500)):
        assert one["activityDate"].dt.date().n_unique() == 1


def test_slices_of_a_day__are_even_and_small() -> None:
    sizes = [
        one.height for one in time_slices(random_activities(1000, seconds=86_400), file_rows=300)
    ]
    assert len(sizes) == 4
    assert max(sizes) - min(sizes) <= 10


def test_slice__is_sorted_for_pruning_by_type() -> None:
    for one in time_slices(random_activities(500), file_rows=100):
        assert one.equals(one.sort("activityTypeId", "activityDate", "marketoGUID"))


def test_slices__do_not_share_a_second() -> None:
    rows = random_activities(1000, seconds=20)
    slices = list(time_slices(rows, file_rows=100))
    seconds = pl.concat([one["activityDate"].unique() for one in slices])
    assert len(slices) > 1
    assert seconds.n_unique() == seconds.len()


def test_second_that_fills_files__is_cut_by_guid() -> None:
    rows = frame(activity(guid) for guid in range(1, 1001))
    slices = list(time_slices(rows, file_rows=100))
    assert len(slices) == 10
    assert max(one.height for one in slices) <= 101
    guids = pl.concat(slices)["marketoGUID"]
    assert guids.equals(guids.sort())


def test_long_texts__make_smaller_files() -> None:
    rows = frame(
        activity(guid, activityDate=START + timedelta(seconds=guid), attributes="x" * 10_000)
        for guid in range(1, 101)
    )
    sizes = [one.height for one in time_slices(rows, file_bytes=200_000)]
    assert max(sizes) <= 20
