"""Compaction: fewer files, the same rows, the same exports, and nobody waits for it."""

from __future__ import annotations

import itertools
import threading
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import TYPE_CHECKING

import polars as pl
import pytest
from deltalake import DeltaTable, QueryBuilder

from tailrace.domain.errors import HomeError
from tailrace.lake import compaction
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA
from tailrace.lake.compaction import compact
from tailrace.lake.compaction_plan import MANY_LAYERS, MANY_SMALL_FILES, due
from tailrace.lake.time_slices import FILE_ROWS
from tests.support.activities import (
    START,
    activity,
    activity_request,
    export,
    frame,
    random_activities,
)

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tailrace.lake.snapshot import DataFile, LakeSnapshot

NOW = datetime.now(UTC)
DAY = 86_400


@pytest.fixture
def log(tmp_path: Path) -> ActivityLog:
    return ActivityLog.in_directory(tmp_path / "lake" / "activities")


def append_batches(
    log: ActivityLog, batches: Iterable[int], *, rows: int = 20, seconds: int = DAY
) -> None:
    for batch in batches:
        log.append(
            random_activities(rows, seed=batch, seconds=seconds, first_guid=batch * rows + 1)
        )


def compact_all(log: ActivityLog, now: datetime = NOW) -> int:
    """One round; returns how many commits it made."""
    sets = list(due(log.snapshot(), now))
    return sum(compact(log, files, now) is not None for files in sets)


def rows_in(snapshot: LakeSnapshot) -> pl.DataFrame:
    frames = [pl.read_parquet(file.path, hive_partitioning=False) for file in snapshot.files]
    return pl.concat([frame([]), *frames]).sort("marketoGUID")


def test_200_small_settlings__leave_few_files(log: ActivityLog) -> None:
    for batch in range(200):
        at = START + timedelta(seconds=60 * batch)
        log.append(frame([activity(batch + 1, activityDate=at)]), settled_to=batch + 1)
        if batch % 20 == 19:
            compact_all(log)
            assert len(log.snapshot().files) < MANY_SMALL_FILES
    snapshot = log.snapshot()
    assert rows_in(snapshot)["marketoGUID"].to_list() == list(range(1, 201))
    assert snapshot.settled_to == 200


def test_day_at_rest__has_one_small_file(log: ActivityLog) -> None:
    append_batches(log, range(3), seconds=2 * DAY)
    assert compact_all(log, NOW) == 0
    assert compact_all(log, NOW + timedelta(hours=2)) == 2
    assert len(log.snapshot().files) == 2
    assert compact_all(log, NOW + timedelta(hours=2)) == 0


def test_export__is_the_same_bytes_before_and_after(log: ActivityLog, tmp_path: Path) -> None:
    append_batches(log, range(20), seconds=2 * DAY)
    pinned = log.snapshot()
    requests = [activity_request(), activity_request(type_ids=(2, 13), fields=("marketoGUID",))]
    before = [export(log, request, tmp_path / "files")[0] for request in requests]
    compact_all(log)
    assert len(log.snapshot().files) == 2
    assert [export(log, request, tmp_path / "files")[0] for request in requests] == before
    assert rows_in(pinned).equals(rows_in(log.snapshot()))


def test_compacted_file__is_sorted_and_has_statistics(log: ActivityLog) -> None:
    append_batches(log, range(MANY_SMALL_FILES))
    compact_all(log)
    (file,) = log.snapshot().files
    rows = pl.read_parquet(file.path, hive_partitioning=False)
    assert dict(rows.schema) == ACTIVITY_SCHEMA
    assert rows.equals(rows.sort("activityTypeId", "activityDate", "marketoGUID"))
    assert (file.row_count, file.least_guid, file.largest_guid) == (rows.height, 1, rows.height)
    assert (file.first_date, file.last_date) == (
        rows["activityDate"].min(),
        rows["activityDate"].max(),
    )
    assert (file.least_type_id, file.largest_type_id) == (1, 37)
    assert (file.least_primary_id, file.largest_primary_id) == (10, 12)


