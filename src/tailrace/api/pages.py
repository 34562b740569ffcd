"""What is there for people and machines without a token: the API's description."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from tailrace.api.docs_page import CONTENT_SECURITY_POLICY, docs_page
from tailrace.api.openapi import openapi_document
from tailrace.api.route import BodyRule, Route

if TYPE_CHECKING:
    from collections.abc import Sequence


def page_routes(described: Sequence[Route]) -> tuple[Route, ...]:
    """`/openapi.json` and `/docs` about these routes."""
    document = openapi_document(described)
    page_headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return (
        _page("/openapi.json", msgspec.json.encode(document), "application/json"),
        _page("/docs", docs_page(document).encode(), "text/html;charset=UTF-8", page_headers),
    )


def _page(path: str, body: bytes, media_type: str, headers: dict[str, str] | None = None) -> Route:
    every = {"X-Content-Type-Options": "nosniff"} | (headers or {})
    return Route(
        path=path,
        methods=("GET", "HEAD"),
        endpoint=lambda _: Response(body, headers=every, media_type=media_type),
        permissions=None,
        body_rule=BodyRule.IGNORED,
        is_waiting=False,
    )
