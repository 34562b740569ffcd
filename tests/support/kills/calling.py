"""One client's HTTP to servers that are killed: every call ends as done, refused or unknown."""

from __future__ import annotations

import http.client
import json
import select
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from tests.support.kills.history import Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

#: A call that takes longer hangs; it is as unknown as one that was cut.
_TIMEOUT_SECONDS = 60

#: What says that nobody knows: a store that cannot be reached may have committed before.
_UNAVAILABLE = "608"


class NobodyListensError(Exception):
    """The call was not sent: there is no server at the port."""


@dataclass(frozen=True, slots=True)
class Reply:
    outcome: Outcome
    began: int
    ended: int
    #: Of a refusal.
    code: str = ""
    #: The elements of `result`, or none.
    result: tuple[dict[str, Any], ...] = ()
    #: Of anything that is no envelope.
    content: bytes = b""

    @property
    def is_done(self) -> bool:
        return self.outcome is Outcome.DONE


class Caller:
    """Calls one server with a token; its connection is kept as long as the server lives."""

    def __init__(self, port: int, token: str) -> None:
        self._port = port
        self._headers = {"Authorization": f"Bearer {token}"}
        self._connection: http.client.HTTPConnection | None = None

    def call(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Raises NobodyListensError if no server was there to take it."""
        connection = self._connected()
        began = time.monotonic_ns()
        try:
            connection.request(method, path, body, {**self._headers, **(headers or {})})
            answer = connection.getresponse()
            content = answer.read()
        except (OSError, http.client.HTTPException):
            self.close()
            return Reply(Outcome.UNKNOWN, began, time.monotonic_ns())
        return _reply(answer, content, began, time.monotonic_ns())

    def close(self) -> None:
        if self._connection is not None:
            self._connection.close()
            self._connection = None

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is not None and not _has_ended(self._connection):
            return self._connection
        self.close()
        made = http.client.HTTPConnection("127.0.0.1", self._port, timeout=_TIMEOUT_SECONDS)
        try:
            made.connect()
        except OSError as error:
            raise NobodyListensError from error
        self._connection = made
        return made


def _has_ended(connection: http.client.HTTPConnection) -> bool:
    """Whether the other end has hung up meanwhile: then nothing that is sent can arrive."""
    if connection.sock is None:
        return True
    readable, _, _ = select.select([connection.sock], [], [], 0)
    return bool(readable)


def _reply(answer: http.client.HTTPResponse, content: bytes, began: int, ended: int) -> Reply:
    is_envelope = "json" in (answer.getheader("Content-Type") or "")
    if answer.status != 200:
        return Reply(Outcome.REFUSED, began, ended, code=str(answer.status))
    if not is_envelope:
        return Reply(Outcome.DONE, began, ended, content=content)
    told = json.loads(content)
    if told["success"]:
        return Reply(Outcome.DONE, began, ended, result=tuple(told.get("result", ())))
    code = str(told["errors"][0]["code"])
    outcome = Outcome.UNKNOWN if code == _UNAVAILABLE else Outcome.REFUSED
    return Reply(outcome, began, ended, code=code)
