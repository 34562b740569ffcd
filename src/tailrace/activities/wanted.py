"""What a selection of activities means for a row of the lake and for a file."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tailrace.domain.activity_types import CHANGE_DATA_VALUE

if TYPE_CHECKING:
    from collections.abc import Collection

    from tailrace.domain.activity_paging import ActivitySelection, ChangedFields
    from tailrace.lake.snapshot import DataFile


def predicate(wanted: ActivitySelection) -> pl.Expr:
    """Picks the rows, in a form that Parquet statistics can answer."""
    picked = pl.col("activityTypeId").is_in(sorted(wanted.type_ids))
    if wanted.lead_ids is not None:
        picked &= pl.col("leadId").is_in(sorted(wanted.lead_ids))
    if wanted.primary_value_ids is not None:
        picked &= pl.col("primaryAttributeValueId").is_in(sorted(wanted.primary_value_ids))
    if wanted.changed_fields is not None:
        picked &= _changes(wanted.changed_fields)
    return picked


def _changes(fields: ChangedFields) -> pl.Expr:
    return (
        (pl.col("activityTypeId") != CHANGE_DATA_VALUE)
        | pl.col("primaryAttributeValueId").is_in(sorted(fields.ids))
        | pl.col("primaryAttributeValue").is_in(sorted(fields.names))
    ).fill_null(value=False)


def may_hold(file: DataFile, wanted: ActivitySelection) -> bool:
    """False only if the file's statistics rule out every row of it."""
    return _any_within(wanted.type_ids, file.least_type_id, file.largest_type_id) and _any_within(
        wanted.primary_value_ids, file.least_primary_id, file.largest_primary_id
    )


def _any_within(values: Collection[int] | None, least: int | None, largest: int | None) -> bool:
    if values is None or least is None or largest is None:
        return True
    return any(least <= value <= largest for value in values)
