"""Refusing a request that is still being sent, so that its client sees the answer.

A server that hangs up on a client in the middle of a body breaks the connection under it, and many
clients then report that in place of the answer, which lay there unread.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.types import Message, Receive, Scope, Send

    from tailrace.api.replies import Reply

#: How long the rest of a refused body is read and dropped, at the most.
LINGER_SECONDS = 10.0


class WatchedReceive:
    """Passes on what a client sends and remembers whether that was all of it."""

    def __init__(self, receive: Receive) -> None:
        self._receive = receive
        self.is_at_end = False

    async def __call__(self) -> Message:
        message = await self._receive()
        self.is_at_end = message["type"] != "http.request" or not message.get("more_body", False)
        return message


class LingeringReply:
    """Sends an answer at once, but ends it only when the client has sent the rest or gone."""

    def __init__(self, reply: Reply, request: WatchedReceive) -> None:
        self._reply = reply
        self._request = request

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """`receive` is of no use: what is still to come of the request is known."""

        async def send_unfinished(message: Message) -> None:
            is_body = message["type"] == "http.response.body"
            await send({**message, "more_body": True} if is_body else message)

        await self._reply(scope, receive, send_unfinished)
        with suppress(TimeoutError):
            async with asyncio.timeout(LINGER_SECONDS):
                while not self._request.is_at_end:
                    await self._request()
        await send({"type": "http.response.body"})
