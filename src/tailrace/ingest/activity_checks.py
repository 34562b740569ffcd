"""Rows of activities as texts become rows of the activity log, or are rejected with a reason.

Columns are converted whole; only values that the fast conversion refuses are looked at one by
one, by the rules of the domain.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tailrace.domain.activity_attributes import (
    NO_ATTRIBUTES,
    NOT_COMPACT,
    AttributeRules,
    AttributesError,
)
from tailrace.domain.errors import ScalarTypeError
from tailrace.domain.instants import parse_instant
from tailrace.domain.lead_values import parse_integer
from tailrace.ingest.rejections import Rejection
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tailrace.domain.activity_types import ActivityType
    from tailrace.ingest.record_batch import RecordBatch

REQUIRED_COLUMNS = ("leadId", "activityDate", "activityTypeId")

ACTION_RESULTS = frozenset({"succeeded", "skipped", "failed"})

#: Ids of a database integer column.
_LARGEST_TYPE_ID = 2**31 - 1

_WIRE_INSTANT = (
    r"\A\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\d|3[01])T(?:[01]\d|2[0-3]):[0-5]\d:[0-5]\dZ\z"
).replace(r"\d", "[0-9]")
_INSTANT = pl.Datetime("us", "UTC")

#: Blanks of JSON.
_BLANKS = " \t\n\r"


@dataclass(frozen=True, slots=True)
class CheckedActivities:
    #: Columns of the activity log; a GUID is null where the row came without one.
    frame: pl.DataFrame
    #: Line numbers of those rows.
    lines: pl.Series
    rejections: list[Rejection]
    bytes_done: int


class ActivityChecks:
    """Knows the activity types of one subscription.

    `register` is told of type ids that nobody knows; the types it returns count as known.
    """

    def __init__(
        self,
        types: Mapping[int, ActivityType],
        register: Callable[[Iterable[int]], Mapping[int, ActivityType]],
    ) -> None:
        self._types = dict(types)
        self._register = register
        self._rules: dict[int, AttributeRules] = {}

    def check(self, batch: RecordBatch) -> CheckedActivities:
        """The rows that can be loaded, and why the others cannot."""
        columns = _Columns(batch)
        result = {
            name: columns.integers(name, least=1 if name in ("marketoGUID", "leadId") else None)
            for name, kind in ACTIVITY_SCHEMA.items()
            if kind.is_integer()
        }
        self._check_types(result["activityTypeId"], columns)
        result["activityDate"] = columns.instants("activityDate")
        result["primaryAttributeValue"] = columns.texts("primaryAttributeValue")
        result["actionResult"] = columns.choices("actionResult", ACTION_RESULTS)
        result["attributes"] = self._attributes(result["activityTypeId"], columns)
        frame = pl.DataFrame(
            [result[name].cast(kind, strict=False) for name, kind in ACTIVITY_SCHEMA.items()]
        )
        if not columns.problems:
            return CheckedActivities(frame, batch.lines, list(batch.malformed), batch.bytes_done)
        good = columns.positions_without_problem()
        return CheckedActivities(
            frame[good],
            batch.lines[good],
            [*batch.malformed, *columns.rejections()],
            batch.bytes_done,
        )

    def _check_types(self, type_ids: pl.Series, columns: _Columns) -> None:
        unknown = {one for one in type_ids.unique().drop_nulls() if one not in self._types}
        if not unknown:
            return
        possible = sorted(one for one in unknown if 1 <= one <= _LARGEST_TYPE_ID)
        self._types.update(self._register(possible))
        still_unknown = pl.Series(
            [one for one in unknown if one not in self._types], dtype=pl.Int64
        )
        for position in type_ids.is_in(still_unknown.implode()).fill_null(value=False).arg_true():
            columns.refuse(position, "activityTypeId", "unknown activity type")

    def _attributes(self, type_ids: pl.Series, columns: _Columns) -> pl.Series:
        documents = columns.texts("attributes").fill_null(NO_ATTRIBUTES).str.strip_chars(_BLANKS)
        doubtful = {
            position
            for pattern in NOT_COMPACT
            for position in documents.str.contains(pattern).arg_true()
        }
        rows = pl.DataFrame({"type": type_ids, "document": documents}).with_row_index("position")
        for (type_id,), group in rows.drop_nulls("type").group_by("type"):
            unconfirmed = self._rules_of(type_id).find_unconfirmed(group["document"].to_list())
            if unconfirmed:
                doubtful.update(group["position"].gather(unconfirmed))
        canonical: dict[int, str] = {}
        for position in sorted(doubtful - columns.problems.keys()):
            try:
                rules = self._rules_of(type_ids[position])
                canonical[position] = rules.canonical(documents[position])
            except AttributesError as error:
                columns.refuse(position, "attributes", str(error))
        return _patched(documents, canonical)

    def _rules_of(self, type_id: object) -> AttributeRules:
        assert isinstance(type_id, int)
        if type_id not in self._rules:
            self._rules[type_id] = AttributeRules(self._types.get(type_id))
        return self._rules[type_id]


class _Columns:
    """The columns of a batch being converted, and the first problem of each row that has one."""

    def __init__(self, batch: RecordBatch) -> None:
        self._batch = batch
        #: Field and reason by position.
        self.problems: dict[int, tuple[str, str]] = {}

    def refuse(self, position: int, field: str, reason: str) -> None:
        self.problems.setdefault(position, (field, reason))

    def texts(self, name: str) -> pl.Series:
        frame = self._batch.frame
        if name in frame.columns:
            return frame[name]
        return pl.Series(name, [None], dtype=pl.String).new_from_index(0, frame.height)

    def integers(self, name: str, least: int | None) -> pl.Series:
        values = self._converted(
            name, lambda texts: texts.cast(pl.Int64, strict=False), parse_integer
        )
        if least is not None:
            for position in (values < least).fill_null(value=False).arg_true():
                self.refuse(position, name, f"less than {least}: {values[position]}")
        return values

    def instants(self, name: str) -> pl.Series:
        return self._converted(name, _wire_instants, parse_instant)

    def choices(self, name: str, choices: frozenset[str]) -> pl.Series:
        values = self.texts(name).str.strip_chars().str.to_lowercase()
        if values.null_count() == values.len():
            return values
        wrong = ~values.is_in(sorted(choices))
        for position in wrong.fill_null(value=False).arg_true():
            shown = self.texts(name)[position]
            self.refuse(position, name, f"not one of {', '.join(sorted(choices))}: {shown}")
        return values

    def _converted(
        self,
        name: str,
        convert: Callable[[pl.Series], pl.Series],
        parse: Callable[[str], object],
    ) -> pl.Series:
        """The column by `convert`, and what that gives up by `parse`."""
        texts = self.texts(name)
        values = convert(texts)
        if name in REQUIRED_COLUMNS:
            for position in texts.is_null().arg_true():
                self.refuse(position, name, "no value")
        if values.null_count() == texts.null_count():
            return values
        parsed: dict[int, object] = {}
        for position in (values.is_null() & texts.is_not_null()).arg_true():
            try:
                parsed[position] = parse(texts[position])
            except ScalarTypeError as error:
                self.refuse(position, name, f"not of type {error.type_name}: {error.value}")
        return _patched(values, parsed)

    def positions_without_problem(self) -> pl.Series:
        every = pl.int_range(self._batch.frame.height, dtype=pl.UInt32, eager=True)
        return every.filter(~every.is_in(list(self.problems)))

    def rejections(self) -> list[Rejection]:
        lines, text_of = self._batch.lines, self._batch.text_of
        return [
            Rejection(lines[position], field, reason, text_of(position))
            for position, (field, reason) in sorted(self.problems.items())
        ]


def _wire_instants(texts: pl.Series) -> pl.Series:
    """Instants in the one spelling that nearly every file has; null where it is another."""
    usual = texts.set(~texts.str.contains(_WIRE_INSTANT), None)
    return usual.str.strptime(_INSTANT, "%Y-%m-%dT%H:%M:%SZ", strict=False)


def _patched(series: pl.Series, values: Mapping[int, object]) -> pl.Series:
    if not values:
        return series
    replacements = pl.Series(list(values.values()), dtype=series.dtype)
    return series.clone().scatter(list(values), replacements)
