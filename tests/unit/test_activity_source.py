"""Which activities an export holds, in which columns and order (contract sections 4 and 5.3)."""

from __future__ import annotations

import csv
import io
import shutil
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tailrace.domain.export_request import CreatedLeads, ExportRequest, InstantRange
from tailrace.domain.file_format import FileFormat
from tailrace.extract.activity_source import ActivitySource
from tailrace.lake.activity_log import ActivityLog
from tests.support.activities import START, activity, activity_request, export, frame

if TYPE_CHECKING:
    import polars as pl


def exported(
    tmp_path: Path, rows: pl.DataFrame, *, names: tuple[str, ...] = (), **filters: Any
) -> list[list[str]]:
    """Data rows of an export of these activities and no others."""
    log = ActivityLog.in_directory(tmp_path / "activities")
    log.append(rows)
    content, result = export(log, activity_request(**filters), tmp_path / "files", names=names)
    lines = list(csv.reader(io.StringIO(content.decode())))
    assert result.row_count == len(lines) - 1
    return lines[1:]


def guids(rows: list[list[str]]) -> list[int]:
    return [int(row[0]) for row in rows]


def test_both_ends_of_the_range__are_included(tmp_path: Path) -> None:
    rows = frame(
        activity(number, activityDate=START + timedelta(seconds=number)) for number in range(1, 7)
    )
    found = exported(
        tmp_path, rows, start=START + timedelta(seconds=2), end=START + timedelta(seconds=5)
    )
    assert guids(found) == [2, 3, 4, 5]


def test_fraction_of_the_last_second__is_included(tmp_path: Path) -> None:
    late = START + timedelta(seconds=5, microseconds=999_999)
    found = exported(
        tmp_path, frame([activity(1, activityDate=late)]), end=START + timedelta(seconds=5)
    )
    assert found[0][2] == "2026-10-01T00:00:05Z"


def test_range_of_one_second__is_a_range(tmp_path: Path) -> None:
    assert guids(exported(tmp_path, frame([activity(1)]), start=START, end=START)) == [1]


def test_range_at_the_end_of_time__is_empty(tmp_path: Path) -> None:
    end = START.replace(year=9999, month=12, day=31, hour=23, minute=59, second=59)
    assert exported(tmp_path, frame([activity(1)]), start=end, end=end) == []


def test_no_types__means_all_but_delete_lead(tmp_path: Path) -> None:
    rows = frame(activity(type_id, activityTypeId=type_id) for type_id in (1, 36, 37, 38, 100_001))
    assert guids(exported(tmp_path, rows)) == [1, 36, 38, 100_001]


def test_types__are_alternatives(tmp_path: Path) -> None:
    rows = frame(activity(type_id, activityTypeId=type_id) for type_id in (1, 2, 3))
    assert guids(exported(tmp_path, rows, type_ids=(3, 1))) == [1, 3]


def test_primary_ids__are_alternatives_within_the_types(tmp_path: Path) -> None:
    rows = frame(
        activity(number + 1, activityTypeId=type_id, primaryAttributeValueId=primary_id)
        for number, (type_id, primary_id) in enumerate(
            [(24, 10), (24, 11), (24, None), (25, 10), (2, 10)]
        )
    )
    found = exported(tmp_path, rows, type_ids=(24, 25), primary_ids=(10, 12))
    assert guids(found) == [1, 4]


def test_primary_names__are_compared_exactly_with_the_stored_names(tmp_path: Path) -> None:
    names = ["P.List", "p.list", "List", None, "P.List "]
    rows = frame(
        activity(number + 1, activityTypeId=24, primaryAttributeValue=name)
        for number, name in enumerate(names)
    )
    found = exported(
        tmp_path, rows, type_ids=(24,), primary_names=("List",), names=("P.List", "List")
    )
    assert guids(found) == [1, 3]


def test_stored_names_without_a_name_filter__pick_nothing_out(tmp_path: Path) -> None:
    assert guids(exported(tmp_path, frame([activity(1)]), names=("other",))) == [1]


def test_rows__are_in_order_of_date_then_guid(tmp_path: Path) -> None:
    later = START + timedelta(seconds=1)
    rows = frame(
        [
            activity(10, activityTypeId=1),
            activity(9, activityTypeId=2),
            activity(1, activityDate=later),
            activity(100, activityTypeId=3),
        ]
    )
    assert guids(exported(tmp_path, rows)) == [9, 10, 100, 1]


def test_columns__are_those_asked_for_in_that_order(tmp_path: Path) -> None:
    rows = frame([activity(1, actionResult="skipped", campaignId=8)])
    fields = ("actionResult", "campaignId", "marketoGUID", "activityDate")
    (row,) = exported(tmp_path, rows, fields=fields)
    assert row == ["skipped", "8", "1", "2026-10-01T00:00:00Z"]


def test_columns_without_the_sort_key__are_still_in_order(tmp_path: Path) -> None:
    rows = frame(
        activity(guid, leadId=100 - guid, activityDate=START + timedelta(seconds=9 - guid))
        for guid in range(1, 9)
    )
    found = exported(tmp_path, rows, fields=("leadId",))
    assert found == [[str(lead_id)] for lead_id in range(92, 100)]


def test_file_that_no_version_names__is_not_exported(tmp_path: Path) -> None:
    log = ActivityLog.in_directory(tmp_path / "activities")
    log.append(frame([activity(1)]))
    (file,) = log.snapshot().files
    shutil.copy(file.path, Path(file.path).with_name("part-never-committed.parquet"))
    _, result = export(log, activity_request(), tmp_path / "files")
    assert result.row_count == 1


def test_request_for_leads__is_refused(tmp_path: Path) -> None:
    created = CreatedLeads(InstantRange(START, START))
    request = ExportRequest(FileFormat.CSV, (), created)
    with pytest.raises(TypeError):
        ActivitySource(ActivityLog.in_directory(tmp_path / "activities").snapshot(), request)
