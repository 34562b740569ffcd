"""A proxy that leads chosen names to one local server: all that a client's name resolution needs.

A client that is told of an HTTPS proxy asks it to CONNECT to a name and port and then speaks TLS
with whatever answers. This one connects to the server instead. It listens on the loopback address
only and refuses every other name, so it opens no way to anywhere else.
"""

from __future__ import annotations

import asyncio
import re
from contextlib import asynccontextmanager, suppress
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from asyncio import StreamReader, StreamWriter
    from collections.abc import AsyncGenerator, Sequence

LOOPBACK = "127.0.0.1"

_HTTPS_PORT = 443
_HEAD_SECONDS = 30.0
_CHUNK_BYTES = 64 * 1024

_CONNECT = re.compile(rb"CONNECT ([^ :]+):(\d{1,5}) HTTP/1\.[01]\r\n")

_ESTABLISHED = b"HTTP/1.1 200 Connection established\r\n\r\n"


class _RefusedError(Exception):
    """A request that gets an answer of our own; its arguments are status line and sentence."""


class ConnectProxy:
    """Leads HTTPS connections to any of `patterns` to one address."""

    def __init__(self, patterns: Sequence[str], host: str, port: int) -> None:
        self._patterns = [pattern.lower() for pattern in patterns]
        self._target = (host, port)

    @asynccontextmanager
    async def listening(self, port: int = 0) -> AsyncGenerator[int]:
        """Work for the length of the block on `port`, or a free one. Raises OSError."""
        server = await asyncio.start_server(self._answer, LOOPBACK, port)
        try:
            yield server.sockets[0].getsockname()[1]
        finally:
            server.close()

    async def _answer(self, reader: StreamReader, writer: StreamWriter) -> None:
        try:
            upstream = await self._connect(reader)
        except _RefusedError as refusal:
            status, sentence = refusal.args
            await _refuse(writer, status, sentence)
            return
        writer.write(_ESTABLISHED)
        await _tunnel((reader, writer), upstream)

    async def _connect(self, reader: StreamReader) -> tuple[StreamReader, StreamWriter]:
        """The connection that the client's request leads to. Raises _RefusedError."""
        try:
            head = await asyncio.wait_for(reader.readuntil(b"\r\n\r\n"), _HEAD_SECONDS)
        except (asyncio.IncompleteReadError, asyncio.LimitOverrunError, TimeoutError) as error:
            raise _RefusedError("400 Bad Request", "No request was sent.") from error
        request = _CONNECT.match(head)
        if request is None:
            raise _RefusedError("405 Method Not Allowed", "This proxy is for HTTPS only.")
        name, port = request[1].decode("latin-1").lower(), int(request[2])
        if port != _HTTPS_PORT or not any(fnmatchcase(name, one) for one in self._patterns):
            allowed = ", ".join(self._patterns)
            raise _RefusedError("403 Forbidden", f"This proxy leads to {allowed} only.")
        try:
            return await asyncio.open_connection(*self._target)
        except OSError as error:
            reason = f"The server does not answer: {error.strerror or error}."
            raise _RefusedError("502 Bad Gateway", reason) from error


async def _refuse(writer: StreamWriter, status: str, sentence: str) -> None:
    body = f"tailrace redirect: {sentence}\n".encode()
    head = f"HTTP/1.1 {status}\r\nContent-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
    writer.write(head.encode() + b"Connection: close\r\n\r\n" + body)
    await _close(writer)


async def _tunnel(
    one: tuple[StreamReader, StreamWriter], other: tuple[StreamReader, StreamWriter]
) -> None:
    """Pass bytes both ways until both sides have ended, or one of them breaks."""
    try:
        async with asyncio.TaskGroup() as directions:
            directions.create_task(_pass_on(one[0], other[1]))
            directions.create_task(_pass_on(other[0], one[1]))
    except* OSError:
        pass
    finally:
        await _close(one[1])
        await _close(other[1])


async def _pass_on(reader: StreamReader, writer: StreamWriter) -> None:
    while chunk := await reader.read(_CHUNK_BYTES):
        writer.write(chunk)
        await writer.drain()
    writer.write_eof()


async def _close(writer: StreamWriter) -> None:
    writer.close()
    with suppress(OSError):
        await writer.wait_closed()
