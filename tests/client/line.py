"""A line to a server that can be cut: a TCP proxy that hangs up after so many bytes of answer."""

from __future__ import annotations

import socket
import threading
from contextlib import contextmanager, suppress
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Generator

_CHUNK_BYTES = 64 * 1024


class Line:
    """Every connection that carries more than `cut_after` bytes to the client is cut there."""

    def __init__(self, port: int) -> None:
        self._upstream = ("127.0.0.1", port)
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.base_url = f"http://127.0.0.1:{self._listener.getsockname()[1]}"
        #: None lets everything through.
        self.cut_after: int | None = None
        self.cuts = 0
        #: Cuts after which everything gets through; None for no end of them.
        self.most_cuts: int | None = None
        threading.Thread(target=self._accept, daemon=True).start()

    def close(self) -> None:
        # Closing alone would leave the thread waiting, and the port open until somebody comes.
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()

    def _accept(self) -> None:
        with suppress(OSError):
            while True:
                client, _ = self._listener.accept()
                threading.Thread(target=self._carry, args=(client,), daemon=True).start()

    def _carry(self, client: socket.socket) -> None:
        with client, suppress(ConnectionError), socket.create_connection(self._upstream) as server:
            threading.Thread(target=_pump, args=(client, server), daemon=True).start()
            self._answer(server, client)
            for end in (client, server):
                with suppress(OSError):
                    end.shutdown(socket.SHUT_RDWR)

    def _answer(self, server: socket.socket, client: socket.socket) -> None:
        carried = 0
        with suppress(OSError):
            while chunk := server.recv(_CHUNK_BYTES):
                is_enough = self.most_cuts is not None and self.cuts >= self.most_cuts
                limit = None if is_enough else self.cut_after
                if limit is not None and carried + len(chunk) > limit:
                    client.sendall(chunk[: max(0, limit - carried)])
                    self.cuts += 1
                    return
                client.sendall(chunk)
                carried += len(chunk)


def _pump(source: socket.socket, target: socket.socket) -> None:
    with suppress(OSError):
        while chunk := source.recv(_CHUNK_BYTES):
            target.sendall(chunk)


@contextmanager
def line_to(port: int) -> Generator[Line]:
    """A line to the server at `port`, taken down when the block ends."""
    line = Line(port)
    try:
        yield line
    finally:
        line.close()
