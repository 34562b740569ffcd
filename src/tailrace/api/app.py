"""The ASGI application: reads a request, has it answered, sends and logs the answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from structlog.contextvars import bound_contextvars

from tailrace.api.access_log import SentAnswer
from tailrace.api.call_limits import CallLimits
from tailrace.api.call_threads import SPARE_THREADS, CallThreads
from tailrace.api.dispatch import Dispatcher
from tailrace.api.envelope import new_request_id
from tailrace.api.error_replies import system_error_response
from tailrace.api.lingering import LingeringReply, WatchedReceive
from tailrace.api.replies import Answer
from tailrace.api.request import ClientGoneError, check_uri, read_body
from tailrace.api.routes import all_routes
from tailrace.domain.errors import BodyTooLargeError, ServerBusyError, UriTooLongError
from tailrace.telemetry.tracing import finish_request_span, span

if TYPE_CHECKING:
    from starlette.types import ASGIApp, Receive, Scope, Send

    from tailrace.api.dispatch import Target
    from tailrace.app import Application


def create_asgi_app(application: Application) -> ASGIApp:
    """The HTTP edge of `application`, for any ASGI server; it ignores the Host header."""
    return _Edge(application)


class _Edge:
    def __init__(self, application: Application) -> None:
        self._clock = application.clock
        self._limits = CallLimits(application.call_counts, application.clock)
        self._dispatcher = Dispatcher(application, all_routes(), self._limits)
        self._threads = CallThreads(drop=self._finish)
        #: For pages of operators, beside all that may wait for the store.
        self._spare_threads = CallThreads(drop=self._finish, threads=SPARE_THREADS)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] == "http":
            await self._answer_http(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _answer_lifespan(receive, send)
        else:
            await send({"type": "websocket.close"})

    async def _answer_http(self, scope: Scope, receive: Receive, send: Send) -> None:
        request_id = new_request_id(int(self._clock().timestamp() * 1000))
        sent = SentAnswer(send)
        with (
            bound_contextvars(request_id=request_id),
            span("request", request_id=request_id) as made,
        ):
            await self._answer_and_log(scope, receive, sent, request_id)
            route = None if sent.target is None else sent.target.route_path
            finish_request_span(made, route=route, method=scope["method"], status=sent.status or 0)

    async def _answer_and_log(
        self, scope: Scope, receive: Receive, sent: SentAnswer, request_id: str
    ) -> None:
        answer = None
        try:
            sent.target = self._dispatcher.target(scope)
            answer = await self._answer(scope, receive, sent.target, request_id)
            await answer.reply(scope, receive, sent)
        except ClientGoneError:
            pass
        except Exception as error:
            response = system_error_response(error, request_id)
            if sent.status is not None:
                # Too late for an error answer: only a broken connection tells the client.
                raise
            await response(scope, receive, sent)
        finally:
            if answer is not None:
                self._finish(answer)
            sent.log(scope, request_id, answer)

    async def _answer(
        self, scope: Scope, receive: Receive, target: Target, request_id: str
    ) -> Answer:
        watched = WatchedReceive(receive)
        try:
            check_uri(scope)
            body = await read_body(scope, watched, target.maximum_body_bytes)
        except (UriTooLongError, BodyTooLargeError) as error:
            return Answer(LingeringReply(target.error_response(error, request_id), watched))

        def answer() -> Answer:
            return self._dispatcher.answer(target, scope, body, request_id)

        # Calls that wait for the store must not keep a sign of life waiting with them.
        if target.is_instant:
            return answer()
        if target.is_polled_by(scope["method"]):
            # Handing it to a thread and back would cost more than answering it.
            remembered = self._dispatcher.remembered_answer(target, scope, body, request_id)
            if remembered is not None:
                return remembered
        threads = self._spare_threads if target.is_for_operators else self._threads
        try:
            return await threads.run(answer)
        except ServerBusyError as error:
            return Answer(target.error_response(error, request_id))

    def _finish(self, answer: Answer) -> None:
        answer.close()
        if answer.ticket is not None:
            self._limits.give_back(answer.ticket, is_counted=answer.is_counted)


async def _answer_lifespan(receive: Receive, send: Send) -> None:
    """Whatever has to start and stop is the composition root's."""
    while True:
        message = await receive()
        await send({"type": f"{message['type']}.complete"})
        if message["type"] == "lifespan.shutdown":
            return
