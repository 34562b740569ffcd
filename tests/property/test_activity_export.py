"""An activity export against a naive model, and against itself on other layouts of the lake.

Whatever files hold the rows, the export is the same bytes: a file that was made again after a
crash continues a download, and its checksum stays true.
"""

from __future__ import annotations

import random
import tempfile
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.domain.export_request import ACTIVITY_FIELDS
from tailrace.domain.instants import format_instant
from tailrace.lake.activity_log import ActivityLog
from tests.support.activities import (
    AWKWARD_TEXTS,
    START,
    activity_request,
    export,
    random_activities,
)

Row = dict[str, Any]


@dataclass(frozen=True)
class Filter:
    start: datetime
    end: datetime
    type_ids: tuple[int, ...] = ()
    primary_ids: tuple[int, ...] = ()
    names: tuple[str, ...] = ()

    def picks(self, row: Row) -> bool:
        """The contract's words, row by row."""
        return (
            self.start <= row["activityDate"] <= self.end
            and (
                row["activityTypeId"] in self.type_ids
                if self.type_ids
                else row["activityTypeId"] != 37
            )
            and (not self.primary_ids or row["primaryAttributeValueId"] in self.primary_ids)
            and (not self.names or row["primaryAttributeValue"] in self.names)
        )


def text_of(value: object) -> str:
    if value is None:
        return "null"
    if isinstance(value, datetime):
        return format_instant(value)
    text = str(value)
    if any(mark in text for mark in ',"\r\n'):
        return '"' + text.replace('"', '""') + '"'
    return text


def naive_export(rows: pl.DataFrame, wanted: Filter, fields: tuple[str, ...]) -> bytes:
    picked = [row for row in rows.iter_rows(named=True) if wanted.picks(row)]
    picked.sort(key=lambda row: (row["activityDate"], row["marketoGUID"]))
    lines = [fields, *([text_of(row[field]) for field in fields] for row in picked)]
    return "".join(",".join(line) + "\n" for line in lines).encode()


seconds = st.integers(-5, 400_000).map(lambda offset: START + timedelta(seconds=offset))


def between(one_end: datetime, other_end: datetime, type_ids: tuple[int, ...]) -> Filter:
    return Filter(min(one_end, other_end), max(one_end, other_end), type_ids)


filters = st.one_of(
    st.builds(between, seconds, seconds, st.sampled_from([(), (1,), (2, 13), (1, 2, 13), (99,)])),
    st.builds(
        Filter,
        start=st.just(START),
        end=st.just(START + timedelta(days=4)),
        type_ids=st.sampled_from([(1,), (2, 13)]),
        primary_ids=st.sampled_from([(), (10,), (11, 12), (99,)]),
    ),
    st.builds(
        Filter,
        start=st.just(START),
        end=st.just(START + timedelta(days=4)),
        type_ids=st.just((1, 2)),
        names=st.sets(st.sampled_from([text for text in AWKWARD_TEXTS if text]), min_size=1).map(
            tuple
        ),
    ),
)


def exported(
    log: ActivityLog, wanted: Filter, fields: tuple[str, ...], fragment_bytes: int
) -> bytes:
    request = activity_request(
        wanted.start,
        wanted.end,
        fields=fields,
        type_ids=wanted.type_ids,
        primary_ids=wanted.primary_ids,
        primary_names=wanted.names,
    )
    with tempfile.TemporaryDirectory() as directory:
        content, _ = export(
            log, request, Path(directory), names=wanted.names, fragment_bytes=fragment_bytes
        )
    return content


#: 300 activities over four days in eleven files, some of which overlap.
ROWS = random_activities(300, seconds=4 * 86_400 - 1)


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ActivityLog:
    log = ActivityLog.in_directory(tmp_path_factory.mktemp("lake") / "activities")
    for start in (0, 100, 150):
        log.append(ROWS.slice(start, 50 if start else 100))
    log.append(ROWS.slice(200, 100))
    return log


@given(
    wanted=filters,
    fields=st.permutations(ACTIVITY_FIELDS).flatmap(
        lambda fields: st.integers(1, len(fields)).map(lambda count: tuple(fields[:count]))
    ),
    fragment_bytes=st.sampled_from([1000, 8000, 10**6]),
)
def test_export__is_what_a_naive_model_says(
    log: ActivityLog, wanted: Filter, fields: tuple[str, ...], fragment_bytes: int
) -> None:
    assert exported(log, wanted, fields, fragment_bytes) == naive_export(ROWS, wanted, fields)


@given(
    rows=st.lists(st.integers(0, 40), min_size=1, max_size=40),
    batch_count=st.integers(1, 6),
    seed=st.integers(0, 2**32),
    fragment_bytes=st.sampled_from([1, 500, 10**6]),
)
def test_bytes__do_not_depend_on_how_rows_came_in(
    rows: list[int], batch_count: int, seed: int, fragment_bytes: int
) -> None:
    """Rows by their second: few distinct ones, so that files share them."""
    instants = pl.Series("activityDate", [START + timedelta(seconds=second) for second in rows])
    activities = random_activities(len(rows)).with_columns(
        instants.cast(pl.Datetime("us", "UTC")), activityTypeId=pl.lit(1, pl.Int32)
    )
    everything = Filter(START, START + timedelta(days=1))
    expected = naive_export(activities, everything, ACTIVITY_FIELDS)
    places = [random.Random(seed + place).randrange(batch_count) for place in range(len(rows))]
    with tempfile.TemporaryDirectory() as directory:
        log = ActivityLog.in_directory(Path(directory) / "activities")
        for batch in range(batch_count):
            log.append(activities.filter([place == batch for place in places]))
        assert exported(log, everything, ACTIVITY_FIELDS, fragment_bytes) == expected


def test_selective_export__is_the_same_bytes_every_time(tmp_path: Path) -> None:
    """Engines that lose order do so under selective filters and several threads."""
    log = ActivityLog.in_directory(tmp_path / "activities")
    rows = random_activities(60_000, seconds=3 * 86_400)
    for start in range(0, rows.height, 12_000):
        log.append(rows.slice(start, 12_000))
    wanted = Filter(START, START + timedelta(days=31), (1, 13), (10, 12))
    expected = naive_export(rows, wanted, ACTIVITY_FIELDS)
    for fragment_bytes in [100_000] * 10 + [10**9] * 10:
        assert exported(log, wanted, ACTIVITY_FIELDS, fragment_bytes) == expected
