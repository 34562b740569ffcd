"""Activities as they happen, for tests of what becomes of them."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tailrace.store.hot_activities import NewActivity, record_activities
from tests.support.activities import START

if TYPE_CHECKING:
    from datetime import datetime

    from tailrace.app import Application
    from tailrace.lake.activity_log import ActivityLog


def happen(
    application: Application,
    count: int,
    *,
    at: datetime = START,
    type_id: int = 1,
    first_lead: int = 1,
) -> range:
    """Record so many activities in one transaction, one a lead from `first_lead` on; their GUIDs."""
    activities = [
        NewActivity(first_lead + number, type_id, at, {"Webpage URL": f"/{number}"})
        for number in range(count)
    ]
    with application.database.write() as connection:
        return record_activities(connection, application.subscriptions.default_id(), activities)


def lake_rows(log: ActivityLog) -> pl.DataFrame:
    """Every row of the lake, by GUID."""
    paths = [file.path for file in log.snapshot().files]
    if not paths:
        return pl.DataFrame(schema={"marketoGUID": pl.Int64, "leadId": pl.Int64})
    return log.storage.scan(paths).collect().sort("marketoGUID")


def hot_guids(application: Application) -> list[int]:
    with application.database.read() as connection:
        found = connection.exec_driver_sql("SELECT guid FROM hot_activity ORDER BY guid")
        return [row[0] for row in found]
