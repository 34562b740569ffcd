"""Routes of the usage and error statistics, open to every API user (contract section 6.8)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api.route import BodyRule, Operation, Route
from tailrace.api.statistics_endpoints import (
    ErrorsData,
    UsageData,
    errors_of_week,
    errors_today,
    usage_of_week,
    usage_today,
)
from tailrace.domain.permissions import Permission

if TYPE_CHECKING:
    from collections.abc import Callable

    from msgspec import Struct

    from tailrace.api.replies import Reply
    from tailrace.api.route import Call

_EVERY_USER = frozenset(Permission)

_USAGE = "by API user. Refused calls and system errors are not among them; this call is."
_ERRORS = "by code, those answered to a caller with a good token."
_DAYS = "Days begin at midnight US Central."


def statistics_routes() -> tuple[Route, ...]:
    """What was called and what went wrong, today and in the past seven days."""
    return (
        _route("usage", "DailyUsage", "Get daily usage", f"Calls of today {_USAGE}", usage_today),
        _route(
            "usage/last7days",
            "Last7DaysUsage",
            "Get weekly usage",
            f"Calls of each of the past seven days, newest first, {_USAGE}",
            usage_of_week,
        ),
        _route(
            "errors",
            "DailyErrors",
            "Get daily errors",
            f"Errors of today {_ERRORS}",
            errors_today,
            ErrorsData,
        ),
        _route(
            "errors/last7days",
            "Last7DaysErrors",
            "Get weekly errors",
            f"Errors of each of the past seven days, newest first, {_ERRORS}",
            errors_of_week,
            ErrorsData,
        ),
    )


def _route(
    path: str,
    name: str,
    summary: str,
    description: str,
    endpoint: Callable[[Call], Reply],
    item: type[Struct] = UsageData,
) -> Route:
    return Route(
        path=f"/rest/v1/stats/{path}.json",
        methods=("GET",),
        endpoint=endpoint,
        permissions=_EVERY_USER,
        body_rule=BodyRule.IGNORED,
        operation=Operation(
            id_stem=f"get{name}",
            tag="Usage",
            summary=summary,
            description=f"{description} {_DAYS}",
            item=item,
        ),
    )
