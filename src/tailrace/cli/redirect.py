"""`tailrace redirect`: an unmodified client, led to a local server by its environment alone."""

from __future__ import annotations

import os
import signal
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated
from urllib.parse import urlsplit

import typer

from tailrace.cli.options import example

if TYPE_CHECKING:
    from asyncio import Event
    from asyncio.subprocess import Process
    from collections.abc import Mapping

#: As shells report a process that a signal ended.
_SIGNAL_EXIT_CODE = 128

EPILOG = example(
    "tailrace redirect --to https://127.0.0.1:8443 --authority ./tls/authority.pem \\",
    "    curl --fail --silent https://123-abc-456.mktorest.com/healthz",
)


@dataclass(frozen=True, slots=True)
class _Redirection:
    host: str
    port: int
    authority: Path
    patterns: tuple[str, ...]


def redirect(
    to: Annotated[str, typer.Option("--to", help="Base URL of the server, https.", metavar="URL")],
    authority: Annotated[
        Path,
        typer.Option(
            "--authority", help="What to trust: authority.pem of `tailrace certificate create`."
        ),
    ],
    command: Annotated[
        list[str] | None,
        typer.Argument(help="The client and its arguments.", show_default=False),
    ] = None,
    host: Annotated[
        str, typer.Option("--host", help="Names that lead to the server; `*` stands for any text.")
    ] = "*.mktorest.com",
    port: Annotated[int, typer.Option("--port", help="Port of the proxy; 0 takes a free one.")] = 0,
) -> None:
    """Run a client so that it meets a local server under Marketo's host names.

    The client gets an HTTPS proxy for its names and one authority to trust, both by environment
    variables of that process alone; the exit code is the client's. Nothing else is changed, and
    nothing else can be reached. Without a client the variables are printed, and the proxy works
    until Ctrl-C.
    """
    import asyncio

    redirection = _redirection(to, authority, host)
    exit_code = asyncio.run(_run(redirection, port, command or []))
    raise typer.Exit(exit_code)


def _redirection(to: str, authority: Path, host: str) -> _Redirection:
    from tailrace.cli.errors import CommandError, UsageError

    try:
        url = urlsplit(to)
        address = (url.hostname, url.port or 443)
    except ValueError as error:
        raise UsageError(f"--to: '{to}' is no URL.") from error
    if url.scheme != "https" or address[0] is None:
        raise UsageError(f"--to: '{to}' does not begin with https://; clients insist on TLS.")
    if not authority.is_file():
        raise CommandError(
            f"There is no file '{authority}'; `tailrace certificate create` makes it."
        )
    return _Redirection(address[0], address[1], authority.resolve(), (host,))


async def _run(redirection: _Redirection, port: int, command: list[str]) -> int:
    from tailrace.cli.connect_proxy import LOOPBACK, ConnectProxy
    from tailrace.cli.errors import CommandError

    proxy = ConnectProxy(redirection.patterns, redirection.host, redirection.port)
    try:
        async with proxy.listening(port) as proxy_port:
            variables = client_variables(f"http://{LOOPBACK}:{proxy_port}", redirection.authority)
            return await (_run_client(command, variables) if command else _wait(variables))
    except FileNotFoundError as error:
        raise CommandError(f"There is no command '{command[0]}'.") from error
    except OverflowError as error:
        raise CommandError(f"--port: {error}.") from error


def client_variables(proxy_url: str, authority: Path) -> dict[str, str]:
    """What leads a client's environment to the proxy and makes it trust the authority.

    Every language has its own names for the two.
    """
    trust = str(authority)
    directory = str(Path(__file__).with_name("trust"))
    return {
        "HTTPS_PROXY": proxy_url,
        "https_proxy": proxy_url,
        # Whatever is exempt from proxies would miss the server.
        "NO_PROXY": "",
        "no_proxy": "",
        "SSL_CERT_FILE": trust,
        "REQUESTS_CA_BUNDLE": trust,
        "CURL_CA_BUNDLE": trust,
        "NODE_EXTRA_CA_CERTS": trust,
        # Without it node's own HTTP does not look at the proxy variables.
        "NODE_USE_ENV_PROXY": "1",
        "PYTHONPATH": os.pathsep.join(
            part for part in (directory, os.environ.get("PYTHONPATH", "")) if part
        ),
    }


async def _run_client(command: list[str], variables: Mapping[str, str]) -> int:
    import asyncio

    loop = asyncio.get_running_loop()
    # Ctrl-C reaches the client by itself: it stands in the same group of the terminal.
    loop.add_signal_handler(signal.SIGINT, lambda: None)
    terminated = asyncio.Event()
    # One handler for all of it: the loop may have taken an earlier one, and not called it yet.
    loop.add_signal_handler(signal.SIGTERM, terminated.set)
    client = await asyncio.create_subprocess_exec(*command, env={**os.environ, **variables})
    ending = asyncio.create_task(_pass_on(terminated, client))
    exit_code = await client.wait()
    ending.cancel()
    return exit_code if exit_code >= 0 else _SIGNAL_EXIT_CODE - exit_code


async def _pass_on(terminated: Event, client: Process) -> None:
    while True:
        await terminated.wait()
        terminated.clear()
        with suppress(ProcessLookupError):
            client.terminate()


async def _wait(variables: Mapping[str, str]) -> int:
    import asyncio
    import shlex

    from tailrace.cli.output import print_line
    from tailrace.cli.stop_signals import STOP_SIGNALS

    loop = asyncio.get_running_loop()
    stopped = asyncio.Event()
    for number in STOP_SIGNALS:
        loop.add_signal_handler(number, stopped.set)
    for name, value in variables.items():
        print_line(f"export {name}={shlex.quote(value)}")
    await stopped.wait()
    return 0
