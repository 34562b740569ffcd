"""The activity log on object storage: what a directory gives, over a line that fails as well."""

from __future__ import annotations

import pickle
import random
import threading
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest
from deltalake import DeltaTable

from tailrace.domain.errors import HomeError, LakeUnavailableError
from tailrace.domain.file_format import FileFormat
from tailrace.lake import activity_log
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.commits import Commit
from tailrace.lake.compaction import compact
from tailrace.lake.compaction_plan import due
from tailrace.lake.data_file import write_data_file
from tailrace.lake.home_lake import ADDRESS_NAME, lake_address, lake_of, remember_address
from tests.support.activities import (
    START,
    activity,
    activity_request,
    export,
    frame,
    random_activities,
)
from tests.support.hot import lake_rows
from tests.support.lakes import OWNER, log_at, log_in, place_at
from tests.support.object_storage import SECRET, Bucket
from tests.support.storage_line import StorageLine, line_to_storage

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

NOW = datetime(2027, 1, 1, tzinfo=UTC)


@pytest.fixture
def line(s3_server: str) -> Generator[StorageLine]:
    with line_to_storage(s3_server) as line:
        yield line


@pytest.fixture
def place(line: StorageLine, s3_server: str, monkeypatch: pytest.MonkeyPatch) -> str:
    """An empty place behind the line."""
    made = Bucket(s3_server)
    made.make()
    behind_the_line = Bucket(line.base_url, made.name)
    for name, value in behind_the_line.environment.items():
        monkeypatch.setenv(name, value)
    return behind_the_line.address


@pytest.fixture
def log(place: str) -> ActivityLog:
    return log_at(place)


def guids(log: ActivityLog) -> list[int]:
    return lake_rows(log)["marketoGUID"].to_list()


FILTERS: list[dict[str, Any]] = [
    {},
    {"type_ids": (13,)},
    {"type_ids": (1, 37), "end": START + timedelta(hours=30)},
    {"primary_ids": (10, 12), "type_ids": (2,)},
    {"primary_names": ('say "hi"', "Ü 日本")},
    {"start": START + timedelta(days=1), "end": START + timedelta(days=1, hours=2)},
    {"fields": ("leadId", "attributes"), "file_format": FileFormat.TSV},
]


def test_export__is_the_same_bytes_as_from_a_directory(log: ActivityLog, tmp_path: Path) -> None:
    local = ActivityLog.in_directory(tmp_path / "activities")
    for batch in range(3):
        rows = random_activities(700, seed=batch, first_guid=batch * 700 + 1)
        assert log.append(rows) == local.append(rows)
    for filters in FILTERS:
        names = filters.get("primary_names", ())
        request = activity_request(**filters)
        # Small fragments, so that files are cut as well.
        options: dict[str, Any] = {"names": names, "fragment_bytes": 30_000}
        there = export(log, request, tmp_path / "there", **options)
        here = export(local, request, tmp_path / "here", **options)
        assert there == here, filters
        assert there[1].row_count > 0, filters


def test_export__fetches_the_row_groups_and_columns_that_it_needs(
    log: ActivityLog, line: StorageLine, tmp_path: Path
) -> None:
    rows = pl.concat([random_activities(1000, seconds=86_000)] * 120)
    draw = random.Random(1)
    log.append(
        rows.with_columns(
            marketoGUID=pl.int_range(1, rows.height + 1, dtype=pl.Int64),
            attributes=pl.Series(
                [f'{{"Query":"{draw.randbytes(30).hex()}"}}' for _ in rows["leadId"]]
            ),
        )
    )
    (file,) = log.snapshot().files
    assert file.size_bytes > 3_000_000
    line.sent_bytes = 0
    fields = ("marketoGUID", "leadId")
    _, result = export(log, activity_request(type_ids=(37,), fields=fields), tmp_path / "files")
    assert result.row_count > 25_000
    # Footers are asked for twice at the most, with what lies before them: 256 KiB.
    assert line.sent_bytes < file.size_bytes / 4


def test_footers__are_fetched_once_for_all_plans(log: ActivityLog, line: StorageLine) -> None:
    log.append(random_activities(50))
    snapshot = log.snapshot()
    list(due(snapshot, NOW))
    line.requests.clear()
    list(due(log.snapshot(), NOW))
    assert not [target for _, target in line.requests if ".parquet" in target]


