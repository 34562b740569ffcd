"""The JSON body of a create call, made from the same value that the server reads it into.

`domain.export_request` is the other direction: reading this body gives the request again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.export_request import (
    ActivityFilter,
    Column,
    CreatedLeads,
    SmartListMembers,
    SmartListMembersByName,
    StaticListMembers,
    StaticListMembersByName,
    UpdatedLeads,
)
from tailrace.domain.instants import format_instant

if TYPE_CHECKING:
    from tailrace.domain.export_request import ExportRequest, InstantRange, LeadFilter


def columns(*fields: str, **headers: str) -> tuple[Column, ...]:
    """Columns by API name under their own names; `email="E-mail"` gives one another header."""
    plain = tuple(Column(field=field, header=headers.get(field, field)) for field in fields)
    more = tuple(Column(field, header) for field, header in headers.items() if field not in fields)
    return (*plain, *more)


def request_body(request: ExportRequest) -> dict[str, object]:
    """What to send; no columns at all asks for the default ones (contract section 3.4)."""
    body: dict[str, object] = {"format": request.format.value, "filter": _filter(request.filter)}
    if request.columns:
        body["fields"] = [column.field for column in request.columns]
    headers = {one.field: one.header for one in request.columns if one.header != one.field}
    if headers:
        body["columnHeaderNames"] = headers
    return body


def _filter(chosen: ActivityFilter | LeadFilter) -> dict[str, object]:
    match chosen:
        case ActivityFilter():
            return _activity_filter(chosen)
        case CreatedLeads(range=instants):
            return {"createdAt": _range(instants)}
        case UpdatedLeads(range=instants):
            return {"updatedAt": _range(instants)}
        case StaticListMembers(list_id=list_id):
            return {"staticListId": list_id}
        case StaticListMembersByName(name=name):
            return {"staticListName": name}
        case SmartListMembers(list_id=list_id):
            return {"smartListId": list_id}
        case SmartListMembersByName(name=name):
            return {"smartListName": name}


def _activity_filter(chosen: ActivityFilter) -> dict[str, object]:
    members: dict[str, object] = {
        "createdAt": _range(chosen.created_at),
        "activityTypeIds": list(chosen.type_ids),
        "primaryAttributeValueIds": list(chosen.primary_ids),
        "primaryAttributeValues": list(chosen.primary_names),
    }
    return {name: value for name, value in members.items() if value}


def _range(instants: InstantRange) -> dict[str, str]:
    return {"startAt": format_instant(instants.start), "endAt": format_instant(instants.end)}
