"""Routes of the members of static lists, each under both of its paths (contract section 6.6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api import list_member_endpoints as endpoints
from tailrace.api.lead_documents import LeadRecord
from tailrace.api.lead_routes import BATCH_SIZE, FIELDS, PAGE, reading, writing
from tailrace.api.lead_write_endpoints import LeadIds, RecordOutcome
from tailrace.api.route import Operation, QueryParameter

if TYPE_CHECKING:
    from tailrace.api.route import Route

_TAG = "Static Lists"
_IDS = QueryParameter("id", "Lead ids, repeated or with commas; at most 300.")
_EXAMPLE = {"input": [{"id": 318581}]}

#: Clients write either; the ends of operation ids keep them apart.
_PATHS = (("/rest/v1/lists/{listId}/leads", ""), ("/rest/v1/list/{listId}/leads", "OfList"))


def list_member_routes() -> tuple[Route, ...]:
    """Members shown, asked about, added and removed."""
    return tuple(route for path, suffix in _PATHS for route in _routes(path, suffix))


def _routes(path: str, suffix: str) -> tuple[Route, ...]:
    return (
        reading(
            f"{path}.json",
            endpoints.members,
            Operation(
                id_stem=f"getLeadsByListId{suffix}",
                tag=_TAG,
                summary="List the leads in a list",
                description="The leads in a static list, by id.",
                item=LeadRecord,
                query=(FIELDS, BATCH_SIZE, PAGE),
            ),
        ),
        *_change_routes(path, suffix),
        reading(
            f"{path}/ismember.json",
            endpoints.is_member,
            Operation(
                id_stem=f"areLeadsMemberOfList{suffix}",
                tag=_TAG,
                summary="Ask who is in a list",
                description="`memberof` or `notmemberof` for each lead.",
                item=RecordOutcome,
                query=(_IDS,),
            ),
        ),
    )


def _change_routes(path: str, suffix: str) -> tuple[Route, ...]:
    return (
        writing(
            f"{path}.json",
            "POST",
            endpoints.add_members,
            Operation(
                id_stem=f"addLeadsToList{suffix}",
                tag=_TAG,
                summary="Add leads to a list",
                description="Who is in the list already stays in it and is called `added` too.",
                item=RecordOutcome,
                query=(_IDS,),
                body_schema=LeadIds,
                body_example=_EXAMPLE,
            ),
        ),
        writing(
            f"{path}.json",
            "DELETE",
            endpoints.remove_members,
            Operation(
                id_stem=f"removeLeadsFromList{suffix}",
                tag=_TAG,
                summary="Remove leads from a list",
                description="Who is not in the list is skipped with 1015.",
                item=RecordOutcome,
                query=(_IDS,),
                body_schema=LeadIds,
                body_example=_EXAMPLE,
            ),
        ),
    )
