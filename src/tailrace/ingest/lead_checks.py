"""Rows of leads as texts become rows for the store, or are rejected with a reason."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from tailrace.domain.errors import ScalarTypeError
from tailrace.domain.lead_values import lead_value_parser
from tailrace.ingest.lead_columns import confirmed_values
from tailrace.ingest.rejections import Rejection
from tailrace.store.lead_loading import LeadRow

if TYPE_CHECKING:
    from collections.abc import Collection, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import polars as pl

    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.domain.lead_values import StoredValue
    from tailrace.ingest.record_batch import RecordBatch

#: Every JSON reader takes integers up to here for what they are.
LARGEST_LEAD_ID: Final = 2**53

_MOMENTS = ("createdAt", "updatedAt")


@dataclass(frozen=True, slots=True)
class CheckedLeads:
    rows: Sequence[LeadRow]
    #: Where each row is within the batch.
    positions: Sequence[int]
    batch: RecordBatch
    rejections: list[Rejection]

    def line_of(self, place: int) -> int:
        """Line number of the row at a place of `rows`."""
        return self.batch.lines[self.positions[place]]

    def reject(self, place: int, field: str, reason: str) -> Rejection:
        """A rejection of the row at a place of `rows`."""
        text = self.batch.text_of(self.positions[place])
        return Rejection(self.line_of(place), field, reason, text)


class LeadChecks:
    """Knows the fields of one subscription."""

    def __init__(self, fields: LeadFieldCatalogue) -> None:
        self._fields = fields

    def ids(self, batch: RecordBatch) -> list[int]:
        """The ids that rows of the batch bring along, good ones only."""
        problems: dict[int, tuple[str, str]] = {}
        ids = _parsed(self._fields["id"], batch.frame["id"], problems)
        _check_ids(ids, problems)
        return [
            one for place, one in enumerate(ids) if isinstance(one, int) and place not in problems
        ]

    def check(self, batch: RecordBatch) -> CheckedLeads:
        """The rows that can be stored, and why the others cannot."""
        problems: dict[int, tuple[str, str]] = {}
        columns = {
            name: _parsed(self._fields[name], batch.frame[name], problems)
            for name in batch.frame.columns
        }
        _check_ids(columns.get("id", []), problems)
        positions = [one for one in range(batch.frame.height) if one not in problems]
        rejections = [
            Rejection(batch.lines[position], field, reason, batch.text_of(position))
            for position, (field, reason) in sorted(problems.items())
        ]
        return CheckedLeads(
            rows=_rows(columns, positions, batch.absent),
            positions=positions,
            batch=batch,
            rejections=[*batch.malformed, *rejections],
        )


def _parsed(
    field: LeadField, texts: pl.Series, problems: dict[int, tuple[str, str]]
) -> list[StoredValue | None]:
    confirmed = confirmed_values(field, texts)
    if confirmed is not None:
        return confirmed
    parse = lead_value_parser(field)
    values: list[StoredValue | None] = []
    for position, text in enumerate(texts):
        try:
            values.append(None if text is None else parse(text))
        except ScalarTypeError as error:
            reason = f"not of type {error.type_name}: {error.value}"
            problems.setdefault(position, (field.name, reason))
            values.append(None)
    return values


def _check_ids(ids: Sequence[StoredValue | None], problems: dict[int, tuple[str, str]]) -> None:
    for position, lead_id in enumerate(ids):
        if isinstance(lead_id, int) and not 1 <= lead_id <= LARGEST_LEAD_ID:
            reason = f"not between 1 and {LARGEST_LEAD_ID}: {lead_id}"
            problems.setdefault(position, ("id", reason))


def _rows(
    columns: Mapping[str, Sequence[StoredValue | None]],
    positions: Collection[int],
    absent: Mapping[str, AbstractSet[int]],
) -> list[LeadRow]:
    special = {"id", *_MOMENTS}
    names = [name for name in columns if name not in special]
    ids, created, updated = (columns.get(name) for name in ("id", *_MOMENTS))
    # Whole records by the thousand: taken apart column by column they cost half.
    records = [
        dict(zip(names, one, strict=True))
        for one in zip(*(columns[name] for name in names), strict=True)
    ]
    rows: list[LeadRow] = []
    for position in positions:
        values = records[position] if names else {}
        if absent:
            values = {
                name: value
                for name, value in values.items()
                if position not in absent.get(name, ())
            }
        rows.append(
            LeadRow(
                values,
                id=_integer(ids, position),
                created_at=_text(created, position),
                updated_at=_text(updated, position),
            )
        )
    return rows


def _integer(column: Sequence[StoredValue | None] | None, position: int) -> int | None:
    value = None if column is None else column[position]
    return value if isinstance(value, int) else None


def _text(column: Sequence[StoredValue | None] | None, position: int) -> str | None:
    value = None if column is None else column[position]
    return value if isinstance(value, str) else None
