"""A TCP line that keeps its connections and lets nothing through them any more."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.tcp_line import TcpLine

if TYPE_CHECKING:
    import socket
    from collections.abc import Generator


class SilentLine(TcpLine):
    """What was struck stays so for ever, as at a proxy that has forgotten it; new ones are well."""

    def __init__(self, upstream: int) -> None:
        #: Chunks that were swallowed.
        self.strikes = 0
        self._is_silent = False
        self._struck: set[socket.socket] = set()
        super().__init__(upstream)

    @contextmanager
    def silence(self) -> Generator[None]:
        """Connections on which something is said within the block are struck."""
        self._is_silent = True
        try:
            yield
        finally:
            self._is_silent = False

    def passes(
        self, chunk: bytes, source: socket.socket, target: socket.socket, carried: int
    ) -> bool:
        """As `TcpLine.passes`."""
        if self._is_silent:
            self._struck |= {source, target}
        if source in self._struck:
            self.strikes += 1
            return True
        return super().passes(chunk, source, target, carried)
