"""Ports for processes that want to be told one."""

from __future__ import annotations

import socket


def free_port() -> int:
    """A port of 127.0.0.1 that the system gives to nobody else as long as this process lives.

    It stays bound here and is not listened on. A server that sets SO_REUSEADDR, as ours do, can
    listen on it, stop, and listen again; without one, connections to it are refused.
    """
    holder = _bound(0)
    port: int = holder.getsockname()[1]
    # Without an object that would have to be closed.
    holder.detach()
    with _bound(port) as listener:
        listener.listen()
    return port


def _bound(port: int) -> socket.socket:
    made = socket.socket()
    made.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    made.bind(("127.0.0.1", port))
    return made
