"""Pages for those who operate a server: is it alive, is it ready, what are its figures.

None needs a token: a load balancer has none. They tell no more than words and sums.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from prometheus_client import CONTENT_TYPE_LATEST
from starlette.responses import Response

from tailrace.api.error_replies import PLAIN_TEXT
from tailrace.api.route import BodyRule, Route
from tailrace.domain.errors import PathNotFoundError

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.api.route import Call

_HEADERS = {"Cache-Control": "no-store", "X-Content-Type-Options": "nosniff"}


def operation_routes() -> tuple[Route, ...]:
    """`/healthz`, `/readyz` and `/metrics`."""
    return (
        _page("/healthz", _health, is_waiting=False),
        _page("/readyz", _readiness),
        _page("/metrics", _metrics),
    )


def _health(_: Call) -> Response:
    return Response(b"ok\n", headers=_HEADERS, media_type=PLAIN_TEXT)


def _readiness(call: Call) -> Response:
    checks = call.application.readiness.checks()
    is_ready = all(checks.values())
    cluster = call.application.readiness.cluster()
    told = {"ready": is_ready, "checks": checks} | ({"cluster": cluster} if cluster else {})
    body = msgspec.json.encode(told)
    return Response(body, 200 if is_ready else 503, headers=_HEADERS, media_type="application/json")


def _metrics(call: Call) -> Response:
    if call.application.settings.metrics != "on":
        raise PathNotFoundError
    document = call.application.metrics.document()
    return Response(document, headers=_HEADERS | {"Content-Type": CONTENT_TYPE_LATEST})


def _page(path: str, endpoint: Callable[[Call], Response], *, is_waiting: bool = True) -> Route:
    return Route(
        path=path,
        methods=("GET", "HEAD"),
        endpoint=endpoint,
        permissions=None,
        body_rule=BodyRule.IGNORED,
        is_waiting=is_waiting,
        is_for_operators=True,
    )
