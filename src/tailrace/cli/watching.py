"""What a server lets others watch besides its answers: figures on a port of their own, and traces."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tailrace.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator

    from tailrace.app import Application


@contextmanager
def watched(application: Application) -> Generator[None]:
    """Send traces and serve the figures for the length of the block, as the settings say.

    Raises CommandError for an address that cannot be had, UsageError for traces without libraries.
    """
    if application.settings.tracing:
        _start_tracing()
    if application.settings.metrics in {"off", "on"}:
        yield
        return
    from prometheus_client import start_http_server

    host, _, port = application.settings.metrics.rpartition(":")
    try:
        server, thread = start_http_server(int(port), host, application.metrics.registry)
    except (OSError, OverflowError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise CommandError(f"Cannot serve metrics on {host}:{port}: {reason}.") from error
    try:
        yield
    finally:
        server.shutdown()
        server.server_close()
        thread.join()


def _start_tracing() -> None:
    from tailrace.telemetry.tracing import TracingNotInstalledError, start_tracing

    try:
        start_tracing()
    except TracingNotInstalledError as error:
        raise UsageError(
            "TAILRACE_TRACING wants libraries that are not installed: pip install tailrace[tracing]."
        ) from error
