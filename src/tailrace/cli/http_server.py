"""The HTTP server of `tailrace serve`: it listens, says when it answers, and stops at a signal."""

from __future__ import annotations

import signal
import socket
import sys
import time
from contextlib import ExitStack, contextmanager
from typing import TYPE_CHECKING

import uvicorn

from tailrace import __version__
from tailrace.api.app import create_asgi_app
from tailrace.api.file_sending import FileSendingProtocol
from tailrace.cli.errors import CommandError
from tailrace.cli.output import print_line
from tailrace.cli.stop_signals import STOP_SIGNALS, let_stop_signals_in

if TYPE_CHECKING:
    import ssl
    from collections.abc import Generator
    from types import FrameType

    from tailrace.app import Application

_BACKLOG = 2048

#: The event loop lets in one client a turn through each socket it listens on, after everybody else
#: was served: with a single one, the last of many that come at once would wait for half a second.
_MORE_DOORS = 15


@contextmanager
def listening_socket(
    host: str, port: int, *, stalled_client_seconds: int
) -> Generator[socket.socket]:
    """A socket bound to the address. Raises CommandError when it cannot be had.

    Clients that take nothing for so long are cut off, where the system can do it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    with socket.socket(family) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if sys.platform == "linux":
            # Connections inherit it. A download that stands would hold its place among the calls
            # at once for ever; nothing above the kernel can end a connection that is not read.
            milliseconds = stalled_client_seconds * 1000
            listener.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, milliseconds)
        try:
            listener.bind((host, port))
        except (OSError, OverflowError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            raise CommandError(f"Cannot listen on {host}:{port}: {reason}.") from error
        yield listener


class HttpServer(uvicorn.Server):
    """uvicorn with the application behind it, announcing itself on standard output."""

    def __init__(self, application: Application, tls: ssl.SSLContext | None = None) -> None:
        """HTTPS with `tls`, else plain HTTP."""
        self._application = application
        #: When it stops listening, by the monotonic clock; None before a signal.
        self._stops_at: float | None = None
        super().__init__(
            uvicorn.Config(
                create_asgi_app(application),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,
                http=FileSendingProtocol,
                ws="none",
                backlog=_BACKLOG,
                # Downloads that are cut then are resumed by Range.
                timeout_graceful_shutdown=application.settings.stop_seconds,
                ssl_context_factory=None if tls is None else lambda _config, _default: tls,
            )
        )

    def run_until_signal(self, listener: socket.socket) -> None:
        """Serve until SIGINT or SIGTERM; either is a clean end, not an error.

        To be called with both held.
        """
        # uvicorn raises a signal again once it has shut down; this handler is what it meets.
        for number in STOP_SIGNALS:
            signal.signal(number, _ignore)
        with ExitStack() as opened:
            doors = [opened.enter_context(listener.dup()) for _ in range(_MORE_DOORS)]
            self.run(sockets=[listener, *doors])

    def handle_exit(self, sig: int, frame: FrameType | None) -> None:
        """At the first signal, be unready for a while before listening ends; a second one hurries."""
        drain_seconds = self._application.settings.drain_seconds
        if self._stops_at is None and drain_seconds:
            self._stops_at = time.monotonic() + drain_seconds
            self._application.readiness.begin_stopping()
            return
        self._application.begin_to_stop()
        super().handle_exit(sig, frame)

    async def on_tick(self, counter: int) -> bool:
        """What uvicorn calls ten times a second; whether to stop listening."""
        is_drained = self._stops_at is not None and time.monotonic() >= self._stops_at
        if is_drained and not self.should_exit:
            self._application.begin_to_stop()
            self.should_exit = True
        return await super().on_tick(counter)

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        let_stop_signals_in()
        await super().startup(sockets)
        scheme = "https" if self.config.is_ssl else "http"
        # All of them are doors to one address.
        url = f"{scheme}://{_address((sockets or [])[0])}"
        print_line(f"Tailrace {__version__} answers on {url} (Ctrl-C stops it).")


def _ignore(_number: int, _frame: object) -> None:
    """The server has stopped already; the rest of the way out is not to be cut short."""


def _address(listener: socket.socket) -> str:
    host, port = listener.getsockname()[:2]
    return f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
