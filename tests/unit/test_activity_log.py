"""The activity log: append, look up, pin, sweep."""

from __future__ import annotations

import os
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import duckdb
import polars as pl
import pytest
from deltalake import DeltaTable

from tailrace.domain.errors import HomeError
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA
from tests.support.activities import START, activity, frame, random_activities

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.lake.snapshot import LakeSnapshot


@pytest.fixture
def log(tmp_path: Path) -> ActivityLog:
    return ActivityLog.in_directory(tmp_path / "lake" / "1" / "activities")


def table_of(log: ActivityLog, tmp_path: Path) -> str:
    log.snapshot()
    return str(tmp_path / "lake" / "1" / "activities")


def rows_in(snapshot: LakeSnapshot) -> pl.DataFrame:
    frames = [pl.read_parquet(file.path, hive_partitioning=False) for file in snapshot.files]
    return pl.concat([frame([]), *frames]).sort("marketoGUID")


def test_new_log__is_empty(log: ActivityLog) -> None:
    assert log.snapshot().files == ()
    assert log.largest_guid() == 0
    assert log.count_by_type() == {}
    assert log.contains(pl.Series([1, 2])).is_empty()


def test_append__adds_the_rows_and_says_how_many(log: ActivityLog) -> None:
    rows = random_activities(300)
    assert log.append(rows) == 300
    assert rows_in(log.snapshot()).equals(rows.sort("marketoGUID"))


def test_append_of_nothing__commits_nothing(log: ActivityLog) -> None:
    version = log.snapshot().version
    assert log.append(frame([])) == 0
    assert log.snapshot().version == version


def test_append__is_one_commit(log: ActivityLog) -> None:
    version = log.snapshot().version
    log.append(random_activities(300))
    assert log.snapshot().version == version + 1


def test_other_delta_readers__see_the_rows(log: ActivityLog, tmp_path: Path) -> None:
    rows = random_activities(200).sort("marketoGUID")
    log.append(rows)
    table = table_of(log, tmp_path)
    by_polars = pl.scan_delta(table).collect().sort("marketoGUID")
    assert by_polars.select(*ACTIVITY_SCHEMA).equals(rows)
    assert by_polars["activityDay"].equals(rows["activityDate"].dt.date().alias("activityDay"))
    query = "SELECT count(*), max(marketoGUID) FROM read_parquet(?)"
    counted = duckdb.connect().execute(query, [DeltaTable(table).file_uris()])
    assert counted.fetchone() == (200, 200)


def test_table__states_what_exports_rely_on(log: ActivityLog, tmp_path: Path) -> None:
    metadata = DeltaTable(table_of(log, tmp_path)).metadata()
    assert metadata.partition_columns == ["activityDay"]
    assert metadata.configuration == {
        "delta.checkpointInterval": "10",
        "delta.dataSkippingStatsColumns": "marketoGUID,activityDate,activityTypeId,"
        "primaryAttributeValueId",
        "delta.logRetentionDuration": "interval 1 days",
        "delta.deletedFileRetentionDuration": "interval 2 days",
    }


def test_snapshot__knows_each_file_by_its_statistics(log: ActivityLog) -> None:
    log.append(
        frame(
            [
                activity(4, activityTypeId=2),
                activity(6, activityTypeId=13, activityDate=START + timedelta(hours=1)),
            ]
        )
    )
    (file,) = log.snapshot().files
    assert (file.row_count, file.least_guid, file.largest_guid) == (2, 4, 6)
    assert (file.first_date, file.last_date) == (START, START + timedelta(hours=1))
    assert (file.least_type_id, file.largest_type_id) == (2, 13)
    assert (file.least_primary_id, file.largest_primary_id) == (None, None)
    assert file.size_bytes == Path(file.path).stat().st_size


def test_snapshot__stays_as_it_was(log: ActivityLog) -> None:
    log.append(random_activities(50))
    pinned = log.snapshot()
    log.append(random_activities(50, first_guid=51))
    assert rows_in(pinned).height == 50
    assert rows_in(log.snapshot()).height == 100


def test_statistics__survive_checkpoints(log: ActivityLog, tmp_path: Path) -> None:
    for guid in range(1, 26):
        log.append(frame([activity(guid)]))
    assert (Path(table_of(log, tmp_path)) / "_delta_log" / "_last_checkpoint").exists()
    assert sorted(file.least_guid or 0 for file in log.snapshot().files) == list(range(1, 26))
    assert log.largest_guid() == 25


@pytest.mark.parametrize(
    ("asked", "there"), [([3, 3, 99], [3]), ([99], []), ([], []), ([1, 2, 40], [1, 2, 40])]
)
def test_contains__gives_those_that_are_there(
    log: ActivityLog, asked: list[int], there: list[int]
) -> None:
    log.append(random_activities(20))
    log.append(random_activities(20, first_guid=21))
    found = log.contains(pl.Series(asked, dtype=pl.Int64))
    assert sorted(found.to_list()) == there