@pytest.mark.parametrize("with_checkpoint", [False, True])
def test_other_delta_readers__see_each_row_once(log: ActivityLog, *, with_checkpoint: bool) -> None:
    append_batches(log, range(MANY_SMALL_FILES))
    compact_all(log)
    table = DeltaTable(log.storage.location)
    if with_checkpoint:
        table.create_checkpoint()
        table = DeltaTable(log.storage.location)
    rows = rows_in(log.snapshot())
    by_polars = pl.scan_delta(log.storage.location).select(*ACTIVITY_SCHEMA).collect()
    assert by_polars.sort("marketoGUID").equals(rows)
    query = 'SELECT count(*) AS n, count(DISTINCT "marketoGUID") AS m FROM log'
    counted = pl.DataFrame(QueryBuilder().register("log", table).execute(query).read_all())
    assert counted.row(0) == (rows.height, rows.height)


def test_files_on_top_of_each_other__come_to_lie_side_by_side(
    log: ActivityLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tailrace.lake.compaction_plan._SMALL_SHARE", 0.0)
    # A file is full at 100 rows.
    monkeypatch.setattr(compaction, "FILE_ROWS", 100)
    monkeypatch.setattr(compaction, "_LEAST_ROW_BYTES", compaction.FILE_BYTES // 100)
    append_batches(log, range(MANY_LAYERS - 1), rows=100)
    assert compact_all(log) == 0
    append_batches(log, range(MANY_LAYERS - 1, MANY_LAYERS + 2), rows=100)
    before = rows_in(log.snapshot())
    assert compact_all(log) == 1
    snapshot = log.snapshot()
    assert rows_in(snapshot).equals(before)
    spans = sorted((str(file.first_date), str(file.last_date)) for file in snapshot.files)
    assert MANY_LAYERS + 2 <= len(spans) <= MANY_LAYERS + 3
    assert all(one[1] < later[0] for one, later in itertools.pairwise(spans))
    assert compact_all(log) == 0


@pytest.mark.parametrize("rows", [4, 20])
def test_many_files__are_rewritten_in_some_rounds(
    log: ActivityLog, monkeypatch: pytest.MonkeyPatch, rows: int
) -> None:
    """Small ones, and full ones that lie on top of each other."""
    monkeypatch.setattr("tailrace.lake.compaction_plan.FILE_ROWS", 20)
    monkeypatch.setattr("tailrace.lake.compaction_plan.MOST_FILES", 6)
    monkeypatch.setattr(compaction, "FILE_ROWS", 20)
    monkeypatch.setattr(compaction, "_LEAST_ROW_BYTES", compaction.FILE_BYTES // 20)
    append_batches(log, range(MANY_SMALL_FILES + 1), rows=rows)
    before = rows_in(log.snapshot())
    rounds = 0
    while compact_all(log):
        rounds += 1
        assert rounds <= 4
    assert rows_in(log.snapshot()).equals(before)


def test_full_files__are_left_alone(log: ActivityLog) -> None:
    whole = FILE_ROWS // 2
    for number in range(2):
        guids = pl.int_range(number * whole + 1, (number + 1) * whole + 1, eager=True)
        rows = (
            frame([activity(1)])
            .drop("marketoGUID")
            .join(pl.DataFrame({"marketoGUID": guids}), how="cross")
        )
        log.append(rows.select(*ACTIVITY_SCHEMA))
    assert list(due(log.snapshot(), NOW + timedelta(days=1))) == []


def test_files_by_another_writer__are_left_alone(log: ActivityLog) -> None:
    log.snapshot()
    for batch in range(MANY_SMALL_FILES + 1):
        rows = random_activities(20, seed=batch, seconds=DAY, first_guid=batch * 20 + 1)
        rows.with_columns(activityDay=pl.col("activityDate").dt.date()).write_delta(
            log.storage.location, mode="append"
        )
    assert compact_all(log, NOW + timedelta(days=1)) == 0


def due_files(log: ActivityLog) -> tuple[DataFile, ...]:
    append_batches(log, range(MANY_SMALL_FILES))
    (files,) = due(log.snapshot(), NOW)
    return files


def test_two_compactions_of_the_same_files__double_nothing(log: ActivityLog) -> None:
    files = due_files(log)
    outcomes: list[object] = []
    threads = [
        threading.Thread(
            target=lambda: outcomes.append(
                compact(ActivityLog.in_directory(Path(log.storage.location)), files, NOW)
            )
        )
        for _ in range(3)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(outcome is not None for outcome in outcomes) == 1
    assert rows_in(log.snapshot()).height == MANY_SMALL_FILES * 20
    assert data_files(log) == {file.path for file in (*files, *log.snapshot().files)}


def test_append__does_not_wait_for_files_to_be_rewritten(log: ActivityLog) -> None:
    files = due_files(log)
    appended: list[int] = []

    def append_meanwhile() -> bool:
        if not appended:
            # From another thread, as a lock of this one's would let it pass.
            one = frame([activity(5000)])
            thread = threading.Thread(target=lambda: appended.append(log.append(one)))
            thread.start()
            thread.join(60)
            assert appended == [1]
        return False

    assert compact(log, files, NOW, is_stopping=append_meanwhile) is not None
    assert rows_in(log.snapshot()).height == MANY_SMALL_FILES * 20 + 1


def test_compaction_that_is_stopped__leaves_nothing(log: ActivityLog) -> None:
    files = due_files(log)
    before = log.snapshot()
    assert compact(log, files, NOW, is_stopping=lambda: True) is None
    assert log.snapshot() == before
    assert data_files(log) == {file.path for file in before.files}


def test_compaction_whose_files_were_swept__names_none_of_them(
    log: ActivityLog, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One that takes hours must not put names of files that are gone into the log."""
    files = due_files(log)
    before = log.snapshot()

    def sweep_much_later(*_: object) -> None:
        log.sweep(NOW + timedelta(hours=2))

    monkeypatch.setattr(compaction, "sync_data_files", sweep_much_later)
    assert compact(log, files, NOW) is None
    assert log.snapshot() == before


def data_files(log: ActivityLog) -> set[str]:
    return {str(path) for path in Path(log.storage.location).glob("activityDay=*/*")}


@pytest.mark.parametrize("commits_later", [0, 12])
def test_replaced_files__go_after_a_day(log: ActivityLog, commits_later: int) -> None:
    """Of twelve commits one brings a checkpoint."""
    files = due_files(log)
    compact(log, files, NOW)
    append_batches(log, range(100, 100 + commits_later), rows=1)
    assert log.sweep(NOW + timedelta(hours=23)) == []
    swept = log.sweep(NOW + timedelta(hours=25))
    assert {str(path) for path in swept} == {file.path for file in files}
    assert data_files(log) == {file.path for file in log.snapshot().files}
    assert log.sweep(NOW + timedelta(hours=25)) == []


def test_replaced_files__stay_for_an_export_that_began_before(log: ActivityLog) -> None:
    files = due_files(log)
    pinned = log.snapshot()
    compact(log, files, NOW)
    long_after = NOW + timedelta(days=5)
    assert log.sweep(long_after, read_since=NOW - timedelta(seconds=1)) == []
    assert rows_in(pinned).height == MANY_SMALL_FILES * 20
    lately = long_after - timedelta(hours=23)
    assert len(log.sweep(long_after, read_since=lately)) == len(files)


def test_missing_rows__are_an_error_and_change_nothing(log: ActivityLog) -> None:
    files = due_files(log)
    before = log.snapshot()
    frame([]).write_parquet(files[0].path)
    with pytest.raises(HomeError, match="rows where its log says"):
        compact(log, files, NOW)
    assert log.snapshot() == before
    assert data_files(log) == {file.path for file in before.files}
