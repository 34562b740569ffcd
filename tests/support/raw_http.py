"""HTTP written byte by byte on a socket: for requests that no well-behaved client would send."""

from __future__ import annotations

import socket
from contextlib import closing
from http.client import HTTPResponse
from typing import TYPE_CHECKING

import httpx

from tests.support.answers import Answer
from tests.support.deadlines import DEADLINE_SECONDS

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.server import Server


def raw_request(
    server: Server,
    target: str,
    *,
    method: str = "GET",
    headers: Mapping[str, str] | None = None,
    body: bytes = b"",
    host: str = "123-abc-456.mktorest.com",
) -> Answer:
    """Send the request line with `target` exactly as it is; read the answer and hang up."""
    lines = [f"{method} {target} HTTP/1.1", f"Host: {host}", "Connection: close"]
    if body:
        lines.append(f"Content-Length: {len(body)}")
    lines.extend(f"{name}: {value}" for name, value in (headers or {}).items())
    message = "\r\n".join((*lines, "", "")).encode() + body
    with open_connection(server) as connection:
        connection.sendall(message)
        return read_answer(connection, method)


def open_connection(server: Server) -> closing[socket.socket]:
    """A TCP connection to the server, closed when the block ends."""
    address = ("127.0.0.1", server.port)
    return closing(socket.create_connection(address, timeout=DEADLINE_SECONDS))


def read_answer(connection: socket.socket, method: str = "GET") -> Answer:
    """The next answer on the connection, its body read to its end."""
    response = HTTPResponse(connection, method=method)
    try:
        response.begin()
        content = response.read()
        return Answer(response.status, httpx.Headers(response.getheaders()), content)
    finally:
        response.close()
