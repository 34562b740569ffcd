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
    PlainDocuments,
    plain_documents,
)
from tailrace.domain.errors import ScalarTypeError
from tailrace.domain.instants import FIRST_SECOND, LAST_SECOND, parse_instant
from tailrace.domain.lead_values import parse_integer
from tailrace.ingest.column_texts import text_of
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

#: Decoding the documents of fewer rows is faster than making ready what finds plain ones.
_ROWS_WORTH_PATTERNS = 1000

#: Blanks of JSON.
_BLANKS = " \t\n\r"

_INTEGER_COLUMNS = [name for name, kind in ACTIVITY_SCHEMA.items() if kind.is_integer()]
_POSITIVE_COLUMNS = ("marketoGUID", "leadId")


def _from_texts() -> dict[str, pl.Expr]:
    """Every column from its texts, null where a text is in no spelling that most files have."""
    date = pl.col("activityDate")
    usual_date = pl.when(date.str.contains(_WIRE_INSTANT)).then(date)
    return {
        **{name: pl.col(name).cast(pl.Int64, strict=False) for name in _INTEGER_COLUMNS},
        "activityDate": usual_date.str.strptime(_INSTANT, "%Y-%m-%dT%H:%M:%SZ", strict=False),
        "primaryAttributeValue": pl.col("primaryAttributeValue"),
        "attributes": pl.col("attributes").fill_null(NO_ATTRIBUTES),
        "actionResult": pl.col("actionResult").str.strip_chars().str.to_lowercase(),
    }


_FROM_TEXTS = _from_texts()


