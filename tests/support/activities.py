"""Activities for tests of the lake and the export: made up, exported, read back."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import polars as pl

from tailrace.domain.export_job import ExportId, SubscriptionId
from tailrace.domain.export_request import (
    DEFAULT_ACTIVITY_FIELDS,
    ActivityFilter,
    Column,
    ExportRequest,
    InstantRange,
)
from tailrace.domain.file_format import FileFormat
from tailrace.extract.activity_fragments import FRAGMENT_BYTES
from tailrace.extract.activity_source import ActivitySource
from tailrace.extract.pipeline import write_export
from tailrace.files.directory import FileDirectory
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from tailrace.domain.export_job import ResultFile
    from tailrace.extract.executor import FragmentExecutor
    from tailrace.lake.activity_log import ActivityLog

START = datetime(2026, 10, 1, tzinfo=UTC)
SUBSCRIPTION = SubscriptionId(1)
EXPORT = ExportId("5fd8a7f4-7a57-4f4b-9a4f-3a8d1ad7a9c1")

#: Values that try the quoting rules, and one that looks like no value.
AWKWARD_TEXTS = (
    "plain",
    "with blank",
    'say "hi"',
    "a,b",
    "c;d",
    "e\tf",
    "g\nh",
    "null",
    "Ü 日本",
    None,
)


def activity(guid: int, **values: object) -> dict[str, object]:
    """One row; what is not given has an ordinary value."""
    return {
        "marketoGUID": guid,
        "leadId": 7,
        "activityDate": START,
        "activityTypeId": 1,
        "campaignId": None,
        "primaryAttributeValueId": None,
        "primaryAttributeValue": None,
        "attributes": "{}",
        "actionResult": None,
        **values,
    }


def frame(rows: Iterable[dict[str, object]]) -> pl.DataFrame:
    return pl.DataFrame(list(rows), schema=ACTIVITY_SCHEMA)


def random_activities(
    count: int, *, seed: int = 1, seconds: int = 3 * 86_400, first_guid: int = 1
) -> pl.DataFrame:
    """Activities of four types at random times from START on, GUIDs in no order of time."""
    draw = random.Random(seed)
    guids = list(range(first_guid, first_guid + count))
    draw.shuffle(guids)
    return frame(
        activity(
            guid,
            leadId=draw.randrange(1, 100),
            activityDate=START + timedelta(seconds=draw.randrange(seconds)),
            activityTypeId=draw.choice((1, 2, 13, 37)),
            campaignId=draw.choice((None, 5)),
            primaryAttributeValueId=draw.choice((None, 10, 11, 12)),
            primaryAttributeValue=draw.choice(AWKWARD_TEXTS),
            attributes=f'{{"Number":{draw.randrange(10**6)}}}',
            actionResult=draw.choice((None, "succeeded", "failed")),
        )
        for guid in guids
    )


def activity_request(
    start: datetime = START,
    end: datetime = START + timedelta(days=31),
    *,
    fields: Iterable[str] = DEFAULT_ACTIVITY_FIELDS,
    file_format: FileFormat = FileFormat.CSV,
    **filters: Any,
) -> ExportRequest:
    columns = tuple(Column(field, field) for field in fields)
    return ExportRequest(file_format, columns, ActivityFilter(InstantRange(start, end), **filters))


def export(
    log: ActivityLog,
    request: ExportRequest,
    directory: Path,
    *,
    names: Iterable[str] = (),
    fragment_bytes: int = FRAGMENT_BYTES,
    delimiter: str = ",",
    executor: FragmentExecutor | None = None,
) -> tuple[bytes, ResultFile]:
    """The published bytes of an export of everything in the log now."""
    source = ActivitySource(
        log.snapshot(), request, frozenset(names), fragment_bytes=fragment_bytes
    )
    files = FileDirectory(directory)
    with files.writer(SUBSCRIPTION, EXPORT, fence=1) as out:
        write_export(source, request, delimiter, out, lambda: None, executor=executor)
        result = out.publish()
    return (directory / str(SUBSCRIPTION) / result.name).read_bytes(), result
