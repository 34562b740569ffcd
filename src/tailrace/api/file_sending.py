"""uvicorn's HTTP protocol, with files sent by the system itself: ASGI's `zerocopysend` extension.

Theory of operation: bytes of a file that pass through this process are copied twice and take the
interpreter lock. sendfile hands them from the page cache to the socket, without either. It may wait
for the disk, so it is called in a thread, never by the event loop; but it never waits for the
client: what the socket does not take is tried again when the event loop says that it takes more. So
slow clients take no memory and no thread. Encrypted connections have no such way: they do not
offer the extension.
"""

from __future__ import annotations

import asyncio
import os
import select
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tailrace.api.file_response import ZERO_COPY

if TYPE_CHECKING:
    from collections.abc import Generator
    from concurrent.futures import Future

    from starlette.types import ASGIApp, Message, Receive, Scope, Send
    from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

SENDING_THREADS = 8

#: A client that takes more within this time is waited for in the thread: changing to the event
#: loop and back took a tenth of the time of a download.
_FAST_CLIENT_MILLISECONDS = 2

#: Shared by every download, so that many of them cannot take all threads of the process.
_sending = ThreadPoolExecutor(SENDING_THREADS, thread_name_prefix="file-send")


class FileSendingProtocol(HttpToolsProtocol):
    """To be named to uvicorn as the class of its HTTP protocol."""

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: Any) -> None:
        if self.scheme == "http" and hasattr(os, "sendfile"):
            app = _Extended(app, cycle)
        super()._start_asgi_task(cycle, app)

    def send_400_response(self, msg: str) -> None:
        """Answer what is no HTTP; in the middle of another answer it would pass for a part of it."""
        if self.pipeline or _is_answering(self.cycle):
            self.transport.abort()
        else:
            super().send_400_response(msg)


def _is_answering(cycle: RequestResponseCycle | None) -> bool:
    return cycle is not None and cycle.response_started and not cycle.response_complete


class _Extended:
    """The application for one request, which may send messages of the extension."""

    def __init__(self, app: ASGIApp, cycle: RequestResponseCycle) -> None:
        self._app = app
        self._cycle = cycle

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        scope["extensions"] = {ZERO_COPY: {}}

        async def send_either(message: Message) -> None:
            if message["type"] == ZERO_COPY:
                await _send_from_file(self._cycle, message)
            else:
                await send(message)

        await self._app(scope, receive, send_either)


async def _send_from_file(cycle: RequestResponseCycle, message: Message) -> None:
    """Afterwards the message's count is what was sent: less, if the client has gone.

    Raises OSError for a file that cannot be read, EOFError for one that is too short.
    """
    count, message["count"] = message["count"], 0
    await _until_written(cycle)
    if not _is_gone(cycle):
        try:
            await _send_range(cycle, message, count)
        except (ConnectionError, TimeoutError):
            # Nobody reads any more, or the system has given up on whoever did.
            cycle.transport.abort()
    if _is_gone(cycle):
        # Of several requests on a connection, uvicorn tells only the last one.
        cycle.disconnected = True
        return
    cycle.expected_content_length -= count
    await cycle.send(
        {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
    )


def _is_gone(cycle: RequestResponseCycle) -> bool:
    return cycle.disconnected or cycle.transport.is_closing()


async def _until_written(cycle: RequestResponseCycle) -> None:
    """Until all that was written before has left this process, as it comes first."""
    if _is_gone(cycle):
        return
    cycle.transport.set_write_buffer_limits(0)
    if cycle.flow.write_paused:
        await cycle.flow.drain()
    if not _is_gone(cycle):
        cycle.transport.set_write_buffer_limits()


async def _send_range(cycle: RequestResponseCycle, message: Message, count: int) -> None:
    loop = asyncio.get_running_loop()
    with _own_descriptor(cycle.transport) as connection:
        while message["count"] < count and not _is_gone(cycle):
            await _outcome(_sending.submit(_send_what_fits, connection, message, count))
            if message["count"] < count:
                await _until_writable(loop, connection)


@contextmanager
def _own_descriptor(transport: asyncio.Transport) -> Generator[int]:
    """The transport's socket under a number of our own.

    The event loop allows nobody to watch a transport's number, and may close it while a thread
    still sends.
    """
    descriptor = os.dup(transport.get_extra_info("socket").fileno())
    try:
        yield descriptor
    finally:
        os.close(descriptor)


async def _outcome(sending: Future[None]) -> None:
    """Until it is over, however this ends: nobody closes what a thread still uses."""
    try:
        await asyncio.wrap_future(sending)
    finally:
        # Only a server that stops leaves before the end, and a thread is done in a moment.
        if not sending.cancel():
            wait([sending])


def _send_what_fits(connection: int, message: Message, count: int) -> None:
    """Send what the socket takes, and count it in the message."""
    room = select.poll()
    room.register(connection, select.POLLOUT)
    while left := count - message["count"]:
        position = message["offset"] + message["count"]
        try:
            sent = os.sendfile(connection, message["file"], position, left)
        except BlockingIOError:
            if room.poll(_FAST_CLIENT_MILLISECONDS):
                continue
            break
        if sent == 0:
            raise EOFError
        message["count"] += sent


async def _until_writable(loop: asyncio.AbstractEventLoop, connection: int) -> None:
    writable = asyncio.Event()
    loop.add_writer(connection, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(connection)
