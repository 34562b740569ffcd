"""The OpenAPI 3.1 description of the API, made from the route table and the domain's definitions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from tailrace import __version__
from tailrace.api.openapi_components import PARAMETERS, RESPONSES, SECURITY_SCHEMES
from tailrace.api.openapi_schemas import reference_tables, schemas
from tailrace.api.route import BodyRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.api.route import Operation, Route

_FORM = "application/x-www-form-urlencoded"

_DESCRIPTION = (
    "Bulk extract of leads and activities, compatible on the wire with Marketo's REST API.\n\n"
    "Get a token, create an export job, enqueue it, ask for its status until it is `Completed`, "
    "download its file. Every JSON answer is an envelope with `requestId` and `success`; errors "
    "of the API come with HTTP status 200 and a code in `errors`. Any POST may act as a GET with "
    "`_method=GET` in its query string or form body."
)

_TAGS = (
    {"name": "Identity", "description": "Access tokens for custom services."},
    {"name": "Bulk Export Activities", "description": "Activities of leads, by date and type."},
    {"name": "Bulk Export Leads", "description": "Leads, by date or list."},
)


def openapi_document(routes: Sequence[Route]) -> dict[str, object]:
    """The description of these routes; routes without an operation are left out."""
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Tailrace",
            "version": __version__,
            "summary": "A self-hosted bulk extract server.",
            "description": _DESCRIPTION,
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "servers": [{"url": "/", "description": "This server"}],
        "tags": list(_TAGS),
        "security": [{"accessToken": []}],
        "paths": {route.path: _path_item(route) for route in routes if route.operation},
        "components": {
            "schemas": schemas(),
            "parameters": PARAMETERS,
            "responses": RESPONSES,
            "securitySchemes": SECURITY_SCHEMES,
        },
        **reference_tables(),
    }


def _path_item(route: Route) -> dict[str, object]:
    assert route.operation is not None
    operation = route.operation
    return {method.lower(): _operation(route, operation, method) for method in route.methods}


def _operation(route: Route, operation: Operation, method: str) -> dict[str, object]:
    described: dict[str, object] = {
        "operationId": f"{operation.id_stem}Using{method}",
        "tags": [operation.tag],
        "summary": operation.summary,
        "description": operation.description,
    }
    if route.permissions is None:
        described["security"] = []
    else:
        described["x-permissions"] = sorted(route.permissions)
    parameters = _parameters(route, operation, method)
    if parameters:
        described["parameters"] = parameters
    body = _request_body(route, operation, method)
    if body is not None:
        described["requestBody"] = body
    described["responses"] = _responses(operation)
    return described


def _parameters(route: Route, operation: Operation, method: str) -> list[object]:
    placeholders: list[str] = re.findall(r"\{(\w+)\}", route.path)
    names = [*placeholders, *operation.parameters]
    found: list[object] = [{"$ref": f"#/components/parameters/{name}"} for name in names]
    if route.body_rule is BodyRule.FORM and method == "GET":
        # A GET carries in its query string what a POST carries in its form.
        found += [
            {"$ref": f"#/components/parameters/{name}"}
            for name in ("grant_type", "client_id", "client_secret")
        ]
    return found


def _request_body(route: Route, operation: Operation, method: str) -> dict[str, object] | None:
    if operation.body_schema is None or method != "POST":
        return None
    media: dict[str, object] = {"schema": {"$ref": f"#/components/schemas/{operation.body_schema}"}}
    if operation.body_example is not None:
        media["example"] = operation.body_example
    is_json = route.body_rule is BodyRule.JSON
    # Form fields may as well stand in the query string, so a form is not required.
    return {"required": is_json, "content": {"application/json" if is_json else _FORM: media}}


def _responses(operation: Operation) -> dict[str, object]:
    names = {**operation.responses, 413: "TooLarge", 414: "TooLarge"}
    return {
        str(status): {"$ref": f"#/components/responses/{name}"} for status, name in names.items()
    }
