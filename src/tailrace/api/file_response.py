"""Result files over HTTP: whole or a byte range, conditional, in constant memory (contract 3.8).

Theory of operation: a reply is put together where the job was looked up: on the event loop, if
that can be had without waiting, else in a thread. A part of at most 256 KiB is read right there
and sent as one message, since small ranges would spend longer on changing threads than on reading;
the event loop reads only what is in memory. Anything larger keeps the file open. The server sends
it by itself where it can (`tailrace.api.file_sending`); else it is read in pieces, each in a
thread, and only as many ahead of the client as the file asks for: what is read too early costs
memory for every slow client. An open file keeps serving its bytes although the
janitor deletes it meanwhile. The length is promised before the first byte, so a file that turns
out shorter, or cannot be read on, ends in a broken connection, never in an answer that looks
whole.
"""

from __future__ import annotations

import asyncio
from collections import deque
from pathlib import PurePath
from typing import TYPE_CHECKING

from starlette.responses import Response

from tailrace.api.conditions import Precondition, effective_range, entity_tag, precondition
from tailrace.api.error_replies import PLAIN_TEXT
from tailrace.api.wire_errors import PRECONDITION_FAILED
from tailrace.domain.file_format import CONTENT_TYPE
from tailrace.files.byte_range import parse_range
from tailrace.store.remembered import NotRememberedError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from concurrent.futures import Future

    from starlette.types import Message, Receive, Scope, Send

    from tailrace.api.replies import Reply
    from tailrace.api.request import ApiRequest
    from tailrace.domain.export_job import ResultFile
    from tailrace.files.result_files import OpenFile

#: Parts up to this size are read at once.
SMALL_BYTES = 256 * 1024

#: The extension by which a server sends parts of files itself, and the type of its messages (ASGI
#: specification, extensions). It raises EOFError for a file that is too short, and leaves in the
#: message's count how much was sent.
ZERO_COPY = "http.response.zerocopysend"

#: Such a part: so large that what is done for each does not count, so small that a log entry says
#: how far a download came.
_SENT_BYTES = 4 * 1024 * 1024


class ShortFileError(Exception):
    """A result file that holds fewer bytes than its job says."""

    def __init__(self, name: str, promised_bytes: int) -> None:
        super().__init__(f"result file {name} holds less than {promised_bytes} bytes")


def file_reply(
    opened: OpenFile, result: ResultFile, request: ApiRequest, *, may_wait: bool = True
) -> Reply:
    """The answer to a GET or HEAD of a result file.

    Takes over `opened`: it is closed on return, or by the reply when that is sent or closed.
    Raises UnsatisfiableRangeError, ShortFileError for a file that is not whole, OSError or
    FilesUnavailableError for one that cannot be read. Unless it `may_wait`, also
    NotRememberedError, if what is to be read first is not in memory.
    """
    reply = None
    try:
        reply = _reply(opened, result, request, may_wait=may_wait)
        return reply
    finally:
        if not isinstance(reply, _StreamedFile):
            opened.close()


def _reply(opened: OpenFile, result: ResultFile, request: ApiRequest, *, may_wait: bool) -> Reply:
    if opened.size_bytes != result.size_bytes:
        raise ShortFileError(result.name, result.size_bytes)
    tag = entity_tag(result.sha256)
    match precondition(request.headers, tag):
        case Precondition.NOT_MODIFIED:
            return Response(None, 304, headers=_tag_headers(tag))
        case Precondition.FAILED:
            return Response(
                PRECONDITION_FAILED.text,
                PRECONDITION_FAILED.http_status,
                headers=_tag_headers(tag),
                media_type=PLAIN_TEXT,
            )
        case Precondition.PROCEED:
            return _content_reply(opened, result, request, tag, may_wait=may_wait)


def _content_reply(
    opened: OpenFile, result: ResultFile, request: ApiRequest, tag: str, *, may_wait: bool
) -> Reply:
    size = result.size_bytes
    # Ranges are defined for GET alone (RFC 9110 section 14.2).
    wanted = effective_range(request.headers, tag) if request.method == "GET" else None
    part = parse_range(wanted, size)
    first, length = (0, size) if part is None else (part.first, part.length)
    headers = _content_headers(result, tag) | {"Content-Length": str(length)}
    status = 200
    if part is not None:
        status = 206
        headers["Content-Range"] = f"bytes {part.first}-{part.last}/{size}"
    if request.method == "HEAD":
        return Response(None, status, headers=headers)
    address = opened.address()
    if address is not None:
        # It is good for a while only; the client repeats its Range header there.
        return Response(None, 307, headers={"Location": address, "Cache-Control": "no-store"})
    if length <= SMALL_BYTES:
        body = _small_body(opened, result, first, length, may_wait=may_wait)
        return _SmallPart(body, status, headers)
    return _StreamedFile(opened, result.name, status, headers, range(first, first + length))


