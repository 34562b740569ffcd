"""A client's way to one server, along which everything is written down."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.kills.history import Call, Outcome

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.kills.calling import Caller, Reply
    from tests.support.kills.history import Action, History

JSON: dict[str, str] = {"Content-Type": "application/json"}


@dataclass(frozen=True, slots=True)
class Line:
    #: Number of the client.
    client: int
    caller: Caller
    history: History

    def send(
        self,
        method: str,
        path: str,
        body: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Raises NobodyListensError if it was not sent."""
        return self.caller.call(method, path, body, headers)

    def note(
        self,
        reply: Reply,
        action: Action,
        subject: str,
        value: str = "",
        *,
        file: tuple[str, int] = ("", 0),
        marks: tuple[str, ...] = (),
    ) -> None:
        """Write a call down; `file` is the checksum and size of what it told or brought."""
        told = reply.code if reply.outcome is Outcome.REFUSED else value
        call = Call(
            client=self.client,
            action=action,
            subject=subject,
            outcome=reply.outcome,
            began=reply.began,
            ended=reply.ended,
            value=told,
            sha256=file[0],
            size_bytes=file[1],
            marks=marks,
        )
        self.history.add(call)
