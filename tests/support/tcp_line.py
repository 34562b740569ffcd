"""A TCP line to a server of this machine, on which things can go wrong: a proxy for any protocol."""

from __future__ import annotations

import socket
import threading
from contextlib import suppress
from typing import TYPE_CHECKING, Self

from tests.support.ports import free_port

if TYPE_CHECKING:
    from types import TracebackType

_CHUNK_BYTES = 16 * 1024


class TcpLine:
    """Connections to `port` go on to `upstream`; what each chunk meets there is a subclass's."""

    def __init__(self, upstream: int) -> None:
        self._upstream = ("127.0.0.1", upstream)
        #: Nobody else gets it while the line is down.
        self.port = free_port()
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._begin()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self._end()

    def passes(
        self, chunk: bytes, source: socket.socket, target: socket.socket, carried: int
    ) -> bool:
        """Send on a chunk; whether the connection goes on after it.

        `carried` is what came this way on this connection, with this chunk.
        """
        del source, carried
        target.sendall(chunk)
        return True

    def ended(self) -> None:
        """Called when a direction of a connection is over, before it is closed."""

    def is_answer(self, source: socket.socket) -> bool:
        """Whether what comes from this end goes to who connected."""
        return source.getpeername() == self._upstream

    def _begin(self) -> None:
        self._listener = socket.create_server(("127.0.0.1", self.port), backlog=64)
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

    def _end(self) -> int:
        """Refuse and end all connections; how many there were ends of."""
        # A thread that waits in accept keeps a listener alive that is only closed.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            ends = [*self._ends]
        for end in ends:
            self.hang_up(end)
        return len(ends)

    def _serve(self, listener: socket.socket) -> None:
        with suppress(OSError):
            while True:
                near, _ = listener.accept()
                threading.Thread(target=self._carry, args=(near,), daemon=True).start()

    def _carry(self, near: socket.socket) -> None:
        with near, suppress(OSError), socket.create_connection(self._upstream) as far:
            with self._lock:
                self._ends |= {near, far}
            for end in (near, far):
                end.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            other = threading.Thread(target=self._pump, args=(near, far), daemon=True)
            other.start()
            self._pump(far, near)
            other.join()
            with self._lock:
                self._ends -= {near, far}

    def _pump(self, source: socket.socket, target: socket.socket) -> None:
        carried = 0
        with suppress(OSError):
            while chunk := source.recv(_CHUNK_BYTES):
                carried += len(chunk)
                if not self.passes(chunk, source, target, carried):
                    break
            self.ended()
        for end in (source, target):
            self.hang_up(end)

    def hang_up(self, end: socket.socket) -> None:
        """End a connection as one that is over."""
        with suppress(OSError):
            end.shutdown(socket.SHUT_RDWR)
