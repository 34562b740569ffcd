"""What an export reads: only the files and row groups that may hold its rows."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import polars as pl
import pytest

from tailrace.extract.activity_source import ActivitySource
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA
from tailrace.lake.data_file import ROW_GROUP_ROWS
from tests.support.activities import START, activity, activity_request, frame

if TYPE_CHECKING:
    from tailrace.extract.activity_reading import Reading

DAYS = 2
TYPES = 4


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ActivityLog:
    """A file a day with a row group for each of four types, a row a second."""
    log = ActivityLog.in_directory(tmp_path_factory.mktemp("lake") / "activities")
    numbers = pl.DataFrame({"number": pl.int_range(ROW_GROUP_ROWS, eager=True)})
    for day in range(DAYS):
        for_types = [
            frame([activity(1, activityTypeId=kind, primaryAttributeValueId=100 * kind)])
            .join(numbers, how="cross")
            .with_columns(
                marketoGUID=(day * TYPES + kind) * ROW_GROUP_ROWS + pl.col("number"),
                activityDate=START + pl.duration(days=day, seconds="number"),
            )
            for kind in range(1, TYPES + 1)
        ]
        log.append(pl.concat(for_types).select(*ACTIVITY_SCHEMA))
    return log


def reading(log: ActivityLog, **filters: Any) -> Reading:
    found: list[Reading] = []
    source = ActivitySource(log.snapshot(), activity_request(**filters), on_planned=found.append)
    source.fragments()
    return found[0]


@pytest.mark.parametrize(
    ("filters", "files", "row_groups"),
    [
        ({}, DAYS, DAYS * TYPES),
        ({"type_ids": (3,)}, DAYS, DAYS),
        ({"type_ids": (3,), "end": START + timedelta(hours=12)}, 1, 1),
        ({"primary_ids": (200, 300)}, DAYS, DAYS * 2),
        ({"primary_ids": (250,)}, 0, 0),
        ({"start": START + timedelta(days=1)}, 1, TYPES),
        ({"type_ids": (99,)}, 0, 0),
    ],
)
def test_export__reads_what_may_hold_its_rows(
    log: ActivityLog, filters: dict[str, Any], files: int, row_groups: int
) -> None:
    found = reading(log, **filters)
    assert (found.files, found.row_groups) == (DAYS, DAYS * TYPES)
    assert (found.files_read, found.row_groups_read) == (files, row_groups)
    share = row_groups / (DAYS * TYPES)
    assert found.read_bytes == pytest.approx(found.size_bytes * share, rel=0.05)
