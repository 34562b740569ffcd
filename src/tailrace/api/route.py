"""What a route is: a row of the table that dispatching and the OpenAPI document both read."""

from __future__ import annotations

import re
from dataclasses import dataclass
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from tailrace.api.replies import Reply
    from tailrace.api.request import ApiRequest
    from tailrace.app import Application
    from tailrace.domain.caller import Caller
    from tailrace.domain.permissions import Permission


class BodyRule(Enum):
    """What an endpoint wants of the body (contract section 2.3)."""

    #: A JSON document, declared as such; whether it is one is the endpoint's to say.
    JSON = "json"
    #: Anything or nothing, of any type.
    IGNORED = "ignored"
    #: Form fields, which may as well stand in the query string.
    FORM = "form"


@dataclass(frozen=True, slots=True)
class Call:
    """One call that has passed the checks before its endpoint."""

    application: Application
    request: ApiRequest
    request_id: str
    #: By the name between braces in the route's path.
    path_values: Mapping[str, str]
    #: Who calls; None on a route that needs no token.
    identified_caller: Caller | None

    @property
    def caller(self) -> Caller:
        """Who calls, on a route that needs a token."""
        assert self.identified_caller is not None, "this route needs no token"
        return self.identified_caller


@dataclass(frozen=True, slots=True)
class Operation:
    """What the OpenAPI document says of a route beyond what the route itself says."""

    #: Stem of the operation id; the method follows it.
    id_stem: str
    tag: str
    summary: str
    description: str
    #: By HTTP status, the name of a response among the document's components.
    responses: Mapping[int, str]
    #: Names of query and header parameters among the document's components.
    parameters: tuple[str, ...] = ()
    #: Name of the body's schema among the document's components.
    body_schema: str | None = None
    body_example: object = None


@dataclass(frozen=True, slots=True)
class Route:
    path: str
    #: Methods by their HTTP names; any other is answered 605.
    methods: tuple[str, ...]
    endpoint: Callable[[Call], Reply]
    #: Any one of these admits a caller; None for a route that needs no token.
    permissions: frozenset[Permission] | None
    body_rule: BodyRule
    #: None for pages that are not part of the API.
    operation: Operation | None = None


@dataclass(frozen=True, slots=True)
class RouteMatch:
    route: Route
    path_values: Mapping[str, str]


class RouteTable:
    """The routes, found by normalised path."""

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        self._patterns = [(route, _pattern(route.path)) for route in self._routes]

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def find(self, path: str) -> RouteMatch | None:
        """The route of a normalised path and what its placeholders hold, if there is one."""
        for route, pattern in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                return RouteMatch(route, match.groupdict())
        return None


def _pattern(path: str) -> re.Pattern[str]:
    parts = re.split(r"\{(\w+)\}", path)
    # Every second part is the name of a placeholder, which holds one whole segment.
    return re.compile(
        "".join(
            f"(?P<{part}>[^/]+)" if index % 2 else re.escape(part)
            for index, part in enumerate(parts)
        )
    )
