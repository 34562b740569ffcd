"""The way to object storage, which can fail: an HTTP proxy that refuses, or hangs up in an answer."""

from __future__ import annotations

import http.client
import threading
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import TYPE_CHECKING
from urllib.parse import urlsplit

if TYPE_CHECKING:
    from collections.abc import Generator

#: What belongs to one connection, not to the message.
_OF_THE_CONNECTION = {"connection", "transfer-encoding", "keep-alive", "content-length"}


class StorageLine(ThreadingHTTPServer):
    """Every request is on a connection of its own, so that a fault begins and ends at once."""

    daemon_threads = True

    def __init__(self, upstream: str) -> None:
        super().__init__(("127.0.0.1", 0), _Handler)
        self.upstream = urlsplit(upstream).netloc
        self.base_url = f"http://127.0.0.1:{self.server_address[1]}"
        #: All requests are answered with 503.
        self.is_unavailable = False
        #: Those are whose method and target hold all of these; None for no such.
        self.unavailable_for: tuple[str, ...] | None = None
        #: So many of the next requests are.
        self.refusals = 0
        #: Answers are cut after so many bytes of content; None lets everything through.
        self.cut_after: int | None = None
        #: Cuts after which everything gets through; None for no end of them.
        self.most_cuts: int | None = None
        #: A header of requests that does not get through.
        self.withheld_header: str | None = None
        #: What every object is said to hold, if not what it does.
        self.told_bytes: int | None = None
        #: The next request whose method and target hold this is carried out, but not answered.
        self.unanswered: str | None = None
        #: Bytes of content that got through to whoever asked.
        self.sent_bytes = 0
        #: Method and target of each request that came.
        self.requests: list[tuple[str, str]] = []

    def refuses(self, request: str) -> bool:
        """Whether to refuse the next request."""
        self.refusals -= 1
        if self.unavailable_for is not None and all(one in request for one in self.unavailable_for):
            return True
        return self.is_unavailable or self.refusals >= 0

    def loses_answer(self, request: str) -> bool:
        """Whether this is the request that is not answered."""
        if self.unanswered is None or self.unanswered not in request:
            return False
        self.unanswered = None
        return True

    def handle_error(self, request: object, client_address: object) -> None:
        """Nothing: who asked for more than it needs hangs up."""

    def kept(self, body: bytes) -> bytes:
        """As much of a body as gets through."""
        if self.cut_after is None or len(body) <= self.cut_after or self.most_cuts == 0:
            return body
        if self.most_cuts is not None:
            self.most_cuts -= 1
        return body[: self.cut_after]


class _Handler(BaseHTTPRequestHandler):
    server: StorageLine  # pyright: ignore[reportIncompatibleVariableOverride] - it is one

    def do_request(self) -> None:
        content = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        self.server.requests.append((self.command, self.path))
        if self.server.refuses(f"{self.command} {self.path}"):
            self._answer(503, [], b"", 0)
            return
        upstream = http.client.HTTPConnection(self.server.upstream)
        withheld = self.server.withheld_header
        headers = {name: value for name, value in self.headers.items() if name.lower() != withheld}
        upstream.request(self.command, self.path, content, headers)
        answer = upstream.getresponse()
        body = answer.read()
        if self.server.loses_answer(f"{self.command} {self.path}"):
            upstream.close()
            return
        told_bytes = len(body)
        if self.command == "HEAD":
            told_bytes = self.server.told_bytes or int(answer.headers["Content-Length"] or 0)
        self._answer(answer.status, answer.getheaders(), body, told_bytes)
        upstream.close()

    # Names that http.server looks for.
    do_GET = do_HEAD = do_PUT = do_POST = do_DELETE = do_request  # noqa: N815

    def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - as http.server has it
        """Nothing: the test looks at what comes of it."""

    def _answer(
        self, status: int, headers: list[tuple[str, str]], body: bytes, told_bytes: int
    ) -> None:
        self.send_response_only(status)
        for name, value in headers:
            if name.lower() not in _OF_THE_CONNECTION:
                self.send_header(name, value)
        self.send_header("Content-Length", str(told_bytes))
        self.end_headers()
        # It may be less than was told: the connection is closed after it.
        kept = self.server.kept(body)
        self.server.sent_bytes += len(kept)
        self.wfile.write(kept)


@contextmanager
def line_to_storage(upstream: str) -> Generator[StorageLine]:
    """A line to the S3 server at `upstream`, taken down when the block ends."""
    with StorageLine(upstream) as line:
        threading.Thread(target=line.serve_forever, daemon=True).start()
        try:
            yield line
        finally:
            line.shutdown()
