"""What rows of activities look like at rest, and the checks that rows pass on their way in.

Text is made straight here, once, so that an export renders what it reads as it is: a value is
null instead of empty, line breaks are LF and no NUL is left (contract section 4).
"""

from __future__ import annotations

import polars as pl
from deltalake.schema import Field, PrimitiveType, Schema

#: The columns of the table but for its partition column.
ACTIVITY_SCHEMA: dict[str, pl.DataType] = {
    "marketoGUID": pl.Int64(),
    "leadId": pl.Int64(),
    "activityDate": pl.Datetime("us", "UTC"),
    "activityTypeId": pl.Int32(),
    "campaignId": pl.Int64(),
    "primaryAttributeValueId": pl.Int64(),
    "primaryAttributeValue": pl.String(),
    "attributes": pl.String(),
    "actionResult": pl.String(),
}

#: UTC day of activityDate: the table is partitioned by it.
DAY_COLUMN = "activityDay"

REQUIRED_COLUMNS = ("marketoGUID", "leadId", "activityDate", "activityTypeId", "attributes")

#: Whose minima and maxima each file's log entry carries: what exports filter by, and the identity.
STATISTICS_COLUMNS = ("marketoGUID", "activityDate", "activityTypeId", "primaryAttributeValueId")

_TEXT_COLUMNS = tuple(name for name, kind in ACTIVITY_SCHEMA.items() if kind == pl.String())

_DELTA_TYPES: dict[pl.DataType, str] = {
    pl.Int64(): "long",
    pl.Int32(): "integer",
    pl.String(): "string",
    pl.Datetime("us", "UTC"): "timestamp",
}


def delta_schema() -> Schema:
    """The schema that the Delta log states, partition column last."""
    columns = [
        Field(name, PrimitiveType(_DELTA_TYPES[kind]), nullable=name not in REQUIRED_COLUMNS)
        for name, kind in ACTIVITY_SCHEMA.items()
    ]
    return Schema([*columns, Field(DAY_COLUMN, PrimitiveType("date"), nullable=False)])


def canonical_rows(rows: pl.DataFrame) -> pl.DataFrame:
    """The same rows as they rest: columns in order, instants at whole seconds, text made straight.

    Raises TypeError for other columns or types than ACTIVITY_SCHEMA, and ValueError for a missing
    required value or an identity that is no positive number or appears twice.
    """
    if dict(rows.schema) != ACTIVITY_SCHEMA:
        raise TypeError(f"rows of activities do not have the columns {rows.schema}")
    seconds = pl.col("activityDate").dt.truncate("1s")
    straight = rows.select(*ACTIVITY_SCHEMA).with_columns(
        seconds, *(_straight_text(rows[name]) for name in _TEXT_COLUMNS)
    )
    _check_values(straight)
    return straight


def are_distinct(guids: pl.Series) -> bool:
    """Whether none of the GUIDs, of which none is null, appears twice."""
    # Most come in ascending order, which is told in a tenth of the time.
    is_ascending = bool((guids > guids.shift(1)).all())
    return is_ascending or guids.n_unique() == guids.len()


def _straight_text(column: pl.Series) -> pl.Series:
    # Almost no column has these characters: looking for them costs less than replacing none.
    if column.str.contains(r"[\x00\r]").any():
        column = (
            column.str.replace_all("\0", "", literal=True)
            .str.replace_all("\r\n", "\n", literal=True)
            .str.replace_all("\r", "\n", literal=True)
        )
    if (column == "").any():
        column = column.replace("", None)
    return column


def _check_values(rows: pl.DataFrame) -> None:
    for name in REQUIRED_COLUMNS:
        if rows[name].null_count():
            raise ValueError(f"{name} is missing in {rows[name].null_count()} rows of activities")
    guids = rows["marketoGUID"]
    if (guids < 1).any():
        raise ValueError("marketoGUID is not positive in some row of activities")
    if not are_distinct(guids):
        raise ValueError("marketoGUID appears twice in one batch of activities")
