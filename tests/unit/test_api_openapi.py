"""The description of the API: whole, free of dangling references, and readable as a page."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

from tailrace.api.docs_page import docs_page
from tailrace.api.openapi import openapi_document
from tailrace.api.routes import all_routes, api_routes

if TYPE_CHECKING:
    from collections.abc import Iterator

DOCUMENT = openapi_document(api_routes())
PAGE = docs_page(DOCUMENT)


def references(node: object) -> Iterator[str]:
    if isinstance(node, dict):
        members = cast("dict[str, Any]", node)
        if "$ref" in members:
            yield members["$ref"]
        for member in members.values():
            yield from references(member)
    elif isinstance(node, list):
        for item in cast("list[Any]", node):
            yield from references(item)


def operations() -> Iterator[dict[str, Any]]:
    paths: Any = DOCUMENT["paths"]
    for item in paths.values():
        yield from item.values()


def test_every_route__is_described_with_its_methods() -> None:
    paths: Any = DOCUMENT["paths"]
    assert {(path, method) for path, item in paths.items() for method in item} == {
        (route.path, method.lower()) for route in api_routes() for method in route.methods
    }


def test_every_reference__leads_somewhere() -> None:
    for reference in references(DOCUMENT):
        found: Any = DOCUMENT
        for step in reference.removeprefix("#/").split("/"):
            found = found[step]
        assert found


def test_every_schema_and_response__is_used() -> None:
    components: Any = DOCUMENT["components"]
    used = set(references(DOCUMENT))
    for kind in ("schemas", "parameters", "responses"):
        for name in components[kind]:
            assert f"#/components/{kind}/{name}" in used


def test_member_that_may_be_left_out__is_not_required() -> None:
    components: Any = DOCUMENT["components"]
    described, listed = (components["schemas"][name] for name in ("DescribedField", "ListItem"))
    assert "rest" not in described["required"]
    assert "id" in described["required"]
    assert not {"description", "programName"} & {*listed["required"]}


def test_examples_of_headers__can_be_sent() -> None:
    components: Any = DOCUMENT["components"]
    headers = [one for one in components["parameters"].values() if one["in"] == "header"]
    assert headers
    for header in headers:
        assert str(header.get("example", header["schema"].get("example", ""))).isascii()


def test_operation_ids__are_unique() -> None:
    ids = [operation["operationId"] for operation in operations()]
    assert len(ids) == len(set(ids))


def test_permissions__are_those_of_the_routes() -> None:
    paths: Any = DOCUMENT["paths"]
    for route in api_routes():
        for method in route.methods:
            operation = paths[route.path][method.lower()]
            assert operation.get("x-permissions", []) == sorted(route.permissions or ())


def test_page__shows_every_operation() -> None:
    for operation in operations():
        if not operation["operationId"].endswith("HEAD"):
            assert f'<article id="{operation["operationId"]}">' in PAGE


def test_page__fetches_nothing_and_runs_nothing() -> None:
    assert not re.search(r"<(script|img|link|iframe)|url\(|@import|https?://", PAGE)


def test_page__has_a_target_for_every_link() -> None:
    targets = set(re.findall(r' id="([^"]+)"', PAGE))
    links = set(re.findall(r'href="#([^"]+)"', PAGE))
    assert links <= targets


def test_route_table__finds_routes_by_whole_segments() -> None:
    routes = all_routes()
    match = routes.find("/bulk/v1/leads/export/a.b-c/status.json")
    assert match is not None
    assert match.path_values == {"exportId": "a.b-c"}
    assert routes.find("/bulk/v1/leads/export/a/b/status.json") is None
    assert routes.find("/bulk/v1/leads/export//status.json") is None
    assert routes.find("/bulk/v1/leads/exportXjson") is None
