"""Sending a result file: nothing is promised that is not sent, and nothing stays open."""

from __future__ import annotations

import asyncio
import hashlib
import os
from typing import TYPE_CHECKING

import pytest
from starlette.datastructures import Headers

from tailrace.api.file_response import SMALL_BYTES, ShortFileError, file_reply
from tailrace.api.parameters import Parameters
from tailrace.api.replies import Closable
from tailrace.api.request import ApiRequest
from tailrace.domain.errors import UnsatisfiableRangeError
from tailrace.domain.export_job import ExportId, ResultFile, SubscriptionId
from tailrace.files.directory import LocalFile
from tailrace.files.object_store import ObjectFile
from tests.support.deadlines import wait_until

if TYPE_CHECKING:
    from pathlib import Path

    from starlette.types import Message, Scope

    from tailrace.api.replies import Reply
    from tailrace.files.result_files import OpenFile, ResultFiles
    from tests.support.object_storage import Bucket

SUBSCRIPTION = SubscriptionId(1)
CONTENT = bytes(range(256)) * (4 * SMALL_BYTES // 256) + b"end"
SCOPE: Scope = {"type": "http", "method": "GET"}


@pytest.fixture
def result(result_files: ResultFiles) -> ResultFile:
    with result_files.writer(SUBSCRIPTION, ExportId("a-b"), 1) as writer:
        writer.write(CONTENT)
        return writer.publish()


@pytest.fixture
def opened(result_files: ResultFiles, result: ResultFile) -> OpenFile:
    return result_files.open(SUBSCRIPTION, result.name)


def get(method: str = "GET", **headers: str) -> ApiRequest:
    return ApiRequest(
        method, Headers({k.replace("_", "-"): v for k, v in headers.items()}), Parameters(), b""
    )


def is_open(opened: OpenFile) -> bool:
    if isinstance(opened, ObjectFile):
        return not opened.is_closed
    assert isinstance(opened, LocalFile)
    try:
        os.fstat(opened.fd)
    except OSError:
        return False
    return True


def assert_closed(opened: OpenFile) -> None:
    """It is, or will be as soon as a thread that reads from it is done."""
    wait_until(lambda: not is_open(opened), "the file is closed")


async def _never() -> Message:
    await asyncio.Event().wait()
    raise AssertionError


class Client:
    """Takes an answer; may leave after some messages."""

    def __init__(self, leaves_after: int | None = None) -> None:
        self.messages: list[Message] = []
        self._leaves_after = leaves_after
        self._has_left = asyncio.Event()

    async def send(self, message: Message) -> None:
        self.messages.append(message)
        if len(self.messages) == self._leaves_after:
            self._has_left.set()
        await asyncio.sleep(0)

    async def receive(self) -> Message:
        await self._has_left.wait()
        return {"type": "http.disconnect"}

    @property
    def status(self) -> int:
        return self.messages[0]["status"]

    @property
    def headers(self) -> Headers:
        return Headers(raw=self.messages[0]["headers"])

    @property
    def body(self) -> bytes:
        return b"".join(message.get("body", b"") for message in self.messages[1:])


def sent(reply: Reply) -> Client:
    async def take() -> Client:
        client = Client()
        await reply(SCOPE, client.receive, client.send)
        return client

    return asyncio.run(take())


def test_whole_file__is_sent_in_chunks_and_closed(opened: OpenFile, result: ResultFile) -> None:
    client = sent(file_reply(opened, result, get()))
    assert client.status == 200
    assert hashlib.sha256(client.body).hexdigest() == result.sha256
    assert max(len(message.get("body", b"")) for message in client.messages) == opened.piece_bytes
    more = len(CONTENT) // opened.piece_bytes
    assert [message.get("more_body") for message in client.messages[1:]] == [True] * more + [False]
    assert client.headers["content-length"] == str(len(CONTENT))
    assert client.headers["etag"] == f'"{result.sha256}"'
    assert client.headers["content-disposition"] == 'attachment; filename="a-b.csv"'
    assert_closed(opened)


@pytest.mark.parametrize("length", [1, SMALL_BYTES, SMALL_BYTES + 1])
def test_part__is_exactly_these_bytes(opened: OpenFile, result: ResultFile, length: int) -> None:
    last = 100 + length - 1
    client = sent(file_reply(opened, result, get(range=f"bytes=100-{last}")))
    assert (client.status, client.body) == (206, CONTENT[100 : last + 1])
    assert client.headers["content-range"] == f"bytes 100-{last}/{len(CONTENT)}"
    assert_closed(opened)


def test_small_part__is_read_at_once(opened: OpenFile, result: ResultFile) -> None:
    file_reply(opened, result, get(range="bytes=0-0"))
    assert_closed(opened)


def test_head__ignores_range_and_has_no_body(opened: OpenFile, result: ResultFile) -> None:
    client = sent(file_reply(opened, result, get("HEAD", range="bytes=0-9")))
    assert (client.status, client.body) == (200, b"")
    assert client.headers["content-length"] == str(len(CONTENT))
    assert_closed(opened)


def test_range_after_the_end__closes_the_file(opened: OpenFile, result: ResultFile) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        file_reply(opened, result, get(range=f"bytes={len(CONTENT)}-"))
    assert_closed(opened)


def test_file_of_another_size__is_never_begun(opened: OpenFile, result: ResultFile) -> None:
    longer = ResultFile(result.name, result.size_bytes + 1, result.sha256, 0)
    with pytest.raises(ShortFileError):
        file_reply(opened, longer, get())
    assert_closed(opened)


def test_file_that_shrinks_while_it_is_sent__breaks_off(
    opened: OpenFile, result: ResultFile, request: pytest.FixtureRequest, tmp_path: Path
) -> None:
    reply = file_reply(opened, result, get())
    if isinstance(opened, LocalFile):
        os.truncate(tmp_path / "files" / str(SUBSCRIPTION) / result.name, SMALL_BYTES + 1)
    else:
        bucket: Bucket = request.getfixturevalue("bucket")
        bucket.replace(f"{SUBSCRIPTION}/{result.name}", CONTENT[: SMALL_BYTES + 1])
    with pytest.raises(ShortFileError):
        sent(reply)
    assert_closed(opened)


def test_client_that_leaves__ends_the_reading(opened: OpenFile, result: ResultFile) -> None:
    async def leave() -> Client:
        client = Client(leaves_after=2)
        await file_reply(opened, result, get())(SCOPE, client.receive, client.send)
        return client

    client = asyncio.run(leave())
    assert len(client.messages) < 5
    assert client.messages[-1]["more_body"]
    assert_closed(opened)


def test_cancelled_answer__closes_the_file(opened: OpenFile, result: ResultFile) -> None:
    async def cancel() -> None:
        async def stuck(_: Message) -> None:
            await asyncio.Event().wait()

        answering = asyncio.create_task(
            asyncio.wait_for(file_reply(opened, result, get())(SCOPE, _never, stuck), 0.05)
        )
        with pytest.raises(TimeoutError):
            await answering

    asyncio.run(cancel())
    assert_closed(opened)


def test_answer_that_is_never_sent__is_closed_by_hand(opened: OpenFile, result: ResultFile) -> None:
    reply = file_reply(opened, result, get())
    assert isinstance(reply, Closable)
    assert is_open(opened)
    reply.close()
    reply.close()
    assert_closed(opened)
