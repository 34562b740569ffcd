"""The SELECT of a lead export: who is in it, in which order, with which columns.

Texts come as the result file shows them, `null` included, so that a column has one type from its
first row to its last; integers and booleans come as themselves; fields of the subscription's own
come inside one JSON document, which is cheaper to take apart outside SQL (measured: design.md
section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    Column,
    ColumnElement,
    Integer,
    Select,
    cast,
    func,
    literal,
    or_,
    select,
    tuple_,
)

from tailrace.domain.export_request import (
    CreatedLeads,
    InstantRange,
    LeadFilter,
    SmartListMembers,
    StaticListMembers,
    UpdatedLeads,
)
from tailrace.domain.file_format import NULL_TEXT
from tailrace.domain.instants import format_instant
from tailrace.domain.lead_fields import LeadField, Storage
from tailrace.store.tables import lead, static_list_member

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId

#: Name of the column that holds the custom document, when any field needs it.
CUSTOM_DOCUMENT = "custom_document"


@dataclass(frozen=True, slots=True)
class LeadSelection:
    """Which leads: the filter, with a smart list's rule already turned into a condition."""

    subscription_id: SubscriptionId
    filter: LeadFilter
    smart_list_condition: ColumnElement[bool] | None = None


@dataclass(frozen=True, slots=True)
class KeyRange:
    """Rows behind one value of the sort key, as far as another; None has no bound."""

    after: tuple[str | int, ...] | None = None
    up_to: tuple[str | int, ...] | None = None


WHOLE = KeyRange()


def lead_query(
    selection: LeadSelection, fields: Sequence[LeadField], within: KeyRange = WHOLE
) -> Select[Any]:
    """One statement, hence one moment, whatever the number of rows.

    Columns: one a field of `fields` that is not custom, labelled `c<position>`, then the custom
    document if any field is.
    """
    columns: list[ColumnElement[Any]] = [
        _column(field).label(f"c{position}")
        for position, field in enumerate(fields)
        if not field.is_custom
    ]
    if any(field.is_custom for field in fields):
        columns.append(lead.c.custom.label(CUSTOM_DOCUMENT))
    key = _sort_key(selection.filter)
    query = _filtered(select(*columns), selection).where(
        lead.c.subscription_id == selection.subscription_id,
        # Anonymous leads are not exported (contract section 5.2).
        or_(lead.c.isAnonymous.is_(None), lead.c.isAnonymous.is_(False)),
    )
    if within.after is not None:
        query = query.where(tuple_(*key) > _position(within.after))
    if within.up_to is not None:
        query = query.where(tuple_(*key) <= _position(within.up_to))
    return query.order_by(*key)


def key_ranges(connection: Connection, selection: LeadSelection, rows: int) -> list[KeyRange]:
    """Ranges in order that together hold every row, each at most so many."""
    key = _sort_key(selection.filter)
    # An index answers this; that more leads are counted than will be read makes ranges smaller.
    counted = (
        _in_time(select(*key, func.row_number().over(order_by=key).label("number")), selection)
        .where(lead.c.subscription_id == selection.subscription_id)
        .subquery()
    )
    columns: list[ColumnElement[Any]] = [counted.c[column.name] for column in key]
    ends = select(*columns).where(counted.c.number % rows == 0).order_by(counted.c.number)
    bounds: list[tuple[Any, ...]] = [tuple(row) for row in connection.execute(ends)]
    return [
        KeyRange(after, up_to)
        for after, up_to in zip((None, *bounds), (*bounds, None), strict=True)
    ]


def _position(values: tuple[str | int, ...]) -> ColumnElement[Any]:
    return tuple_(*(literal(value) for value in values))


def _sort_key(wanted: LeadFilter) -> tuple[Column[Any], ...]:
    """The order of contract section 4: the time that the filter speaks of, then the id."""
    match wanted:
        case CreatedLeads():
            return (lead.c.createdAt, lead.c.id)
        case UpdatedLeads():
            return (lead.c.changed_at, lead.c.id)
        case _:
            return (lead.c.id,)


def _in_time(query: Select[Any], selection: LeadSelection) -> Select[Any]:
    match selection.filter:
        case CreatedLeads(instants):
            return query.where(_within(lead.c.createdAt, instants))
        case UpdatedLeads(instants):
            return query.where(_within(lead.c.changed_at, instants))
        case _:
            return query


def _filtered(query: Select[Any], selection: LeadSelection) -> Select[Any]:
    match selection.filter:
        case CreatedLeads() | UpdatedLeads():
            return _in_time(query, selection)
        case StaticListMembers(list_id):
            return query.join(
                static_list_member,
                (static_list_member.c.subscription_id == lead.c.subscription_id)
                & (static_list_member.c.lead_id == lead.c.id)
                & (static_list_member.c.list_id == list_id),
            )
        case SmartListMembers() if selection.smart_list_condition is not None:
            return query.where(selection.smart_list_condition)
        case _:
            raise AssertionError(selection.filter)


def _within(column: ColumnElement[str], instants: InstantRange) -> ColumnElement[bool]:
    return column.between(format_instant(instants.start), format_instant(instants.end))


def _column(field: LeadField) -> ColumnElement[Any]:
    column = lead.c[field.name]
    match field.data_type.storage:
        case Storage.INTEGER:
            return column
        case Storage.BOOLEAN:
            return cast(column, Integer)
        case _:
            return func.coalesce(column, literal(NULL_TEXT))
