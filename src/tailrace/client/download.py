"""The file of an export job, onto disk, whole or not at all.

Theory of operation: bytes go to `<target>.part`. When the connection breaks, the rest is asked for
by `Range`; a part file that an earlier process left is taken up the same way. Only a file of the
reported size and SHA-256 gets the target's name. A part that turns out wrong after it was taken up
is thrown away and fetched once more from its first byte.
"""

from __future__ import annotations

import hashlib
import os
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

import httpx
import stamina

from tailrace.client.errors import TOKEN_CODES, ApiError, DownloadError
from tailrace.client.transport import describe, is_transient

if TYPE_CHECKING:
    from collections.abc import Callable
    from io import BufferedRandom
    from pathlib import Path

    from tailrace.client.job import FileDescription
    from tailrace.client.transport import Transport

_CHUNK_BYTES = 1024 * 1024

_OK, _PARTIAL_CONTENT, _NOT_FOUND = 200, 206, 404

_CONTENT_RANGE = re.compile(r"bytes (\d+)-\d+/(\d+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Source:
    """Where a file comes from and what it must turn out to be."""

    export_id: str
    path: str
    file: FileDescription


def download_file(
    transport: Transport,
    source: Source,
    target: Path,
    *,
    patience_seconds: float,
    on_bytes: Callable[[int], None],
) -> None:
    """Fetch `source` into `target`; `on_bytes` hears how many bytes are there.

    Raises DownloadError when the file is gone, is another one, or stops coming for longer than
    `patience_seconds`; what has arrived stays in the part file in the last case.
    """
    part = target.with_name(target.name + ".part")
    with part.open("a+b") as stream:
        download = _Download(transport, source, stream, on_bytes)
        was_taken_up = download.take_up()
        download.receive_all(patience_seconds)
        if was_taken_up and not download.is_right():
            download.start_over()
            download.receive_all(patience_seconds)
        if not download.is_right():
            part.unlink()
            raise DownloadError(source.export_id, "its SHA-256 is not the one reported")
        os.fsync(stream.fileno())
    part.replace(target)


class _Download:
    def __init__(
        self,
        transport: Transport,
        source: Source,
        stream: BufferedRandom,
        on_bytes: Callable[[int], None],
    ) -> None:
        self._transport = transport
        self._source = source
        self._stream = stream
        self._on_bytes = on_bytes
        self._received = 0
        self._hash = hashlib.sha256()
        #: Ties a resumed range to the same bytes where the server says what they are.
        self._entity_tag: str | None = None

    def take_up(self) -> bool:
        """Read what an earlier process left; whether there was anything."""
        self._stream.seek(0)
        while chunk := self._stream.read(_CHUNK_BYTES):
            self._hash.update(chunk)
            self._received += len(chunk)
        if self._received > self._source.file.size_bytes:
            self.start_over()
        self._on_bytes(self._received)
        return self._received > 0

    def start_over(self) -> None:
        self._stream.truncate(0)
        self._received = 0
        self._hash = hashlib.sha256()

    def is_right(self) -> bool:
        return (
            self._received == self._source.file.size_bytes
            and self._hash.hexdigest() == self._source.file.sha256
        )

    def receive_all(self, patience_seconds: float) -> None:
        retrying = stamina.RetryingCaller(attempts=None, timeout=patience_seconds).on(_may_resume)
        while self._received < self._source.file.size_bytes:
            try:
                retrying(self._receive_some)
            except httpx.HTTPError as error:
                raise DownloadError(self._source.export_id, describe(error)) from error
        self._stream.flush()

    def _receive_some(self) -> None:
        """One request's worth of bytes; a connection that breaks after some of them is no error."""
        before = self._received
        try:
            with self._transport.stream(self._source.path, self._headers()) as response:
                self._check(response)
                for chunk in response.iter_bytes(_CHUNK_BYTES):
                    self._keep(chunk)
        except httpx.TransportError:
            if self._received <= before:
                raise

    def _headers(self) -> dict[str, str]:
        if self._received == 0:
            return {}
        headers = {"Range": f"bytes={self._received}-"}
        return headers | ({"If-Range": self._entity_tag} if self._entity_tag else {})

    def _check(self, response: httpx.Response) -> None:
        """Whether the answer continues what is there, begins anew, or cannot be used."""
        export_id, size_bytes = self._source.export_id, self._source.file.size_bytes
        if response.status_code == _OK:
            # Ranges are not served, or the file is another one: all of it comes again.
            self.start_over()
            total = response.headers.get("Content-Length", str(size_bytes))
        elif response.status_code == _PARTIAL_CONTENT:
            match = _CONTENT_RANGE.fullmatch(response.headers.get("Content-Range", ""))
            if match is None or int(match[1]) != self._received:
                raise DownloadError(export_id, "the server sent another range than was asked for")
            total = match[2]
        elif response.status_code == _NOT_FOUND:
            raise DownloadError(export_id, "the server does not have it, or not any more")
        else:
            raise DownloadError(export_id, f"the server answered HTTP {response.status_code}")
        if int(total) != size_bytes:
            raise DownloadError(export_id, f"it has {total} bytes, {size_bytes} were reported")
        self._entity_tag = response.headers.get("ETag")

    def _keep(self, chunk: bytes) -> None:
        self._stream.write(chunk)
        self._hash.update(chunk)
        self._received += len(chunk)
        self._on_bytes(self._received)


def _may_resume(error: Exception) -> bool:
    if isinstance(error, ApiError) and error.code in TOKEN_CODES:
        return True
    return is_transient(error)
