"""One data file: its rows, its statistics, its size when unpacked."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import duckdb
import msgspec
import polars as pl

from tailrace.lake.data_file import ROW_GROUP_ROWS, RowGroup, plain_size, write_data_file
from tailrace.lake.directory_storage import DirectoryStorage
from tests.support.activities import START, activity, frame

if TYPE_CHECKING:
    from pathlib import Path


def test_file__holds_the_rows_in_their_order(tmp_path: Path) -> None:
    rows = frame(activity(guid) for guid in (3, 1, 2))
    action = write_data_file(DirectoryStorage(tmp_path), rows)
    path = tmp_path / action.path
    assert pl.read_parquet(path, hive_partitioning=False).equals(rows)
    assert action.size == path.stat().st_size
    assert action.partition_values == {"activityDay": "2026-10-01"}
    assert path.parent.name == "activityDay=2026-10-01"


def test_statistics__tell_least_and_largest(tmp_path: Path) -> None:
    rows = frame(
        [
            activity(5, activityTypeId=2),
            activity(9, activityDate=START + timedelta(seconds=61), primaryAttributeValueId=4),
        ]
    )
    statistics: dict[str, Any] = msgspec.json.decode(
        write_data_file(DirectoryStorage(tmp_path), rows).stats
    )
    assert statistics == {
        "numRecords": 2,
        "minValues": {
            "marketoGUID": 5,
            "activityDate": "2026-10-01T00:00:00.000Z",
            "activityTypeId": 1,
            "primaryAttributeValueId": 4,
        },
        "maxValues": {
            "marketoGUID": 9,
            "activityDate": "2026-10-01T00:01:01.000Z",
            "activityTypeId": 2,
            "primaryAttributeValueId": 4,
        },
        "nullCount": {
            "marketoGUID": 0,
            "activityDate": 0,
            "activityTypeId": 0,
            "primaryAttributeValueId": 1,
        },
    }


def test_plain_size__is_noted_in_the_file(tmp_path: Path) -> None:
    rows = frame([activity(1, attributes="x" * 1000), activity(2, attributes="x" * 10)])
    size = plain_size(
        DirectoryStorage(tmp_path),
        str(tmp_path / write_data_file(DirectoryStorage(tmp_path), rows).path),
    )
    assert size.largest_row_bytes >= 1000
    assert size.total_bytes >= size.largest_row_bytes + 10


def test_plain_size_of_a_file_by_another_writer__is_measured(tmp_path: Path) -> None:
    rows = frame([activity(1, attributes="x" * 1000), activity(2)])
    ours = plain_size(
        DirectoryStorage(tmp_path),
        str(tmp_path / write_data_file(DirectoryStorage(tmp_path), rows).path),
    )
    rows.write_parquet(tmp_path / "foreign.parquet")
    assert plain_size(DirectoryStorage(tmp_path), str(tmp_path / "foreign.parquet")) == replace(
        ours, row_groups=None
    )


def test_row_groups__are_noted_in_the_file(tmp_path: Path) -> None:
    later = START + timedelta(hours=1)
    rows = [activity(guid) for guid in range(1, ROW_GROUP_ROWS + 1)]
    last = activity(
        ROW_GROUP_ROWS + 1, activityTypeId=2, activityDate=later, primaryAttributeValueId=7
    )
    path = str(tmp_path / write_data_file(DirectoryStorage(tmp_path), frame([*rows, last])).path)
    size = plain_size(DirectoryStorage(tmp_path), path)
    assert size.row_groups is not None
    first, second = size.row_groups
    assert first == RowGroup(first.plain_bytes, START, START, 1, 1, None, None)
    assert second == RowGroup(second.plain_bytes, later, later, 2, 2, 7, 7)
    assert first.plain_bytes + second.plain_bytes == size.total_bytes


def test_row_groups__are_small(tmp_path: Path) -> None:
    action = write_data_file(
        DirectoryStorage(tmp_path), frame([activity(1)] * (ROW_GROUP_ROWS + 1))
    )
    query = "SELECT DISTINCT row_group_num_rows, compression FROM parquet_metadata(?) ORDER BY 1"
    groups = duckdb.connect().execute(query, [str(tmp_path / action.path)]).fetchall()
    assert groups == [(1, "ZSTD"), (ROW_GROUP_ROWS, "ZSTD")]
