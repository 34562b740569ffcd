"""A line to a server that can be cut: it hangs up after so many bytes of answer."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tests.support.tcp_line import TcpLine

if TYPE_CHECKING:
    import socket


class Line(TcpLine):
    """Every connection that carries more than `cut_after` bytes to the client is cut there."""

    def __init__(self, upstream: int) -> None:
        #: None lets everything through.
        self.cut_after: int | None = None
        self.cuts = 0
        #: Cuts after which everything gets through; None for no end of them.
        self.most_cuts: int | None = None
        super().__init__(upstream)
        self.base_url = f"http://127.0.0.1:{self.port}"

    def passes(
        self, chunk: bytes, source: socket.socket, target: socket.socket, carried: int
    ) -> bool:
        """As `TcpLine.passes`."""
        is_enough = self.most_cuts is not None and self.cuts >= self.most_cuts
        limit = None if is_enough or not self.is_answer(source) else self.cut_after
        if limit is None or carried <= limit:
            target.sendall(chunk)
            return True
        target.sendall(chunk[: max(0, len(chunk) - (carried - limit))])
        self.cuts += 1
        return False
