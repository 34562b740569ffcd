"""What answers a request: something that sends itself, and can be dropped unsent."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol, runtime_checkable

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.types import Receive, Scope, Send

    from tailrace.api.call_limits import CallTicket
    from tailrace.domain.caller import Caller


class Reply(Protocol):
    """An ASGI application for one answer; every Starlette response is one."""

    async def __call__(self, scope: Scope, receive: Receive, send: Send, /) -> None: ...


@runtime_checkable
class Closable(Protocol):
    """A reply that holds something open until it is sent or closed; may be closed twice."""

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True)
class Answer:
    """A reply and what the edge must know of the call that it answers."""

    reply: Reply
    #: None before the token was recognised.
    caller: Caller | None = None
    #: None where the call was never admitted.
    ticket: CallTicket | None = None
    #: Whether it uses up a call of the window and the day.
    is_counted: bool = True

    def close(self) -> None:
        """Let go of what the reply holds, whether or not it was sent."""
        # Asking whether it is Closable takes longer than all else that is done here.
        close: Callable[[], None] | None = getattr(self.reply, "close", None)
        if close is not None:
            close()
