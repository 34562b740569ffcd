"""What a route is: a row of the table that dispatching and the OpenAPI document both read."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping

    from msgspec import Struct

    from tailrace.api.replies import Reply
    from tailrace.api.request import ApiRequest
    from tailrace.app import Application
    from tailrace.domain.caller import Caller
    from tailrace.domain.permissions import Permission


#: What the paths of the asset API begin with; it has an envelope of its own (contract section 6).
ASSET_API = "/rest/asset/"


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
class QueryParameter:
    """A parameter of one operation, as the OpenAPI document describes it."""

    name: str
    description: str
    #: `string`, `integer` or `boolean`.
    kind: str = "string"
    is_required: bool = False


@dataclass(frozen=True, slots=True)
class Operation:
    """What the OpenAPI document says of a route beyond what the route itself says."""

    #: Stem of the operation id; the method follows it.
    id_stem: str
    tag: str
    summary: str
    description: str
    #: By HTTP status, the name of a response among the document's components.
    responses: Mapping[int, str] = field(default_factory=dict[int, str])
    #: What each element of `result` is, where the response is no component: the type that the
    #: endpoint encodes, or the name of a schema.
    item: type[Struct] | str | None = None
    #: Names of query and header parameters among the document's components.
    parameters: tuple[str, ...] = ()
    #: Parameters of this operation alone.
    query: tuple[QueryParameter, ...] = ()
    #: Name of the body's schema among the document's components, or the type that it describes.
    body_schema: type[Struct] | str | None = None
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
    #: A longer body is refused unread (contract section 2.7).
    maximum_body_bytes: int = 1024 * 1024
    #: None for pages that are not part of the API.
    operation: Operation | None = None
    #: Whether answering may have to wait for something: then it is done in a thread.
    is_waiting: bool = True
    #: Whether clients ask it again and again, so that the answer is mostly in memory.
    is_polled: bool = False
    #: Whether those who operate the server need its answer most when all other calls wait.
    is_for_operators: bool = False


@dataclass(frozen=True, slots=True)
class RouteMatch:
    """The routes of one path: one a method, or one for several."""

    routes: tuple[Route, ...]
    path_values: Mapping[str, str]

    @property
    def takes_form(self) -> bool:
        return any(route.body_rule is BodyRule.FORM for route in self.routes)

    @property
    def maximum_body_bytes(self) -> int:
        return max(route.maximum_body_bytes for route in self.routes)

    @property
    def is_instant(self) -> bool:
        """Whether it is answered from memory alone, so that nobody has to wait."""
        return not any(route.is_waiting for route in self.routes)

    @property
    def is_for_operators(self) -> bool:
        """Whether no call of the API may keep it waiting."""
        return any(route.is_for_operators for route in self.routes)

    def is_polled_by(self, method: str) -> bool:
        """Whether its answer to this method is mostly in memory."""
        route = self.route_for(method)
        return route is not None and route.is_polled

    @property
    def path(self) -> str:
        """The path as the table of routes has it, with its placeholders."""
        return self.routes[0].path

    def route_for(self, method: str) -> Route | None:
        """The route that answers this method, if there is one."""
        return next((route for route in self.routes if method in route.methods), None)


class RouteTable:
    """The routes, found by normalised path. Of two paths that fit, the one without placeholders
    counts, else the one that stands first.
    """

    def __init__(self, routes: Iterable[Route]) -> None:
        self._routes = tuple(routes)
        by_path: dict[str, tuple[Route, ...]] = {}
        for route in self._routes:
            by_path[route.path] = (*by_path.get(route.path, ()), route)
        self._plain = {
            path: RouteMatch(found, {}) for path, found in by_path.items() if "{" not in path
        }
        self._patterns = [(_pattern(path), found) for path, found in by_path.items() if "{" in path]

    def __iter__(self) -> Iterator[Route]:
        return iter(self._routes)

    def find(self, path: str) -> RouteMatch | None:
        """The routes of a normalised path and what its placeholders hold, if there are any."""
        if path in self._plain:
            return self._plain[path]
        for pattern, routes in self._patterns:
            match = pattern.fullmatch(path)
            if match is not None:
                return RouteMatch(routes, match.groupdict())
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
