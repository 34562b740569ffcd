"""Hot rows as rows of the activity log."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import polars as pl

from tailrace.lake.activity_rows import ACTIVITY_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Row


def hot_frame(rows: Sequence[Row[Any]]) -> pl.DataFrame:
    """Rows as `store.hot_activities.HOT_COLUMNS`, with the columns of ACTIVITY_SCHEMA."""
    columns = zip(*rows, strict=True) if rows else [()] * len(ACTIVITY_SCHEMA)
    return pl.DataFrame(
        [
            _series(name, kind, values)
            for (name, kind), values in zip(ACTIVITY_SCHEMA.items(), columns, strict=True)
        ]
    )


def _series(name: str, kind: pl.DataType, values: Sequence[object]) -> pl.Series:
    if kind.is_temporal():
        # Microseconds since 1970, as they are in the store.
        return pl.Series(name, values, dtype=pl.Int64).cast(kind)
    return pl.Series(name, values, dtype=kind)
