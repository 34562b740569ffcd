"""The OpenAPI 3.1 description of the API, made from the route table and the domain's definitions."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, get_args

from msgspec import Struct, UnsetType
from msgspec.json import schema_components
from msgspec.structs import fields

from tailrace import __version__
from tailrace.api.openapi_components import PARAMETERS, RESPONSES, SECURITY_SCHEMES
from tailrace.api.openapi_schemas import reference_tables, schemas
from tailrace.api.route import BodyRule

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.api.route import Operation, QueryParameter, Route

_SCHEMA_REFERENCE = "#/components/schemas/{name}"
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
    {"name": "Leads", "description": "Leads and their fields, one call a look or a write."},
    {"name": "Static Lists", "description": "Static lists and their members."},
    {"name": "Campaigns", "description": "Smart campaigns: described, not run."},
    {"name": "Programs", "description": "Programs, their channels and statuses."},
    {"name": "Program Members", "description": "Leads in programs, and how far they came."},
    {"name": "Smart Lists", "description": "Rules that pick leads."},
    {"name": "Forms", "description": "Forms and the fields that they ask for."},
    {"name": "Other Assets", "description": "Kinds of asset that there are none of."},
    {"name": "Bulk Import Leads", "description": "Leads out of files."},
    {"name": "Activities", "description": "What happened to leads: the log, read forwards."},
    {"name": "Custom activities", "description": "Types of your own, and activities of them."},
    {"name": "Ingest", "description": "Activities in bulk: a call of Tailrace's own."},
    {"name": "Usage", "description": "Calls and errors, by day."},
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
        "paths": _paths(routes),
        "components": {
            "schemas": schemas() | _typed_schemas(routes),
            "parameters": PARAMETERS,
            "responses": RESPONSES,
            "securitySchemes": SECURITY_SCHEMES,
        },
        **reference_tables(),
    }


def _paths(routes: Sequence[Route]) -> dict[str, dict[str, object]]:
    paths: dict[str, dict[str, object]] = {}
    for route in routes:
        if route.operation is not None:
            item = paths.setdefault(route.path, {})
            for method in route.methods:
                item[method.lower()] = _operation(route, route.operation, method)
    return paths


def _typed_schemas(routes: Sequence[Route]) -> dict[str, object]:
    """The schemas of the types that operations name, and of the types in those."""
    named = (
        kind
        for route in routes
        if route.operation is not None
        for kind in (route.operation.item, route.operation.body_schema)
    )
    types = [kind for kind in named if isinstance(kind, type)]
    _, components = schema_components(dict.fromkeys(types), ref_template=_SCHEMA_REFERENCE)
    described: dict[str, object] = {**components}
    for kind in _with_parts(types):
        described[kind.__name__] = _without_unset(kind, components[kind.__name__])
    return described


def _with_parts(types: Sequence[type[Struct]]) -> set[type[Struct]]:
    """The types, and those that their members are made of."""
    found: set[type[Struct]] = set()
    open_types: list[object] = [*types]
    while open_types:
        one = open_types.pop()
        open_types += get_args(one)
        if isinstance(one, type) and issubclass(one, Struct) and one not in found:
            found.add(one)
            open_types += [field.type for field in fields(one)]
    return found


def _without_unset(kind: type[Struct], schema: dict[str, Any]) -> dict[str, Any]:
    """The schema in which a member that may be left out is not required, as it is otherwise."""
    left_out = {field.encode_name for field in fields(kind) if UnsetType in get_args(field.type)}
    required = [name for name in schema.get("required", ()) if name not in left_out]
    others = {name: value for name, value in schema.items() if name != "required"}
    return {**others, "required": required} if required else others


def _schema(kind: type[Struct] | str) -> dict[str, object]:
    name = kind if isinstance(kind, str) else kind.__name__
    return {"$ref": _SCHEMA_REFERENCE.format(name=name)}


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
    found: list[object] = [_placeholder(name) for name in placeholders]
    found += [{"$ref": f"#/components/parameters/{name}"} for name in operation.parameters]
    found += [_query_parameter(one) for one in operation.query]
    if route.body_rule is BodyRule.FORM and method == "GET":
        # A GET carries in its query string what a POST carries in its form.
        found += [
            {"$ref": f"#/components/parameters/{name}"}
            for name in ("grant_type", "client_id", "client_secret")
        ]
    return found


def _placeholder(name: str) -> dict[str, object]:
    if name in PARAMETERS:
        return {"$ref": f"#/components/parameters/{name}"}
    kind = "integer" if name.lower().endswith("id") else "string"
    return {
        "name": name,
        "in": "path",
        "description": "Part of the path.",
        "required": True,
        "schema": {"type": kind},
    }


def _query_parameter(parameter: QueryParameter) -> dict[str, object]:
    return {
        "name": parameter.name,
        "in": "query",
        "description": parameter.description,
        "required": parameter.is_required,
        "schema": {"type": parameter.kind},
    }


def _request_body(route: Route, operation: Operation, method: str) -> dict[str, object] | None:
    if operation.body_schema is None or method not in ("POST", "DELETE"):
        return None
    media: dict[str, object] = {"schema": _schema(operation.body_schema)}
    if operation.body_example is not None:
        media["example"] = operation.body_example
    is_json = route.body_rule is BodyRule.JSON
    # Form fields may as well stand in the query string, so a form is not required.
    return {"required": is_json, "content": {"application/json" if is_json else _FORM: media}}


def _responses(operation: Operation) -> dict[str, object]:
    names = {**operation.responses, 413: "TooLarge", 414: "TooLarge"}
    responses: dict[str, object] = {
        str(status): {"$ref": f"#/components/responses/{name}"} for status, name in names.items()
    }
    if operation.item is not None:
        envelope = {
            "type": "object",
            "properties": {
                "requestId": {"type": "string"},
                "success": {"type": "boolean"},
                "result": {"type": "array", "items": _schema(operation.item)},
                "nextPageToken": {"type": "string"},
                "moreResult": {"type": "boolean"},
            },
            "required": ["requestId", "success"],
        }
        errors = _schema("ResponseOfErrors")
        content = {"application/json": {"schema": {"anyOf": [envelope, errors]}}}
        responses["200"] = {"description": "The envelope around the result.", "content": content}
    return responses