def test_look_for_a_newer_version__is_one_request(log: ActivityLog, line: StorageLine) -> None:
    log.append(frame([activity(1)]))
    line.requests.clear()
    assert log.is_current(1)
    assert len(line.requests) == 1
    log.append(frame([activity(2)]))
    assert not log.is_current(1)
    assert log.is_current(2)
    assert not log.is_current(3)


def test_look_at_a_log_that_is_not_there__makes_none(log: ActivityLog, line: StorageLine) -> None:
    assert not log.is_made()
    assert {method for method, _ in line.requests} == {"GET"}


def test_log_opened_by_pickle__is_the_same_and_holds_no_secret(log: ActivityLog) -> None:
    log.append(frame([activity(1)]))
    pickled = pickle.dumps(log.snapshot())
    assert SECRET.encode() not in pickled
    snapshot = pickle.loads(pickled)
    assert snapshot == log.snapshot()
    rows = snapshot.storage.scan([file.path for file in snapshot.files]).collect()
    assert rows["marketoGUID"].to_list() == [1]


@pytest.mark.parametrize("kind", ["directory", "object storage"])
def test_commit_before_which_another_came__lands_once_behind_it(
    place: str, tmp_path: Path, kind: str
) -> None:
    log = log_at(place if kind == "object storage" else str(tmp_path / "activities"))
    rows = frame([activity(1)])
    log.append(rows)
    others = [frame([activity(2)]), frame([activity(3)])]

    def is_wanted(_: DeltaTable) -> bool:
        # The table was opened for the commit, and is not the newest any more.
        if others:
            log.append(others.pop())
        return True

    action = write_data_file(log.storage, frame([activity(4)]))
    commit = Commit([action], "append.committed")
    assert commit.make(log.storage, lambda: table_of(log), is_wanted)
    assert guids(log) == [1, 2, 3, 4]
    assert log.snapshot().version == 4


def table_of(log: ActivityLog) -> DeltaTable:
    return DeltaTable(log.storage.location, storage_options=log.storage.delta_options)


