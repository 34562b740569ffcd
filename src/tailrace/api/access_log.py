"""One log entry a request, made here because the server's own would show query strings.

Query strings and bodies carry client secrets and access tokens: neither is ever logged.
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import structlog

from tailrace.api.request import raw_path_of
from tailrace.telemetry.metrics import count_request

if TYPE_CHECKING:
    from starlette.types import Message, Scope, Send

    from tailrace.api.dispatch import Target
    from tailrace.api.replies import Answer

_MAXIMUM_PATH_CHARACTERS = 200

log = structlog.stdlib.get_logger("tailrace.api.access")


class SentAnswer:
    """Passes an answer on to the server and remembers what of it was sent."""

    def __init__(self, send: Send) -> None:
        self._send = send
        self._began = time.perf_counter()
        #: What the path leads to; None until that is known.
        self.target: Target | None = None
        #: HTTP status; None before the answer began.
        self.status: int | None = None
        self.body_bytes = 0

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
        try:
            await self._send(message)
        finally:
            # A part of a file that the server sends by itself has no body, but a count, which says
            # how much of it was sent.
            self.body_bytes += message.get("count", 0) or len(message.get("body", b""))

    def log(self, scope: Scope, request_id: str, answer: Answer | None) -> None:
        """Count the request and write its entry; `answer` is None if the client left before it."""
        client = scope.get("client")
        caller = None if answer is None else answer.caller
        seconds = time.perf_counter() - self._began
        target = self.target
        count_request(
            method=scope["method"],
            route=None if target is None else target.route_path,
            status=self.status,
            seconds=seconds,
            body_bytes=self.body_bytes,
        )
        named = (
            {} if target is None or target.export_id is None else {"export_id": target.export_id}
        )
        log.info(
            "request",
            request_id=request_id,
            method=scope["method"],
            # Still percent-encoded, so no control character can forge an entry.
            path=raw_path_of(scope).decode("latin-1")[:_MAXIMUM_PATH_CHARACTERS],
            status=self.status,
            bytes=self.body_bytes,
            milliseconds=round(seconds * 1000, 1),
            client=None if client is None else client[0],
            api_user=None if caller is None else caller.email,
            **named,
        )
