"""Files to load, and what is in a home after loading them."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

import polars as pl
from sqlalchemy import select

from tailrace.ingest.activities import load_activities
from tailrace.ingest.leads import load_leads
from tailrace.ingest.loading import LoadOptions
from tailrace.store.tables import lead

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.app import Application
    from tailrace.ingest.loading import LoadReport

ACTIVITY_HEADER = (
    "marketoGUID,leadId,activityDate,activityTypeId,campaignId,primaryAttributeValueId,"
    "primaryAttributeValue,attributes"
)


def activities_file(directory: Path, *lines: str, name: str = "activities.csv") -> Path:
    """A file with the columns of Marketo's own extract."""
    return text_file(directory / name, ACTIVITY_HEADER, *lines)


def text_file(path: Path, *lines: str) -> Path:
    path.write_text("".join(f"{line}\n" for line in lines), encoding="utf-8", newline="")
    return path


def activity_line(guid: int | str, **columns: object) -> str:
    """A record that can be loaded, but for the columns given."""
    values = {
        "leadId": 7,
        "activityDate": "2026-02-03T04:05:06Z",
        "activityTypeId": 1,
        "campaignId": "null",
        "primaryAttributeValueId": 9,
        "primaryAttributeValue": "page",
        "attributes": '"{""Webpage URL"":""/x""}"',
        **columns,
    }
    return ",".join(str(one) for one in (guid, *values.values()))


def load_activity_files(application: Application, *files: Path, **options: Any) -> LoadReport:
    return load_activities(application, files, options=LoadOptions(**options))


def load_lead_files(application: Application, *files: Path, **options: Any) -> LoadReport:
    return load_leads(application, files, options=LoadOptions(**options))


def counts(report: LoadReport) -> tuple[int, int, int]:
    """Loaded, rejected, already there."""
    return report.loaded, report.rejected, report.already_there


def activities_in(application: Application) -> pl.DataFrame:
    """The activities of the home's first subscription, by GUID."""
    log = application.activity_log(application.subscriptions.default_id())
    paths = [file.path for file in log.snapshot().files]
    if not paths:
        return pl.DataFrame(schema={"marketoGUID": pl.Int64})
    return log.storage.scan(paths).collect().sort("marketoGUID")


def leads_in(application: Application) -> list[dict[str, Any]]:
    """The leads of the home's first subscription, by id, without the columns that are NULL."""
    with application.database.read() as connection:
        rows = connection.execute(select(lead).order_by(lead.c.id)).mappings()
        return [{name: value for name, value in row.items() if value is not None} for row in rows]


def rejects_in(report: LoadReport) -> list[tuple[int, str, str, str]]:
    """Line, field, reason and text of each rejected row."""
    if report.reject_file is None:
        return []
    with report.reject_file.open(encoding="utf-8", newline="") as file:
        return [
            (int(row["line"]), row["field"], row["reason"], row["text"])
            for row in csv.DictReader(file)
        ]
