"""Exports rendered on a cluster: the same file as on one machine, shared fairly, in bounded memory."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from tailrace.lake.activity_log import ActivityLog
from tests.support.activities import START, activity_request, export, random_activities
from tests.support.dask_cluster import running_cluster

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.dask_cluster import Cluster

#: So small that the log below is cut into some forty fragments.
FRAGMENT_BYTES = 10_000


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=2) as running:
        yield running


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ActivityLog:
    made = ActivityLog(tmp_path_factory.mktemp("lake") / "activities")
    made.append(random_activities(1500, seed=1))
    made.append(random_activities(500, seed=2, first_guid=5000))
    return made


@pytest.mark.parametrize(
    ("filters", "delimiter"),
    [
        ({}, ","),
        ({"type_ids": (1, 13)}, "\t"),
        ({"type_ids": (2,), "primary_ids": (10, 12)}, ";"),
        ({"fields": ("activityDate", "primaryAttributeValue")}, " "),
        ({"start": START + timedelta(hours=7), "end": START + timedelta(hours=40)}, ","),
        ({"type_ids": (999,)}, ","),
    ],
)
def test_file__is_that_of_one_machine(
    cluster: Cluster, log: ActivityLog, tmp_path: Path, filters: dict[str, Any], delimiter: str
) -> None:
    request = activity_request(**filters)
    here, result = export(
        log, request, tmp_path / "here", fragment_bytes=FRAGMENT_BYTES, delimiter=delimiter
    )
    there, result_there = export(
        log,
        request,
        tmp_path / "there",
        fragment_bytes=FRAGMENT_BYTES,
        delimiter=delimiter,
        executor=cluster.executor(),
    )
    assert there == here
    assert result_there == result