def test_count_by_type__counts_every_file(log: ActivityLog) -> None:
    rows = random_activities(200)
    log.append(rows.head(80))
    log.append(rows.tail(120))
    expected = dict(rows.group_by("activityTypeId").len().iter_rows())
    assert log.count_by_type() == expected


def test_files_by_another_writer__count_too(log: ActivityLog, tmp_path: Path) -> None:
    rows = random_activities(30).with_columns(activityDay=pl.col("activityDate").dt.date())
    rows.write_delta(table_of(log, tmp_path), mode="append")
    assert log.largest_guid() == 30
    assert log.contains(pl.Series([30, 31])).to_list() == [30]
    assert rows_in(log.snapshot()).height == 30


def in_threads(works: Sequence[Any]) -> None:
    threads = [threading.Thread(target=work) for work in works]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()


def test_appends_at_once__lose_no_row(tmp_path: Path) -> None:
    path = tmp_path / "activities"

    def appender(first_guid: int) -> None:
        # A log of its own, as another process would have.
        for guid in range(first_guid, first_guid + 5):
            ActivityLog.in_directory(path).append(frame([activity(guid)]))

    in_threads([lambda first=first: appender(first) for first in (1, 101, 201, 301)])
    assert rows_in(ActivityLog.in_directory(path).snapshot()).height == 20


def test_exclusive__keeps_a_look_up_true_until_the_append(tmp_path: Path) -> None:
    path = tmp_path / "activities"

    def load() -> None:
        log = ActivityLog.in_directory(path)
        rows = random_activities(20)
        with log.exclusive():
            there = log.contains(rows["marketoGUID"])
            log.append(rows.filter(~pl.col("marketoGUID").is_in(there.implode())))

    in_threads([load] * 4)
    assert rows_in(ActivityLog.in_directory(path).snapshot()).height == 20


def test_sweep__removes_old_files_that_no_version_names(log: ActivityLog, tmp_path: Path) -> None:
    log.append(random_activities(50))
    table = Path(table_of(log, tmp_path))
    day = next(table.glob("activityDay=*"))
    orphans = [
        day / "part-never-committed.parquet",
        day / "part-killed.parquet#1",
        table / "_delta_log" / "00000000000000000009.json#2",
    ]
    for path in orphans:
        path.touch()
    assert log.sweep(datetime.now(UTC)) == []
    two_hours_later = datetime.now(UTC) + timedelta(hours=2)
    assert sorted(log.sweep(two_hours_later)) == sorted(map(str, orphans))
    assert rows_in(log.snapshot()).height == 50


@pytest.mark.parametrize(("commits", "is_cleaned"), [(8, False), (9, True)])
def test_log_entries_of_days_ago__go_by_a_sweep_alone_and_only_for_a_checkpoint(
    log: ActivityLog, commits: int, *, is_cleaned: bool
) -> None:
    """A commit makes its checkpoint durable after it is made: it must not delete what came before."""
    days_ago = (datetime.now(UTC) - timedelta(days=3)).timestamp()
    for guid in range(1, commits + 1):
        log.append(frame([activity(guid)]))
        for path in (Path(log.storage.location) / "_delta_log").iterdir():
            os.utime(path, (days_ago, days_ago))
    entries = [
        Path(log.storage.location) / "_delta_log" / f"{version:020}.json"
        for version in range(commits + 1)
    ]
    assert all(entry.exists() for entry in entries)
    log.sweep(datetime.now(UTC))
    assert [entry.exists() for entry in entries] == [not is_cleaned] * commits + [True]
    assert rows_in(log.snapshot()).height == commits


@pytest.mark.parametrize("with_checkpoint", [False, True])
def test_sweep__keeps_files_of_earlier_versions(
    log: ActivityLog, tmp_path: Path, *, with_checkpoint: bool
) -> None:
    for guid in (1, 2, 3):
        log.append(frame([activity(guid)]))
    pinned = log.snapshot()
    table = DeltaTable(table_of(log, tmp_path))
    table.optimize.compact()
    if with_checkpoint:
        table.create_checkpoint()
    orphan = Path(pinned.files[0].path).with_name("part-orphan.parquet")
    orphan.touch()
    assert log.sweep(datetime.now(UTC) + timedelta(hours=2)) == [str(orphan)]
    assert rows_in(pinned).height == 3


def test_damaged_table__is_an_error_for_the_operator(log: ActivityLog, tmp_path: Path) -> None:
    entry = Path(table_of(log, tmp_path)) / "_delta_log" / f"{1:020}.json"
    entry.write_text('{"add":{"path":"half a li', encoding="utf-8")
    with pytest.raises(HomeError, match="activity log"):
        log.snapshot()


def test_failed_append__leaves_no_file(log: ActivityLog, tmp_path: Path) -> None:
    table = Path(table_of(log, tmp_path))
    blocked = table / "activityDay=2026-10-02"
    blocked.touch()
    rows = frame([activity(1), activity(2, activityDate=START + timedelta(days=1))])
    with pytest.raises(OSError, match="activityDay"):
        log.append(rows)
    assert [path for path in table.rglob("*.parquet") if path.is_file()] == []
    assert log.snapshot().files == ()
    blocked.unlink()
    assert log.append(rows) == 2
