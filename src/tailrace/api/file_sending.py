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
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from tailrace.api.file_response import ZERO_COPY

if TYPE_CHECKING:
    from collections.abc import Generator, MutableMapping

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


async def _send_from_file(cycle: RequestResponseCycle, message: MutableMapping[str, Any]) -> None:
    """Raises OSError for a file that cannot be read, EOFError for one that is too short."""
    count: int = message["count"]
    if cycle.disconnected:
        return
    await _until_written(cycle)
    try:
        await _send_range(cycle, message["file"], message["offset"], count)
    except (ConnectionError, TimeoutError):
        # Nobody reads any more, or the system has given up on whoever did.
        cycle.transport.abort()
        return
    cycle.expected_content_length -= count
    await cycle.send(
        {"type": "http.response.body", "body": b"", "more_body": message.get("more_body", False)}
    )


async def _until_written(cycle: RequestResponseCycle) -> None:
    """Until all that was written before has left this process, as it comes first."""
    cycle.transport.set_write_buffer_limits(0)
    if cycle.flow.write_paused:
        await cycle.flow.drain()
    cycle.transport.set_write_buffer_limits()


async def _send_range(cycle: RequestResponseCycle, file: int, position: int, count: int) -> None:
    loop = asyncio.get_running_loop()
    end = position + count
    with _own_descriptor(cycle.transport) as connection:
        while position < end and not cycle.disconnected:
            sending = _sending.submit(_send_what_fits, connection, file, position, end)
            position = await _outcome(asyncio.wrap_future(sending))
            if position < end:
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


async def _outcome(sending: asyncio.Future[int]) -> int:
    """What comes of it, at the latest when it is over: nobody closes what a thread still uses."""
    try:
        return await asyncio.shield(sending)
    except asyncio.CancelledError:
        await asyncio.wait([sending])
        raise


def _send_what_fits(connection: int, file: int, position: int, end: int) -> int:
    """The position after what the socket has taken."""
    room = select.poll()
    room.register(connection, select.POLLOUT)
    while position < end:
        try:
            sent = os.sendfile(connection, file, position, end - position)
        except BlockingIOError:
            if room.poll(_FAST_CLIENT_MILLISECONDS):
                continue
            break
        if sent == 0:
            raise EOFError
        position += sent
    return position


async def _until_writable(loop: asyncio.AbstractEventLoop, connection: int) -> None:
    writable = asyncio.Event()
    loop.add_writer(connection, writable.set)
    try:
        await writable.wait()
    finally:
        loop.remove_writer(connection)
