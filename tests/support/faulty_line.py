"""A TCP line between a server and what it needs, with the eight faults that a network has."""

from __future__ import annotations

import socket
import struct
import threading
import time
from contextlib import contextmanager, suppress
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Generator

_CHUNK_BYTES = 16 * 1024

#: Of each chunk, in each direction.
_LATENCY_SECONDS = 0.02
_BYTES_PER_SECOND = 1_000_000
#: After so many bytes of a connection, in either direction, it is cut.
_CUT_AFTER_BYTES = 300
_SLICE_BYTES = 61
#: For so long nothing gets through, then the connection ends.
_TIMEOUT_SECONDS = 0.5
_SLOW_CLOSE_SECONDS = 0.5

#: Closing sends a reset, not an end.
_NO_LINGER = struct.pack("ii", 1, 0)


class Fault(StrEnum):
    LATENCY = "latency"
    BANDWIDTH = "bandwidth"
    CUT = "cut"
    RESET = "reset"
    SLICE = "slice"
    TIMEOUT = "timeout"
    SLOW_CLOSE = "slow close"
    DOWN = "down"


class FaultyLine:
    """Connections to `port` go on to `upstream`, as well as the fault of the moment lets them."""

    def __init__(self, upstream: int) -> None:
        self._upstream = ("127.0.0.1", upstream)
        #: Nobody else gets it while the line is down.
        self.port = free_port()
        self._listener = _listening(self.port)
        #: Chunks and connections that have met a fault.
        self.strikes = 0
        self._fault: Fault | None = None
        self._ends: set[socket.socket] = set()
        self._lock = threading.Lock()
        self._accept()

    @contextmanager
    def with_fault(self, fault: Fault) -> Generator[None]:
        """The line has the fault for the length of the block, for connections that there are, too."""
        self._fault = fault
        if fault is Fault.DOWN:
            self._take_down()
        try:
            yield
        finally:
            self._fault = None
            if fault is Fault.DOWN:
                self._listener = _listening(self.port)
                self._accept()

    def close(self) -> None:
        self._take_down()

    def _take_down(self) -> None:
        # A thread that waits in accept keeps a listener alive that is only closed.
        with suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        with self._lock:
            ends = [*self._ends]
        for end in ends:
            self.strikes += 1
            _hang_up(end)

    def _accept(self) -> None:
        threading.Thread(target=self._serve, args=(self._listener,), daemon=True).start()

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
                if not self._pass_on(chunk, source, target, carried):
                    break
            if self._fault is Fault.SLOW_CLOSE:
                time.sleep(_SLOW_CLOSE_SECONDS)
        for end in (source, target):
            if not _will_reset(end):
                _hang_up(end)

    def _pass_on(
        self, chunk: bytes, source: socket.socket, target: socket.socket, carried: int
    ) -> bool:
        """Whether the connection goes on after it."""
        fault = self._fault
        if fault is Fault.CUT and carried <= _CUT_AFTER_BYTES:
            fault = None
        self.strikes += fault is not None
        match fault:
            case Fault.LATENCY:
                time.sleep(_LATENCY_SECONDS)
            case Fault.BANDWIDTH:
                time.sleep(len(chunk) / _BYTES_PER_SECOND)
            case Fault.SLICE:
                for start in range(0, len(chunk), _SLICE_BYTES):
                    target.sendall(chunk[start : start + _SLICE_BYTES])
                return True
            case Fault.CUT:
                target.sendall(chunk[: len(chunk) // 2])
                return False
            case Fault.RESET:
                for end in (source, target):
                    end.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, _NO_LINGER)
                    # It wakes the other direction; the reset goes out when both have let go.
                    end.shutdown(socket.SHUT_RD)
                return False
            case Fault.TIMEOUT:
                time.sleep(_TIMEOUT_SECONDS)
                return False
            case Fault.DOWN:
                return False
            case _:
                pass
        target.sendall(chunk)
        return True


def _listening(port: int) -> socket.socket:
    listener = socket.create_server(("127.0.0.1", port), backlog=64)
    listener.settimeout(None)
    return listener


def _will_reset(end: socket.socket) -> bool:
    linger = end.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_NO_LINGER))
    return linger == _NO_LINGER


def _hang_up(end: socket.socket) -> None:
    with suppress(OSError):
        end.shutdown(socket.SHUT_RDWR)


@contextmanager
def faulty_line(upstream: int) -> Generator[FaultyLine]:
    """A line to whoever listens at a port of this machine."""
    line = FaultyLine(upstream)
    try:
        yield line
    finally:
        line.close()
