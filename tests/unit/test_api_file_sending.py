"""Files that the system sends by itself, through a real uvicorn and real connections."""

from __future__ import annotations

import os
import socket
import threading
from contextlib import ExitStack, contextmanager, suppress
from typing import TYPE_CHECKING

import httpx
import pytest
import uvicorn
from starlette.datastructures import Headers
from uvicorn.server import ServerState

from tailrace.api.file_response import SMALL_BYTES, ZERO_COPY, file_reply
from tailrace.api.file_sending import SENDING_THREADS, FileSendingProtocol
from tailrace.api.parameters import Parameters
from tailrace.api.request import ApiRequest
from tailrace.domain.export_job import ResultFile
from tailrace.files.directory import LocalFile
from tests.support.deadlines import DEADLINE_SECONDS, wait_until

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from starlette.types import Message, Receive, Scope, Send

#: More than the system holds for a client that takes nothing.
CONTENT = bytes(range(256)) * (24 * 1024 * 1024 // 256) + b"end"

REQUEST = b"GET / HTTP/1.1\r\nHost: x\r\n\r\n"

pytestmark = pytest.mark.skipif(not hasattr(os, "sendfile"), reason="this system has no sendfile")


class OneFile:
    """The application: answers everything with one file, and remembers what it sent."""

    def __init__(self, path: Path) -> None:
        path.write_bytes(CONTENT)
        self.path = path
        self.sent: list[str] = []
        self.opened: list[int] = []
        #: Of the file, as the messages say after they were sent.
        self.sent_bytes = 0
        #: What the server knows of its connections and requests.
        self.state = ServerState()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        async def noted(message: Message) -> None:
            self.sent.append(message["type"])
            await send(message)
            self.sent_bytes += message.get("count", 0)

        await receive()
        descriptor = os.open(self.path, os.O_RDONLY)
        self.opened.append(descriptor)
        result = ResultFile("a.1.csv", len(CONTENT), "0" * 64, 1)
        request = ApiRequest("GET", Headers(scope=scope), Parameters(), b"")
        reply = file_reply(LocalFile(descriptor, len(CONTENT)), result, request)
        if scope["path"] == "/shrinks":
            os.truncate(self.path, SMALL_BYTES)
        await reply(scope, receive, noted)


@pytest.fixture
def one_file(tmp_path: Path) -> OneFile:
    return OneFile(tmp_path / "a.1.csv")


@pytest.fixture
def port(one_file: OneFile) -> Iterator[int]:
    config = uvicorn.Config(
        one_file, http=FileSendingProtocol, lifespan="off", log_config=None, access_log=False
    )
    server = uvicorn.Server(config)
    one_file.state = server.server_state
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        number: int = listener.getsockname()[1]
        thread = threading.Thread(target=server.run, args=([listener],))
        thread.start()
        wait_until(lambda: server.started, "the server listens")
        yield number
        server.force_exit = server.should_exit = True
        thread.join()


@contextmanager
def client_of(port: int) -> Generator[httpx.Client]:
    with httpx.Client(
        base_url=f"http://127.0.0.1:{port}", timeout=DEADLINE_SECONDS, trust_env=False
    ) as client:
        yield client


def test_file_and_parts__come_one_after_the_other_on_a_connection(
    port: int, one_file: OneFile
) -> None:
    with client_of(port) as client:
        assert client.get("/").content == CONTENT
        assert one_file.sent.count(ZERO_COPY) > 1
        for first, last in ((1, SMALL_BYTES + 1), (5, 9), (7, len(CONTENT) - 2)):
            answer = client.get("/", headers={"Range": f"bytes={first}-{last}"})
            assert (answer.status_code, answer.content) == (206, CONTENT[first : last + 1])


def test_file_that_turns_out_shorter__breaks_off(port: int) -> None:
    with client_of(port) as client, pytest.raises(httpx.RemoteProtocolError):
        client.get("/shrinks")


def test_clients_that_take_nothing__hold_no_thread_and_leave_no_file_open(
    port: int, one_file: OneFile
) -> None:
    with ExitStack() as stalled:
        for _ in range(SENDING_THREADS + 1):
            connection = stalled.enter_context(socket.create_connection(("127.0.0.1", port)))
            connection.sendall(REQUEST)
            assert connection.recv(12) == b"HTTP/1.1 200"
        with client_of(port) as client:
            assert client.get("/").content == CONTENT
    for descriptor in set(one_file.opened):
        wait_until(lambda: not is_open(descriptor, one_file.path), "the file is closed")  # noqa: B023 - called at once


def test_download_that_breaks_off__is_counted_as_far_as_it_came(
    port: int, one_file: OneFile
) -> None:
    with stalled_download(port) as connection:
        connection.shutdown(socket.SHUT_WR)
        wait_until(lambda: not one_file.state.connections, "the server sees the end")
        body = rest_of(connection)
    wait_until(lambda: not one_file.state.tasks, "the request is over")
    assert one_file.sent_bytes == len(body) < len(CONTENT)


def test_nonsense_during_a_download__puts_nothing_into_it(port: int, one_file: OneFile) -> None:
    with stalled_download(port) as connection:
        connection.sendall(b"\0\r\n\r\n")
        wait_until(lambda: not one_file.state.connections, "the server gives up")
        body = rest_of(connection)
    assert CONTENT.startswith(body)


def test_client_that_asks_twice_and_leaves__is_no_error(
    port: int, one_file: OneFile, caplog: pytest.LogCaptureFixture
) -> None:
    with stalled_download(port) as connection:
        connection.sendall(REQUEST)
        # Closed with much unread, it resets the connection.
    wait_until(lambda: not one_file.state.tasks, "the request is over")
    assert not caplog.messages


@contextmanager
def stalled_download(port: int) -> Generator[socket.socket]:
    """A connection with an answer on it of which the client has taken no more than a little."""
    with socket.socket() as connection:
        connection.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        connection.settimeout(DEADLINE_SECONDS)
        connection.connect(("127.0.0.1", port))
        connection.sendall(REQUEST)
        answer = b""
        while not answer.endswith(b"\r\n\r\n"):
            answer += connection.recv(1)
        yield connection


def rest_of(connection: socket.socket) -> bytes:
    """What still comes until the connection ends, in whatever way."""
    received = bytearray()
    with suppress(ConnectionError):
        while piece := connection.recv(1024 * 1024):
            received += piece
    return bytes(received)


def is_open(descriptor: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(descriptor), path.stat())
    except OSError:
        return False
