"""A TCP line between a server and what it needs, with the eight faults that a network has."""

from __future__ import annotations

import socket
import struct
import time
from contextlib import contextmanager
from enum import StrEnum
from typing import TYPE_CHECKING

from tests.support.tcp_line import TcpLine

if TYPE_CHECKING:
    from collections.abc import Generator

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


class FaultyLine(TcpLine):
    """A line as well as the fault of the moment lets it be."""

    def __init__(self, upstream: int) -> None:
        #: Chunks and connections that have met a fault.
        self.strikes = 0
        self._fault: Fault | None = None
        super().__init__(upstream)

    @contextmanager
    def with_fault(self, fault: Fault) -> Generator[None]:
        """The line has the fault for the length of the block, for connections that there are, too."""
        self._fault = fault
        if fault is Fault.DOWN:
            self.strikes += self._end()
        try:
            yield
        finally:
            self._fault = None
            if fault is Fault.DOWN:
                self._begin()

    def ended(self) -> None:
        """As `TcpLine.ended`."""
        if self._fault is Fault.SLOW_CLOSE:
            time.sleep(_SLOW_CLOSE_SECONDS)

    def hang_up(self, end: socket.socket) -> None:
        """As `TcpLine.hang_up`, but one that is to be reset must not be ended."""
        if not _will_reset(end):
            super().hang_up(end)

    def passes(
        self, chunk: bytes, source: socket.socket, target: socket.socket, carried: int
    ) -> bool:
        """As `TcpLine.passes`."""
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


def _will_reset(end: socket.socket) -> bool:
    try:
        linger = end.getsockopt(socket.SOL_SOCKET, socket.SO_LINGER, len(_NO_LINGER))
    except OSError:
        # Its other direction has closed it.
        return False
    return linger == _NO_LINGER
