"""Exports that copy what earlier ones rendered: the same bytes, as long as those are there."""

from __future__ import annotations

from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tailrace.domain.export_job import ExportId, ObjectFamily
from tailrace.extract.activity_source import ActivitySource
from tailrace.extract.pipeline import write_export
from tailrace.extract.rendered import RenderedFragments
from tailrace.files.directory import FileDirectory
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.compaction import compact
from tests.support.activities import (
    START,
    SUBSCRIPTION,
    activity_request,
    export,
    random_activities,
)
from tests.support.application import SteppedApplication

if TYPE_CHECKING:
    from tailrace.lake.snapshot import LakeSnapshot

DAYS = 5
#: A day has a fragment of its own.
FRAGMENT_BYTES = 8_000
WINDOW: dict[str, Any] = {"start": START, "end": START + timedelta(days=DAYS)}


@pytest.fixture
def log(tmp_path: Path) -> ActivityLog:
    log = ActivityLog.in_directory(tmp_path / "activities")
    log.append(random_activities(300, seconds=DAYS * 86_400))
    return log


class Exporter:
    """Exports into one directory, knowing what it has rendered."""

    def __init__(self, directory: Path, most: int = 1000) -> None:
        self.files = FileDirectory(directory)
        self.known = RenderedFragments(self.files, most)
        self._count = 0

    def export(
        self, snapshot: LakeSnapshot, *, delimiter: str = ",", **request: Any
    ) -> tuple[str, bytes]:
        """Name and content of the file."""
        self._count += 1
        asked = activity_request(**request)
        source = ActivitySource(snapshot, asked, fragment_bytes=FRAGMENT_BYTES)
        with self.files.writer(SUBSCRIPTION, ExportId(f"e{self._count}"), fence=1) as out:
            written = write_export(source, asked, delimiter, out, lambda: None, known=self.known)
            result = out.publish()
        self.known.remember(SUBSCRIPTION, result.name, written)
        with self.files.open(SUBSCRIPTION, result.name) as file:
            content = file.read(0, file.size_bytes)
        lines = content.count(b"\n") - 1
        assert result.row_count <= lines
        return result.name, content


@pytest.fixture
def exporter(tmp_path: Path) -> Exporter:
    return Exporter(tmp_path / "files")


def test_repeated_export__is_copied(log: ActivityLog, exporter: Exporter) -> None:
    snapshot = log.snapshot()
    _, first = exporter.export(snapshot, **WINDOW)
    for file in snapshot.files:
        Path(file.path).unlink()
    name, second = exporter.export(snapshot, **WINDOW)
    assert second == first
    # What was copied can be copied on.
    exporter.files.delete(SUBSCRIPTION, "e1.1.csv")
    assert exporter.export(snapshot, **WINDOW)[1] == first
    assert name == "e2.1.csv"


def test_export_of_a_longer_window__copies_what_it_shares(
    log: ActivityLog, exporter: Exporter, tmp_path: Path
) -> None:
    snapshot = log.snapshot()
    exporter.export(snapshot, start=START, end=START + timedelta(days=2))
    expected, _ = export(log, activity_request(**WINDOW), tmp_path / "plain")
    Path(min(file.path for file in snapshot.files)).unlink()
    assert exporter.export(snapshot, **WINDOW)[1] == expected


@pytest.mark.parametrize(
    "other",
    [
        {"delimiter": ";"},
        {"fields": ("marketoGUID", "activityDate")},
        {"type_ids": (1, 2)},
        {"primary_ids": (10,)},
        {"end": START + timedelta(days=1, hours=5)},
    ],
)
def test_export_of_something_else__is_rendered(
    log: ActivityLog, exporter: Exporter, tmp_path: Path, other: dict[str, Any]
) -> None:
    snapshot = log.snapshot()
    exporter.export(snapshot, **WINDOW)
    asked = {**WINDOW, **other}
    _, content = exporter.export(snapshot, **asked)
    delimiter = asked.pop("delimiter", ",")
    expected, _ = export(log, activity_request(**asked), tmp_path / "plain", delimiter=delimiter)
    assert content == expected


def test_export_whose_predecessor_is_gone__is_rendered(
    log: ActivityLog, exporter: Exporter
) -> None:
    snapshot = log.snapshot()
    name, first = exporter.export(snapshot, **WINDOW)
    exporter.files.delete(SUBSCRIPTION, name)
    assert exporter.export(snapshot, **WINDOW)[1] == first


def test_export_of_a_changed_log__has_the_change(
    log: ActivityLog, exporter: Exporter, tmp_path: Path
) -> None:
    exporter.export(log.snapshot(), **WINDOW)
    log.append(random_activities(20, seed=9, seconds=86_400, first_guid=1000))
    expected, _ = export(log, activity_request(**WINDOW), tmp_path / "plain")
    assert exporter.export(log.snapshot(), **WINDOW)[1] == expected


def test_export_of_a_compacted_log__is_the_same(log: ActivityLog, exporter: Exporter) -> None:
    log.append(random_activities(20, seed=9, seconds=86_400, first_guid=1000))
    _, before = exporter.export(log.snapshot(), **WINDOW)
    first_day = [file for file in log.snapshot().files if "2026-10-01" in file.path]
    assert compact(log, first_day, START) is not None
    assert exporter.export(log.snapshot(), **WINDOW)[1] == before


@pytest.mark.parametrize("most", [0, 3])
def test_no_more_fragments_are_known_than_asked_for(
    log: ActivityLog, tmp_path: Path, most: int
) -> None:
    exporter = Exporter(tmp_path / "files", most)
    snapshot = log.snapshot()
    _, first = exporter.export(snapshot, **WINDOW)
    assert len(exporter.known) == most
    assert exporter.export(snapshot, **WINDOW)[1] == first


def test_job_like_an_earlier_one__copies_its_file(tmp_path: Path) -> None:
    stepped = SteppedApplication.open(tmp_path / "home")
    try:
        caller = stepped.new_subscription()
        log = stepped.application.activity_log(caller.subscription_id)
        log.append(random_activities(50, seconds=86_400))
        body = {"filter": {"createdAt": {"startAt": "2026-10-01", "endAt": "2026-10-03"}}}
        first = stepped.export(caller, ObjectFamily.ACTIVITIES, body)
        for file in log.snapshot().files:
            Path(file.path).unlink()
        second = stepped.export(caller, ObjectFamily.ACTIVITIES, body)
    finally:
        stepped.close()
    assert second.content == first.content
    assert first.job.result is not None
    assert second.job.result is not None
    assert second.job.result.row_count == first.job.result.row_count
