"""Routes of the activity look-ups (contract sections 6.2 to 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api import activity_endpoints as endpoints
from tailrace.api.activity_documents import ActivityRecord, LeadChangeRecord
from tailrace.api.route import BodyRule, Operation, QueryParameter, Route
from tailrace.domain.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call

TAG = "Activities"

_READ = frozenset({Permission.READ_ONLY_ACTIVITY, Permission.READ_WRITE_ACTIVITY})

_PAGE = QueryParameter(
    "nextPageToken", "From Get paging token, or of the page before.", is_required=True
)
_BATCH_SIZE = QueryParameter(
    "batchSize", "Activities on a page: 300 at most, and by default.", "integer"
)
_TYPES = QueryParameter("activityTypeIds", "At most 10 types, with commas.", is_required=True)
_ASSETS = QueryParameter("assetIds", "Ids of primary attribute values, with commas.")
_FIELDS = QueryParameter("fields", "REST names of lead fields, with commas.", is_required=True)
_LEADS = (
    QueryParameter("leadIds", "At most 30 leads, with commas."),
    QueryParameter("listId", "A static list of fewer than 10,000 leads.", "integer"),
)

_PAGING = (
    "Ordered by date. A page may be short, even empty, while `moreResult` is true; its "
    "`nextPageToken` is good for ever and finds what happens later, too."
)


def activity_routes() -> tuple[Route, ...]:
    """The log, forwards."""
    return (
        _route(
            "/types",
            endpoints.activity_types,
            Operation(
                id_stem="getAllActivityTypes",
                tag=TAG,
                summary="List activity types",
                description="Every type with its attributes, by id.",
                item=endpoints.ActivityTypeRecord,
            ),
        ),
        _route(
            "/pagingtoken",
            endpoints.paging_token,
            Operation(
                id_stem="getActivitiesPagingToken",
                tag=TAG,
                summary="Get paging token",
                description="The token of the page that begins with a moment; that second is in.",
                responses={200: "PagingToken"},
                query=(
                    QueryParameter(
                        "sinceDatetime", "ISO 8601 date-time or date.", is_required=True
                    ),
                ),
            ),
        ),
        *_page_routes(),
    )


def _page_routes() -> tuple[Route, ...]:
    return (
        _route(
            "",
            endpoints.activities,
            Operation(
                id_stem="getLeadActivities",
                tag=TAG,
                summary="Get activities",
                description=f"Activities of some types, a page at a time. {_PAGING}",
                item=ActivityRecord,
                query=(_PAGE, _TYPES, *_LEADS, _ASSETS, _BATCH_SIZE),
            ),
        ),
        _route(
            "/leadchanges",
            endpoints.lead_changes,
            Operation(
                id_stem="getLeadChanges",
                tag=TAG,
                summary="Get lead changes",
                description=f"Changes of some fields, and new leads, a page at a time. {_PAGING}",
                item=LeadChangeRecord,
                query=(_PAGE, _FIELDS, *_LEADS, _BATCH_SIZE),
            ),
        ),
        _route(
            "/deletedleads",
            endpoints.deleted_leads,
            Operation(
                id_stem="getDeletedLeads",
                tag=TAG,
                summary="Get deleted leads",
                description=f"Deletions of leads, a page at a time. {_PAGING}",
                item=ActivityRecord,
                query=(_PAGE, _BATCH_SIZE),
            ),
        ),
    )


def _route(path: str, endpoint: Callable[[Call], Reply], operation: Operation) -> Route:
    return Route(
        path=f"/rest/v1/activities{path}.json",
        methods=("GET",),
        endpoint=endpoint,
        permissions=_READ,
        body_rule=BodyRule.IGNORED,
        operation=operation,
    )
