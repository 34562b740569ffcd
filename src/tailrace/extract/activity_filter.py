"""What the filter of an activity export means for a row and for a file (contract section 5.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl

from tailrace.domain.activity_types import DELETE_LEAD
from tailrace.domain.instants import second_of
from tailrace.lake.key_ranges import KeyRange

if TYPE_CHECKING:
    from collections.abc import Iterable

    from tailrace.domain.export_request import ActivityFilter
    from tailrace.lake.data_file import RowGroup
    from tailrace.lake.snapshot import DataFile


class WantedActivities:
    """The rows that an export is about.

    `stored_primary_names` are the names to look for in the log if the filter names any.
    """

    def __init__(self, filter: ActivityFilter, stored_primary_names: frozenset[str]) -> None:  # noqa: A002 - the contract's word
        self._filter = filter
        self._primary_names = sorted(stored_primary_names)
        created_at = filter.created_at
        self.span = KeyRange(second_of(created_at.start), second_of(created_at.end))

    @property
    def identity(self) -> str:
        """The same for what picks the same rows of the same time."""
        return repr((self._filter.type_ids, self._filter.primary_ids, self._primary_names))

    @property
    def predicate(self) -> pl.Expr:
        """Picks the rows by all but time, in a form that Parquet statistics can answer."""
        wanted = _types(self._filter.type_ids)
        if self._filter.primary_ids:
            wanted &= pl.col("primaryAttributeValueId").is_in(self._filter.primary_ids)
        if self._filter.primary_names:
            wanted &= pl.col("primaryAttributeValue").is_in(self._primary_names)
        return wanted

    def may_be_in(self, part: DataFile | RowGroup) -> bool:
        """False only if the statistics of the file or row group rule out every row of it."""
        if part.first_date is not None and second_of(part.first_date) > self.span.last_second:
            return False
        if part.last_date is not None and second_of(part.last_date) < self.span.first_second:
            return False
        return _any_within(
            self._filter.type_ids, part.least_type_id, part.largest_type_id
        ) and _any_within(self._filter.primary_ids, part.least_primary_id, part.largest_primary_id)


def _types(type_ids: tuple[int, ...]) -> pl.Expr:
    if type_ids:
        return pl.col("activityTypeId").is_in(type_ids)
    return pl.col("activityTypeId") != DELETE_LEAD


def _any_within(values: Iterable[int], least: int | None, largest: int | None) -> bool:
    wanted = tuple(values)
    if not wanted or least is None or largest is None:
        return True
    return any(least <= value <= largest for value in wanted)
