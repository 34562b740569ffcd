"""The plan of an activity export: which files are read together, and in how many parts."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tailrace.domain.export_request import ActivityFilter
from tailrace.extract.activity_filter import WantedActivities
from tailrace.extract.activity_fragments import plan_fragments
from tailrace.extract.activity_reading import candidates_of
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.data_file import row_bytes
from tailrace.lake.snapshot import DataFile, LakeSnapshot
from tests.support.activities import START, activity, activity_request, frame, random_activities

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.extract.activity_fragments import ActivityFragment

#: What a row of `activity` weighs in the plan.
ROW_BYTES = 98


@pytest.fixture
def log(tmp_path: Path) -> ActivityLog:
    return ActivityLog.in_directory(tmp_path / "activities")


def wanted(*, names: tuple[str, ...] = (), **filters: Any) -> WantedActivities:
    request = activity_request(**filters)
    assert isinstance(request.filter, ActivityFilter)
    return WantedActivities(request.filter, frozenset(names))


def plan(log: ActivityLog, *, fragment_rows: int = 10**6, **filters: Any) -> list[ActivityFragment]:
    return plan_of(log.snapshot(), wanted(**filters), fragment_rows * ROW_BYTES)


def plan_of(
    snapshot: LakeSnapshot, picked: WantedActivities, fragment_bytes: int
) -> list[ActivityFragment]:
    candidates = candidates_of(snapshot, picked)
    return plan_fragments(snapshot.storage, candidates, picked, fragment_bytes=fragment_bytes)


def append_day(log: ActivityLog, day: int, count: int = 10, **values: object) -> None:
    """One file: activities a minute apart."""
    first_guid = day * 1000 + 1
    log.append(
        frame(
            activity(
                first_guid + number,
                activityDate=START + timedelta(days=day, minutes=number),
                **values,
            )
            for number in range(count)
        )
    )


def paths(fragments: list[ActivityFragment]) -> list[int]:
    """Number of files of each fragment."""
    return [len(one.paths) for one in fragments]


def test_no_files__is_no_fragment(log: ActivityLog) -> None:
    assert plan(log) == []


def test_small_neighbours__are_one_fragment(log: ActivityLog) -> None:
    for day in range(4):
        append_day(log, day)
    assert paths(plan(log)) == [4]
    assert paths(plan(log, fragment_rows=20)) == [2, 2]
    assert paths(plan(log, fragment_rows=10)) == [1, 1, 1, 1]


def test_files_outside_the_time_range__are_not_read(log: ActivityLog) -> None:
    for day in range(4):
        append_day(log, day)
    (fragment,) = plan(log, start=START + timedelta(days=1), end=START + timedelta(days=2))
    assert len(fragment.paths) == 2


def test_files_within_the_time_range__are_not_looked_through_for_it(log: ActivityLog) -> None:
    append_day(log, 0)
    append_day(log, 1)
    last = START + timedelta(days=1, minutes=9)
    assert [one.is_whole for one in plan(log, start=START, end=last)] == [True]
    assert [one.is_whole for one in plan(log, start=START + timedelta(seconds=1))] == [False]
    assert [one.is_whole for one in plan(log, end=last - timedelta(seconds=1))] == [False]


@pytest.mark.parametrize(
    ("filters", "files"),
    [
        ({"type_ids": (2,)}, 1),
        ({"type_ids": (1, 2)}, 2),
        ({"type_ids": (3,)}, 0),
        ({"type_ids": (1, 2), "primary_ids": (12,)}, 1),
        ({"type_ids": (1, 2), "primary_ids": (99,)}, 0),
        # There are no statistics of names.
        ({"type_ids": (1, 2), "primary_names": ("b",), "names": ("b",)}, 2),
        ({"type_ids": (2,), "primary_names": ("b",), "names": ("b",)}, 1),
    ],
)
def test_files_without_a_wanted_row__are_not_read(
    log: ActivityLog, filters: dict[str, Any], files: int
) -> None:
    append_day(log, 0, activityTypeId=1, primaryAttributeValueId=11, primaryAttributeValue="a")
    append_day(log, 1, activityTypeId=2, primaryAttributeValueId=12, primaryAttributeValue="b")
    assert sum(paths(plan(log, **filters))) == files


def test_selective_filter__makes_larger_steps(log: ActivityLog) -> None:
    for day in range(4):
        append_day(log, day)
        append_day(log, day + 10, activityTypeId=2, count=1)
    rows = [activity(90 + n, activityDate=START + timedelta(days=n, hours=1)) for n in range(4)]
    log.append(frame([{**row, "activityTypeId": 2} for row in rows]))
    assert len(plan(log, fragment_rows=12)) == 5
    assert len(plan(log, fragment_rows=12, type_ids=(2,))) == 1


def test_overlapping_files__are_read_together_and_cut(log: ActivityLog) -> None:
    rows = random_activities(400, seconds=5000)
    for start in range(0, 400, 100):
        log.append(rows.slice(start, 100))
    fragments = plan(log, fragment_rows=100)
    assert len(fragments) >= 3
    assert not any(one.is_whole for one in fragments)
    assert set(paths(fragments)) == {4}
    read = [rows_of(fragment) for fragment in fragments]
    assert pl.concat(read).equals(
        rows.filter(pl.col("activityTypeId") != 37).sort("activityDate", "marketoGUID")
    )


def rows_of(fragment: ActivityFragment) -> pl.DataFrame:
    rows = pl.scan_parquet(list(fragment.paths), glob=False, hive_partitioning=False)
    picked = rows.filter(fragment.range.predicate & wanted().predicate)
    return picked.collect().sort("activityDate", "marketoGUID")


@pytest.mark.parametrize("seconds", [1, 60])
def test_rows_of_very_different_length__are_cut_by_their_length(
    log: ActivityLog, seconds: int
) -> None:
    for part in range(3):
        log.append(
            frame(
                activity(
                    guid,
                    activityDate=START + timedelta(seconds=guid % seconds),
                    attributes="x" * (20_000 if guid % 60 > 50 else 2),
                )
                for guid in range(part * 100 + 1, part * 100 + 101)
            )
        )
    fragments = plan_of(log.snapshot(), wanted(), 100_000)
    sizes = [rows_of(one).select(row_bytes().sum()).item() for one in fragments]
    assert max(sizes) <= 100_000
    assert sum(rows_of(one).height for one in fragments) == 300


def test_files_without_statistics__are_read_whole(log: ActivityLog, tmp_path: Path) -> None:
    append_day(log, 0)
    (file,) = log.snapshot().files
    rows = frame([activity(5000)])
    rows.write_parquet(tmp_path / "foreign.parquet")
    unknown = DataFile(str(tmp_path / "foreign.parquet"), 1, file.written_at, *[None] * 9)
    snapshot = replace(log.snapshot(), files=(file, unknown))
    (fragment,) = plan_of(snapshot, wanted(type_ids=(1,)), 10**6)
    assert rows_of(fragment).height == 11
    assert not fragment.is_whole
