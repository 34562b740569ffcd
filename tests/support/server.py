"""A real `tailrace serve` process on a home: started, stopped, killed and started again."""

from __future__ import annotations

import signal
import ssl
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx

from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.ports import free_port
from tests.support.prepared_process import PreparedProcess

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from tests.support.home import Home

HOST = "127.0.0.1"

#: Rounds that take seconds to minutes in production, often enough here that no test waits long.
QUICK_ROUNDS = {"TAILRACE_POLL_SECONDS": "0.05", "TAILRACE_JANITOR_SECONDS": "0.1"}


class Server:
    """One server on one home; it keeps its port when it is started again."""

    def __init__(
        self,
        home: Home,
        *options: str,
        environment: Mapping[str, str] | None = None,
        authority: Path | None = None,
    ) -> None:
        """`authority` is what to trust if the options make it speak HTTPS."""
        self.home = home
        self.port = free_port()
        self.base_url = f"{'https' if authority else 'http'}://{HOST}:{self.port}"
        self._trust = ssl.create_default_context(cafile=authority)
        self._options = options
        self._environment = {**QUICK_ROUNDS, **home.environment, **(environment or {})}
        self._log = home.path.parent / f"{home.path.name}-{self.port}.log"
        self._process: PreparedProcess | None = None

    def start(self) -> None:
        """Start it and return once it answers HTTP."""
        address = ["--host", HOST, "--port", str(self.port)]
        self._process = PreparedProcess(
            ["serve", "--home", str(self.home.path), *address, *self._options],
            output=self._log,
            errors=self._log,
            environment=self._environment,
        )
        wait_until(self._answers, f"the server's first answer; its log: {self._log}")

    def stop(self) -> int:
        """End it as an operator does; its exit code."""
        return self._end(signal.SIGTERM)

    def kill(self) -> None:
        """End it in the middle of whatever it does."""
        self._end(signal.SIGKILL)

    @property
    def process_id(self) -> int:
        assert self._process is not None
        return self._process.process_id

    def wait_for_crash(self) -> None:
        """Return once it has been killed by a signal of its own making."""
        process = self._process
        assert process is not None
        assert process.wait(DEADLINE_SECONDS) == -signal.SIGKILL
        self._process = None

    def log(self) -> str:
        """What it has written so far on its standard streams."""
        return self._log.read_text(encoding="utf-8", errors="replace")

    def _end(self, number: signal.Signals) -> int:
        process = self._process
        if process is None:
            return 0
        self._process = None
        process.send(number)
        return process.wait(DEADLINE_SECONDS)

    def _answers(self) -> bool:
        assert self._process is not None
        exit_code = self._process.exit_code()
        assert exit_code is None, f"serve ended with {exit_code}:\n{self.log()[-2000:]}"
        try:
            httpx.get(
                f"{self.base_url}/identity/oauth/token",
                timeout=DEADLINE_SECONDS,
                verify=self._trust,
                trust_env=False,
            )
        except httpx.TransportError:
            return False
        return True


@contextmanager
def running_server(
    home: Home,
    *options: str,
    environment: Mapping[str, str] | None = None,
    authority: Path | None = None,
) -> Generator[Server]:
    """A server on `home` for the length of the block."""
    server = Server(home, *options, environment=environment, authority=authority)
    try:
        server.start()
        yield server
    finally:
        server.stop()