def _from_typed(name: str, kind: pl.DataType) -> pl.Expr | None:
    """A column that has about the type that it shall have; null where a value does not fit."""
    if name in _INTEGER_COLUMNS and kind.is_integer():
        return pl.col(name).cast(pl.Int64, strict=False)
    if name == "activityDate" and isinstance(kind, pl.Datetime):
        there = pl.col(name)
        utc = there.dt.convert_time_zone("UTC") if kind.time_zone else there
        is_one = utc.dt.epoch("s").is_between(FIRST_SECOND, LAST_SECOND)
        return pl.when(is_one).then(utc.cast(pl.Datetime("us")).dt.replace_time_zone("UTC"))
    return None


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
        self._plain: list[PlainDocuments] | None = None

    def check(self, batch: RecordBatch) -> CheckedActivities:
        """The rows that can be loaded, and why the others cannot."""
        columns = _Columns(batch)
        for name in _INTEGER_COLUMNS:
            columns.convert(name, parse_integer)
        for name in _POSITIVE_COLUMNS:
            columns.refuse_less_than(1, name)
        self._check_types(columns)
        columns.convert("activityDate", parse_instant)
        columns.refuse_other_than(ACTION_RESULTS, "actionResult")
        self._make_canonical(columns)
        frame = columns.values.select(
            pl.col(name).cast(kind, strict=False) for name, kind in ACTIVITY_SCHEMA.items()
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

    def _check_types(self, columns: _Columns) -> None:
        type_ids = columns.values["activityTypeId"]
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

    def _make_canonical(self, columns: _Columns) -> None:
        canonical: dict[int, str] = {}
        for position, type_id, document in self._find_doubtful(columns.values).iter_rows():
            if position in columns.problems:
                continue
            try:
                canonical[position] = self._rules_of(type_id).canonical(document)
            except AttributesError as error:
                columns.refuse(position, "attributes", str(error))
        columns.patch("attributes", canonical)

    def _find_doubtful(self, values: pl.DataFrame) -> pl.DataFrame:
        """Position, type and document of the rows, in order, that may not be canonical."""
        by_type = self._not_plain(values)
        # Texts for Python are made of all rows at once: types are many, and most have few rows.
        documents = by_type["attributes"].to_list()
        doubtful: list[int] = by_type["is_doubtful"].arg_true().to_list()
        start = 0
        for run in by_type["activityTypeId"].rle():
            end = start + run["len"]
            unconfirmed = self._rules_of(run["value"]).find_unconfirmed(documents[start:end])
            doubtful += [start + place for place in unconfirmed]
            start = end
        return by_type[sorted({*doubtful})].drop("is_doubtful").sort("position")

    def _not_plain(self, values: pl.DataFrame) -> pl.DataFrame:
        """The rows whose documents have to be decoded, by type, and which of them for sure."""
        rows = values.lazy().select("activityTypeId", "attributes").with_row_index("position")
        if values.height >= _ROWS_WORTH_PATTERNS:
            if self._plain is None:
                self._plain = plain_documents(self._types.values())
            for plain in self._plain:
                is_of_group = pl.col("activityTypeId").is_in(plain.type_ids)
                is_plain = pl.col("attributes").str.contains(plain.pattern)
                rows = rows.filter(~(is_of_group & is_plain))
        stripped = pl.col("attributes").str.strip_chars(_BLANKS)
        is_doubtful = pl.any_horizontal(
            pl.col("attributes") != stripped, *(stripped.str.contains(each) for each in NOT_COMPACT)
        )
        return (
            rows.drop_nulls("activityTypeId")
            .with_columns(stripped, is_doubtful=is_doubtful)
            .sort("activityTypeId")
            # One after the other: each filter has fewer rows to look at, unless they are made one.
            .collect(optimizations=pl.QueryOptFlags.none())
        )

    def _rules_of(self, type_id: object) -> AttributeRules:
        assert isinstance(type_id, int)
        if type_id not in self._rules:
            self._rules[type_id] = AttributeRules(self._types.get(type_id))
        return self._rules[type_id]


class _Columns:
    """The columns of a batch being converted, and the first problem of each row that has one."""

    def __init__(self, batch: RecordBatch) -> None:
        self._batch = batch
        missing = [name for name in ACTIVITY_SCHEMA if name not in batch.frame.columns]
        nothing = pl.Series([None], dtype=pl.String).new_from_index(0, batch.lines.len())
        added = [nothing.alias(name) for name in missing]
        self._given = pl.DataFrame([*batch.frame.get_columns(), *added])
        conversions = {name: self._conversion(name) for name in _FROM_TEXTS}
        #: Every column in its type, null as yet where the fast conversion gives up.
        self.values = self._given.select(**conversions)
        #: Field and reason by position.
        self.problems: dict[int, tuple[str, str]] = {}

    def _conversion(self, name: str) -> pl.Expr:
        kind = self._given.schema[name]
        typed = _from_typed(name, kind)
        if typed is not None:
            return typed
        if kind != pl.String:
            self._given = self._given.with_columns(text_of(name, kind))
        return _FROM_TEXTS[name]

    def _texts(self, name: str) -> pl.Series:
        given = self._given[name]
        if given.dtype == pl.String:
            return given
        return self._given.select(text_of(name, given.dtype)).to_series()

    def refuse(self, position: int, field: str, reason: str) -> None:
        self.problems.setdefault(position, (field, reason))

    def convert(self, name: str, parse: Callable[[str], object]) -> None:
        """See to what the fast conversion of a column gave up, by `parse`."""
        given, values = self._given[name], self.values[name]
        if name in REQUIRED_COLUMNS and given.null_count():
            for position in given.is_null().arg_true():
                self.refuse(position, name, "no value")
        if values.null_count() == given.null_count():
            return
        texts = self._texts(name)
        parsed: dict[int, object] = {}
        for position in (values.is_null() & texts.is_not_null()).arg_true():
            try:
                parsed[position] = parse(texts[position])
            except ScalarTypeError as error:
                self.refuse(position, name, f"not of type {error.type_name}: {error.value}")
        self.patch(name, parsed)

    def patch(self, name: str, values: Mapping[int, object]) -> None:
        """Put other values at some positions of a column."""
        if values:
            series = self.values[name].clone()
            series.scatter(list(values), pl.Series(list(values.values()), dtype=series.dtype))
            self.values = self.values.with_columns(series)

    def refuse_less_than(self, least: int, name: str) -> None:
        values = self.values[name]
        smallest = values.min()
        if not isinstance(smallest, int) or smallest >= least:
            return
        for position in (values < least).fill_null(value=False).arg_true():
            self.refuse(position, name, f"less than {least}: {values[position]}")

    def refuse_other_than(self, choices: frozenset[str], name: str) -> None:
        values = self.values[name]
        if values.null_count() == values.len():
            return
        wrong = ~values.is_in(sorted(choices)).fill_null(value=True)
        if not wrong.any():
            return
        texts = self._texts(name)
        for position in wrong.arg_true():
            shown = texts[position]
            self.refuse(position, name, f"not one of {', '.join(sorted(choices))}: {shown}")

    def positions_without_problem(self) -> pl.Series:
        every = pl.int_range(self._batch.lines.len(), dtype=pl.UInt32, eager=True)
        return every.filter(~every.is_in(list(self.problems)))

    def rejections(self) -> list[Rejection]:
        lines, text_of = self._batch.lines, self._batch.text_of
        return [
            Rejection(lines[position], field, reason, text_of(position))
            for position, (field, reason) in sorted(self.problems.items())
        ]
