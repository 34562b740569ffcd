"""A real server on a home, and a client of it, for benchmarks over HTTP."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING, Any

import httpx

from benchmarks.measurement import CommandFailedError, ProcessTree
from benchmarks.step import result_of

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

HOST = "127.0.0.1"
TAILRACE = str(Path(sys.executable).parent / "tailrace")
#: In the home.
LOG = "server.log"
_START_SECONDS = 60


@dataclass(frozen=True, slots=True)
class ServedHome:
    """A server that answers, and a token that it takes."""

    home: Path
    base_url: str
    token: str
    process_id: int

    @property
    def tree(self) -> ProcessTree:
        return ProcessTree(self.process_id)

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}

    def client(self) -> httpx.Client:
        """A client with one connection of its own."""
        return httpx.Client(
            base_url=self.base_url, headers=self.headers, timeout=120, trust_env=False
        )

    def peak_megabytes(self) -> float:
        """The most memory that the server has had so far."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024

    def logged(self, event: str, export_id: str) -> dict[str, Any]:
        """The fields of the event that the server has logged of a job last."""
        lines = (self.home / LOG).read_text(encoding="utf-8").splitlines()
        found = (json.loads(line) for line in reversed(lines) if export_id in line)
        return next(entry for entry in found if entry.get("event") == event)


@contextmanager
def served(home: Path, environment: Mapping[str, str] | None = None) -> Generator[ServedHome]:
    """`tailrace serve` on the home, with a service of its own, for the length of the block."""
    credentials = _credentials(home)
    port = free_port()
    base_url = f"http://{HOST}:{port}"
    command = [TAILRACE, "serve", "--home", str(home), "--host", HOST, "--port", str(port)]
    with (home / LOG).open("wb") as log:
        server = subprocess.Popen(
            command, stdout=log, stderr=log, env={**os.environ, **(environment or {})}
        )
    try:
        wait_for(f"{base_url}/healthz", server)
        answer = httpx.get(
            f"{base_url}/identity/oauth/token",
            params={"grant_type": "client_credentials", **credentials},
            trust_env=False,
        )
        yield ServedHome(home, base_url, answer.json()["access_token"], server.pid)
    finally:
        server.terminate()
        server.wait()


def free_port() -> int:
    """A port that nothing listens on now."""
    with socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    return port


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    """Until the server answers, whatever it says. Raises CommandFailedError if it never will."""
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(url, trust_env=False)
        except httpx.TransportError as error:
            if server.poll() is not None or time.monotonic() > deadline:
                raise CommandFailedError(f"nothing answers at {url}: {server.args}") from error
            time.sleep(0.05)
        else:
            return


def create_service(home: str) -> list[str]:
    """Client id and secret of a new service on the home."""
    from tailrace.app import open_application
    from tailrace.settings import Settings

    application = open_application(Settings(home=Path(home)))
    service = application.identity.create_service(
        application.subscriptions.default_id(), "benchmark@example.com"
    )
    application.close()
    return [service.client_id, service.client_secret]


def _credentials(home: Path) -> dict[str, str]:
    # The application would make this process large, and with it the peak of all that it starts.
    client_id, client_secret = result_of(create_service, home)
    return {"client_id": client_id, "client_secret": client_secret}
