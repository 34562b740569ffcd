"""Which leads had an activity lately: what a smart list asks the activity log."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import polars as pl

if TYPE_CHECKING:
    from datetime import datetime

    from tailrace.domain.smart_list import ActivityRule
    from tailrace.lake.snapshot import DataFile, LakeSnapshot


def leads_with_activity(snapshot: LakeSnapshot, rule: ActivityRule, now: datetime) -> list[int]:
    """Ids, ascending, of the leads that had at least as many such activities as the rule says.

    `rule.has` is the caller's: a lead that had fewer is not in the answer either way.
    """
    since = now - timedelta(days=rule.in_last_days)
    paths = [file.path for file in snapshot.files if _may_hold(file, rule, since, now)]
    if not paths:
        return []
    counts = (
        snapshot.storage.scan(paths)
        .filter(
            pl.col("activityTypeId") == rule.activity_type_id,
            pl.col("activityDate").is_between(since, now),
        )
        .group_by("leadId")
        .len()
        .filter(pl.col("len") >= rule.at_least)
    )
    with snapshot.storage.refusals_told():
        return counts.collect()["leadId"].sort().to_list()


def _may_hold(file: DataFile, rule: ActivityRule, since: datetime, now: datetime) -> bool:
    is_too_old = file.last_date is not None and file.last_date < since
    is_too_new = file.first_date is not None and file.first_date > now
    has_type = (
        file.least_type_id is None
        or file.largest_type_id is None
        or file.least_type_id <= rule.activity_type_id <= file.largest_type_id
    )
    return has_type and not is_too_old and not is_too_new
