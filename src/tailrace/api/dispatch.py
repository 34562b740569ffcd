"""From a request to its answer: the checks in the contract's order, then the endpoint.

The order decides which error a client sees when several would fit (contract section 2.6):
method 605, token 601/602, call limits 606/607/615, unknown path 610, permission 603, content
type 612; JSON 609, parameters and business rules are the endpoint's. The size limits 413 and 414
came before, when the request was read. Everything here is synchronous and runs in a thread.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.api.credentials import presented_token
from tailrace.api.error_replies import error_response
from tailrace.api.normalise import normalise_path
from tailrace.api.replies import Answer
from tailrace.api.request import interpret, raw_path_of
from tailrace.api.route import BodyRule, Call
from tailrace.domain.errors import (
    ContentTypeError,
    MethodNotSupportedError,
    PathNotFoundError,
    RequestError,
    RetryLaterError,
)

if TYPE_CHECKING:
    from starlette.types import Scope

    from tailrace.api.call_limits import CallLimits, CallTicket
    from tailrace.api.replies import Reply
    from tailrace.api.request import ApiRequest
    from tailrace.api.route import RouteMatch, RouteTable
    from tailrace.app import Application
    from tailrace.domain.caller import Caller


@dataclass(frozen=True, slots=True)
class _Admission:
    """A request whose caller may call at all; whether its path exists is not settled yet."""

    request: ApiRequest
    match: RouteMatch | None
    caller: Caller | None = None
    ticket: CallTicket | None = None


class Dispatcher:
    def __init__(self, application: Application, routes: RouteTable, limits: CallLimits) -> None:
        self._application = application
        self._routes = routes
        self._limits = limits

    def answer(self, scope: Scope, body: bytes, request_id: str) -> Answer:
        """The answer to a request; every error is an answer too."""
        try:
            admission = self._admit(scope, body)
        except Exception as error:  # noqa: BLE001 - the edge answers whatever goes wrong inside
            return Answer(error_response(error, request_id))
        is_counted = True
        try:
            reply = self._serve(admission, request_id)
        except Exception as error:  # noqa: BLE001 - the edge answers whatever goes wrong inside
            # System errors do not use up the caller's quota (contract section 2.5).
            is_counted = isinstance(error, RequestError | RetryLaterError)
            reply = error_response(error, request_id)
        return Answer(reply, admission.caller, admission.ticket, is_counted=is_counted)

    def _admit(self, scope: Scope, body: bytes) -> _Admission:
        match = self._routes.find(normalise_path(raw_path_of(scope)))
        takes_form = match is not None and match.route.body_rule is BodyRule.FORM
        request = interpret(scope, body, takes_form=takes_form)
        if match is not None and request.method not in match.route.methods:
            raise MethodNotSupportedError(request.method)
        if match is not None and match.route.permissions is None:
            return _Admission(request, match)
        application = self._application
        token = presented_token(
            request, accept_parameter=application.settings.accept_token_parameter
        )
        caller = application.identity.caller(token)
        settings = application.subscriptions.settings(caller.subscription_id)
        ticket = self._limits.admit(caller.subscription_id, settings)
        return _Admission(request, match, caller, ticket)

    def _serve(self, admission: _Admission, request_id: str) -> Reply:
        if admission.match is None:
            raise PathNotFoundError
        route = admission.match.route
        if admission.caller is not None and route.permissions is not None:
            admission.caller.require_any(route.permissions)
        if route.body_rule is BodyRule.JSON and not admission.request.is_json:
            raise ContentTypeError
        call = Call(
            application=self._application,
            request=admission.request,
            request_id=request_id,
            path_values=admission.match.path_values,
            identified_caller=admission.caller,
        )
        return route.endpoint(call)
