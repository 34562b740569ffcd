"""The SELECT of a lead export: who is in it, in which order, with which columns.

Texts come as the result file shows them, `null` included, so that a column has one type from its
first row to its last; integers and booleans come as themselves; fields of the subscription's own
come inside one JSON document, which is cheaper to take apart outside SQL (measured: design.md
section 5).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from sqlalchemy import BigInteger, ColumnElement, Select, cast, func, literal, or_, select

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

    from tailrace.domain.export_job import SubscriptionId

#: Name of the column that holds the custom document, when any field needs it.
CUSTOM_DOCUMENT = "custom_document"


@dataclass(frozen=True, slots=True)
class LeadSelection:
    """Which leads: the filter, with a smart list's rule already turned into a condition."""

    subscription_id: SubscriptionId
    filter: LeadFilter
    smart_list_condition: ColumnElement[bool] | None = None


def lead_query(selection: LeadSelection, fields: Sequence[LeadField]) -> Select[Any]:
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
    return _filtered(select(*columns), selection).where(
        lead.c.subscription_id == selection.subscription_id,
        # Anonymous leads are not exported (contract section 5.2).
        or_(lead.c.isAnonymous.is_(None), lead.c.isAnonymous.is_(False)),
    )


def _filtered(query: Select[Any], selection: LeadSelection) -> Select[Any]:
    """Rows in the order of contract section 4: the time that the filter speaks of, then the id."""
    match selection.filter:
        case CreatedLeads(instants):
            return _within(query, lead.c.createdAt, instants)
        case UpdatedLeads(instants):
            return _within(query, lead.c.changed_at, instants)
        case StaticListMembers(list_id):
            return query.join(
                static_list_member,
                (static_list_member.c.subscription_id == lead.c.subscription_id)
                & (static_list_member.c.lead_id == lead.c.id)
                & (static_list_member.c.list_id == list_id),
            ).order_by(lead.c.id)
        case SmartListMembers() if selection.smart_list_condition is not None:
            return query.where(selection.smart_list_condition).order_by(lead.c.id)
        case _:
            raise AssertionError(selection.filter)


def _within(query: Select[Any], column: ColumnElement[str], instants: InstantRange) -> Select[Any]:
    start, end = format_instant(instants.start), format_instant(instants.end)
    return query.where(column.between(start, end)).order_by(column, lead.c.id)


def _column(field: LeadField) -> ColumnElement[Any]:
    column = lead.c[field.name]
    match field.data_type.storage:
        case Storage.INTEGER:
            return column
        case Storage.BOOLEAN:
            return cast(column, BigInteger)
        case _:
            return func.coalesce(column, literal(NULL_TEXT))