def test_appends_at_once_without_a_lock__land_once_each(place: str) -> None:
    log_at(place).append(frame([activity(1)]))
    together = threading.Barrier(2)
    failures: list[BaseException] = []

    def append(first_guid: int) -> None:
        log = log_at(place)
        together.wait()
        try:
            for number in range(3):
                log.append(frame([activity(first_guid + number)]))
        except BaseException as error:  # noqa: BLE001 - the test tells of it
            failures.append(error)

    threads = [threading.Thread(target=append, args=(guid,)) for guid in (10, 20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert failures == []
    assert guids(log_at(place)) == [1, 10, 11, 12, 20, 21, 22]


def test_commit_whose_answer_is_lost__is_there_once(log: ActivityLog, line: StorageLine) -> None:
    log.append(frame([activity(1)]))
    line.unanswered = "PUT /"
    log.append(frame([activity(2)]))
    assert line.unanswered is None
    line.unanswered = "_delta_log/00000000000000000003.json"
    log.append(frame([activity(3)]), settled_to=3)
    assert line.unanswered is None
    assert guids(log) == [1, 2, 3]
    assert (log.snapshot().version, log.settled_to()) == (3, 3)


def test_checkpoint_that_fails_behind_its_commit__leaves_the_commit(
    place: str, line: StorageLine, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(activity_log, "_CHECKPOINT_INTERVAL", 2)
    log = log_in(place_at(place, retry_seconds=0.2))
    log.settled_to()
    line.unavailable_for = "PUT /", "checkpoint"
    log.append(frame([activity(1)]))
    line.unavailable_for = None
    assert [1 for method, target in line.requests if method == "PUT" and "checkpoint" in target]
    assert guids(log) == [1]


def test_settling_that_another_came_before__appends_nothing(log: ActivityLog) -> None:
    log.append(frame([activity(1)]), settled_to=1)
    with pytest.raises(LakeUnavailableError, match="another process has settled"):
        log.append(frame([activity(2)]), settled_to=2, settled_from=0)
    assert guids(log) == [1]
    assert len(log.storage.data_names()) == 1


def test_compaction_and_sweep__leave_the_files_of_the_newest_version(log: ActivityLog) -> None:
    for batch in range(3):
        log.append(random_activities(20, seed=batch, seconds=86_000, first_guid=batch * 20 + 1))
    write_data_file(log.storage, frame([activity(9999)]))
    (files,) = due(log.snapshot(), NOW)
    now = datetime.now(UTC)
    assert compact(log, files, now) is not None
    assert compact(log, files, now) is None
    assert log.sweep(now) == []
    assert len(log.sweep(now + timedelta(hours=2))) == 1
    assert len(log.sweep(now + timedelta(hours=26))) == 3
    assert [*log.storage.data_names()] == [
        file.path.removeprefix(f"{log.storage.location}/") for file in log.snapshot().files
    ]
    assert guids(log) == [*range(1, 61)]


def test_storage_that_refuses__is_told_by_everything_in_time(place: str, line: StorageLine) -> None:
    log = log_in(place_at(place, retry_seconds=0.2))
    log.append(random_activities(50))
    snapshot = log.snapshot()
    line.is_unavailable = True
    for ask in (
        log.snapshot,
        log.is_made,
        log.settled_to,
        log.count_by_type,
        lambda: log.is_current(1),
        lambda: log.append(frame([activity(99)])),
        lambda: log.sweep(NOW),
        lambda: compact(log, snapshot.files, NOW),
        place_at(place, retry_seconds=0.2).check,
    ):
        with pytest.raises(LakeUnavailableError, match="503"):
            ask()
    line.is_unavailable = False
    assert len(guids(log)) == 50


def test_answers_that_are_cut__are_asked_for_again(
    log: ActivityLog, line: StorageLine, tmp_path: Path
) -> None:
    log.append(random_activities(2000))
    before = export(log, activity_request(), tmp_path / "before")
    line.cut_after, line.most_cuts = 5000, 3
    assert export(log, activity_request(), tmp_path / "after") == before
    assert line.most_cuts == 0


# Whose a place is, and what a home remembers of it.


def test_place_of_another_home__takes_nothing(place: str) -> None:
    log_in(place_at(place)).append(frame([activity(1)]))
    other = log_in(place_at(place, owner="another home"))
    with pytest.raises(HomeError, match="is that of another home"):
        other.append(frame([activity(2)]))
    assert guids(log_at(place)) == [1]


def test_storage_that_overwrites__is_no_place_for_a_lake(place: str, line: StorageLine) -> None:
    line.withheld_header = "if-none-match"
    with pytest.raises(HomeError, match="overwrites what it is told to put only where"):
        place_at(place).claim()


def test_home__remembers_where_its_lake_is(tmp_path: Path) -> None:
    assert lake_address(tmp_path, None, files=None) is None
    address = "s3://bucket/place"
    lake = lake_of(tmp_path, address, owner=OWNER, retry_seconds=1)
    remember_address(tmp_path, address, lake)
    assert lake_address(tmp_path, None, files=None) == address
    assert (tmp_path / ADDRESS_NAME).read_text(encoding="utf-8") == f"{address}\n"


def test_another_address__is_taken_for_a_copy_alone(place: str, tmp_path: Path) -> None:
    before = lake_of(tmp_path, "s3://bucket/place", owner=OWNER, retry_seconds=1)
    remember_address(tmp_path, "s3://bucket/place", before)
    lake = lake_of(tmp_path, place, owner=OWNER, retry_seconds=1)
    with pytest.raises(HomeError, match="is no copy of it"):
        remember_address(tmp_path, place, lake)
    lake.claim()
    remember_address(tmp_path, place, lake)
    assert lake_address(tmp_path, None, files=None) == place


def test_home_with_a_lake_of_its_own__takes_no_other(tmp_path: Path) -> None:
    ActivityLog.in_directory(tmp_path / "lake" / "1" / "activities").append(frame([activity(1)]))
    with pytest.raises(HomeError, match="is its directory 'lake'"):
        lake_address(tmp_path, "s3://bucket/place", files=None)


@pytest.mark.parametrize(
    ("lake", "files"),
    [("s3://b/p", "s3://b/p/"), ("s3://b", "s3://b/p"), ("s3://b/p/1", "s3://b/p")],
)
def test_lake_and_files_in_one_place__are_refused(tmp_path: Path, lake: str, files: str) -> None:
    with pytest.raises(HomeError, match="need a place each"):
        lake_address(tmp_path, lake, files=files)


def test_lake_and_files_side_by_side__are_fine(tmp_path: Path) -> None:
    assert lake_address(tmp_path, "s3://b/lake", files="s3://b/lake-files") == "s3://b/lake"