def _small_body(
    opened: OpenFile, result: ResultFile, first: int, length: int, *, may_wait: bool
) -> bytes | bytearray:
    body = opened.read_at_once(first, length)
    if body is None:
        if not may_wait:
            raise NotRememberedError
        body = opened.read(first, length)
    if len(body) < length:
        raise ShortFileError(result.name, result.size_bytes)
    return body


def _tag_headers(tag: str) -> dict[str, str]:
    # The content depends on who asks, and nobody on the way may recode it.
    return {"ETag": tag, "Cache-Control": "private, no-transform"}


def _content_headers(result: ResultFile, tag: str) -> dict[str, str]:
    stored = PurePath(result.name)
    export_id = stored.name.partition(".")[0]
    return _tag_headers(tag) | {
        "Content-Type": CONTENT_TYPE,
        "Accept-Ranges": "bytes",
        "Content-Disposition": f'attachment; filename="{export_id}{stored.suffix}"',
    }


class _SmallPart:
    """A part that was read already."""

    def __init__(self, body: bytes | bytearray, status: int, headers: Mapping[str, str]) -> None:
        self._body = body
        self._status = status
        self._headers = headers

    async def __call__(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send(_start_message(self._status, self._headers))
        await send({"type": "http.response.body", "body": self._body})


def _start_message(status: int, headers: Mapping[str, str]) -> Message:
    encoded = [(name.lower().encode(), value.encode("latin-1")) for name, value in headers.items()]
    return {"type": "http.response.start", "status": status, "headers": encoded}


class _StreamedFile:
    """The bytes `positions` of an open file, sent as fast as the client takes them."""

    def __init__(
        self,
        opened: OpenFile,
        name: str,
        status: int,
        headers: Mapping[str, str],
        positions: range,
    ) -> None:
        self._opened = opened
        self._name = name
        self._status = status
        self._headers = headers
        self._positions = positions
        #: Asked for and not yet sent, in order; what is sent next comes first.
        self._reads: deque[Future[bytes]] = deque()
        self._is_closed = False

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        gone = asyncio.create_task(_wait_until_gone(receive))
        try:
            await send(_start_message(self._status, self._headers))
            descriptor = self._opened.descriptor
            if descriptor is not None and ZERO_COPY in (scope.get("extensions") or {}):
                await self._let_send(descriptor, send)
            else:
                await self._send_pieces(send, gone)
        finally:
            gone.cancel()
            self.close()

    async def _let_send(self, descriptor: int, send: Send) -> None:
        end = self._positions.stop
        for position in self._positions[::_SENT_BYTES]:
            following = min(position + _SENT_BYTES, end)
            count = following - position
            part: Message = {"offset": position, "count": count, "more_body": following < end}
            part |= {"type": ZERO_COPY, "file": descriptor}
            try:
                await send(part)
            except EOFError as error:
                raise ShortFileError(self._name, end) from error
            if part["count"] < count:
                break

    async def _send_pieces(self, send: Send, gone: asyncio.Task[None]) -> None:
        position, end = self._positions.start, self._positions.stop
        step = self._opened.piece_bytes
        wanted = iter(range(position, end, step))
        while position < end and not gone.done():
            while len(self._reads) <= self._opened.pieces_ahead:
                start = next(wanted, None)
                if start is None:
                    break
                self._reads.append(self._opened.begin_read(start, min(step, end - start)))
            piece = await asyncio.wrap_future(self._reads[0])
            self._reads.popleft()
            if len(piece) < min(step, end - position):
                raise ShortFileError(self._name, end)
            position += len(piece)
            await send({"type": "http.response.body", "body": piece, "more_body": position < end})

    def close(self) -> None:
        """Close the file, once no thread reads from it any more."""
        if not self._is_closed:
            self._is_closed = True
            self._close_after_reads()

    def _close_after_reads(self) -> None:
        if self._reads:
            self._reads.pop().add_done_callback(lambda _: self._close_after_reads())
        else:
            self._opened.close()


async def _wait_until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
