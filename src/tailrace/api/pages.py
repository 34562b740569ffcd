"""What is there for people and machines without a token: the API's description."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Final

import msgspec
from starlette.responses import Response

from tailrace.api.docs_page import CONTENT_SECURITY_POLICY, docs_page
from tailrace.api.openapi import openapi_document
from tailrace.api.route import BodyRule, Route

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

_HTML: Final = "text/html;charset=UTF-8"


def page_routes(described: Sequence[Route]) -> tuple[Route, ...]:
    """`/openapi.json` and `/docs` about these routes, made when somebody first asks for them."""

    @cache
    def document() -> dict[str, object]:
        return openapi_document(described)

    page_headers = {"Content-Security-Policy": CONTENT_SECURITY_POLICY}
    return (
        _page("/openapi.json", lambda: msgspec.json.encode(document()), "application/json"),
        _page("/docs", lambda: docs_page(document()).encode(), _HTML, page_headers),
    )


def _page(
    path: str,
    make_body: Callable[[], bytes],
    media_type: str,
    headers: dict[str, str] | None = None,
) -> Route:
    body = cache(make_body)
    every = {"X-Content-Type-Options": "nosniff"} | (headers or {})
    return Route(
        path=path,
        methods=("GET", "HEAD"),
        endpoint=lambda _: Response(body(), headers=every, media_type=media_type),
        permissions=None,
        body_rule=BodyRule.IGNORED,
    )
