"""From a request to its answer: the checks in the contract's order, then the endpoint.

The order decides which error a client sees when several would fit (contract section 2.6):
method 605, token 601/602, call limits 606/607/615, unknown path 610, permission 603, content
type 612; JSON 609, parameters and business rules are the endpoint's. The size limits 413 and 414
came before, when the request was read. Everything here is synchronous and runs in a thread.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.api.credentials import presented_token
from tailrace.api.error_replies import envelope_code, error_response
from tailrace.api.normalise import normalise_path
from tailrace.api.replies import Answer
from tailrace.api.request import MAXIMUM_BODY_BYTES, interpret, raw_path_of
from tailrace.api.route import ASSET_API, BodyRule, Call
from tailrace.domain.errors import (
    ContentTypeError,
    MethodNotSupportedError,
    PathNotFoundError,
    RequestError,
    RetryLaterError,
)
from tailrace.store.remembered import NotRememberedError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from starlette.responses import Response
    from starlette.types import Scope

    from tailrace.api.call_limits import CallLimits, CallTicket
    from tailrace.api.replies import Reply
    from tailrace.api.request import ApiRequest
    from tailrace.api.route import Route, RouteMatch, RouteTable
    from tailrace.app import Application
    from tailrace.domain.caller import Caller


#: Nothing else is worth a log entry's field, or safe in it.
_EXPORT_ID = re.compile(r"[0-9A-Fa-f-]{36}")


@dataclass(frozen=True, slots=True)
class _Identified:
    """A request whose caller is known; whether its path exists is not settled yet."""

    request: ApiRequest
    #: None where the path does not exist.
    route: Route | None
    path_values: Mapping[str, str]
    #: None where the route needs no token.
    caller: Caller | None = None


@dataclass(frozen=True, slots=True)
class Target:
    """What the path of a request leads to."""

    #: None where the path does not exist.
    match: RouteMatch | None
    #: Whether it belongs to the asset API, whose envelope is another (contract section 6).
    is_of_assets: bool

    @property
    def maximum_body_bytes(self) -> int:
        return MAXIMUM_BODY_BYTES if self.match is None else self.match.maximum_body_bytes

    @property
    def is_instant(self) -> bool:
        """Whether it is answered from memory alone, which needs no thread."""
        return self.match is not None and self.match.is_instant

    @property
    def is_for_operators(self) -> bool:
        """Whether no call of the API may keep it waiting."""
        return self.match is not None and self.match.is_for_operators

    def is_polled_by(self, method: str) -> bool:
        """Whether its answer to this method is mostly in memory."""
        return self.match is not None and self.match.is_polled_by(method)

    @property
    def route_path(self) -> str | None:
        """The path of its route with placeholders; None where there is none."""
        return None if self.match is None else self.match.path

    @property
    def export_id(self) -> str | None:
        """The export job that the path names, if it is of the form of one."""
        text = "" if self.match is None else self.match.path_values.get("exportId", "")
        return text if _EXPORT_ID.fullmatch(text) else None

    def error_response(self, error: Exception, request_id: str) -> Response:
        """What the client sees of an error here."""
        return error_response(error, request_id, is_of_assets=self.is_of_assets)


class Dispatcher:
    def __init__(self, application: Application, routes: RouteTable, limits: CallLimits) -> None:
        self._application = application
        self._routes = routes
        self._limits = limits

    def target(self, scope: Scope) -> Target:
        """What the path of this request leads to."""
        path = normalise_path(raw_path_of(scope))
        return Target(self._routes.find(path), is_of_assets=path.startswith(ASSET_API))

    def remembered_answer(
        self, target: Target, scope: Scope, body: bytes, request_id: str
    ) -> Answer | None:
        """The answer as far as memory alone can give it; never waits for the store."""
        try:
            with self._application.database.memory_alone():
                return self.answer(target, scope, body, request_id)
        except NotRememberedError:
            return None

    def answer(self, target: Target, scope: Scope, body: bytes, request_id: str) -> Answer:
        """The answer to a request; every error is an answer too.

        But NotRememberedError is none, and leaves no trace of the call.
        """
        try:
            identified = self._identify(target.match, scope, body)
        except NotRememberedError:
            raise
        except Exception as error:  # noqa: BLE001 - the edge answers whatever goes wrong inside
            return Answer(target.error_response(error, request_id))
        ticket, is_counted = None, True
        try:
            ticket = self._admit(identified.caller)
            reply = self._serve(identified, request_id)
        except NotRememberedError:
            if ticket is not None:
                self._limits.give_back(ticket, is_counted=False)
            raise
        except Exception as error:  # noqa: BLE001 - the edge answers whatever goes wrong inside
            # System errors do not use up the caller's quota (contract section 2.5).
            is_counted = isinstance(error, RequestError | RetryLaterError)
            self._count_error(identified.caller, error)
            reply = target.error_response(error, request_id)
        return Answer(reply, identified.caller, ticket, is_counted=is_counted)

    def _identify(self, match: RouteMatch | None, scope: Scope, body: bytes) -> _Identified:
        request = interpret(scope, body, takes_form=match is not None and match.takes_form)
        route = None if match is None else match.route_for(request.method)
        if match is not None and route is None:
            raise MethodNotSupportedError(request.method)
        path_values = dict[str, str]() if match is None else match.path_values
        if route is not None and route.permissions is None:
            return _Identified(request, route, path_values)
        application = self._application
        token = presented_token(
            request, accept_parameter=application.settings.accept_token_parameter
        )
        return _Identified(request, route, path_values, application.identity.caller(token))

    def _admit(self, caller: Caller | None) -> CallTicket | None:
        """The ticket of a call that is counted. Raises for a limit that is reached."""
        if caller is None:
            return None
        settings = self._application.subscriptions.settings(caller.subscription_id)
        return self._limits.admit(caller, settings)

    def _count_error(self, caller: Caller | None, error: Exception) -> None:
        code = envelope_code(error)
        if caller is not None and code is not None:
            self._application.call_counts.add_error(caller.subscription_id, code)

    def _serve(self, identified: _Identified, request_id: str) -> Reply:
        route = identified.route
        if route is None:
            raise PathNotFoundError
        if identified.caller is not None and route.permissions is not None:
            identified.caller.require_any(route.permissions)
        if route.body_rule is BodyRule.JSON and not identified.request.is_json:
            raise ContentTypeError
        call = Call(
            application=self._application,
            request=identified.request,
            request_id=request_id,
            path_values=identified.path_values,
            identified_caller=identified.caller,
        )
        return route.endpoint(call)
