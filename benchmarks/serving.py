"""A real server on a home, and a client of it, for benchmarks over HTTP."""

from __future__ import annotations

import subprocess
import sys
import time
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import socket
from typing import TYPE_CHECKING

import httpx

if TYPE_CHECKING:
    from collections.abc import Generator

HOST = "127.0.0.1"
_START_SECONDS = 30


@dataclass(frozen=True, slots=True)
class ServedHome:
    """A server that answers, and a token that it takes."""

    base_url: str
    token: str
    process_id: int

    def client(self) -> httpx.Client:
        """A client with one connection of its own."""
        headers = {"Authorization": f"Bearer {self.token}"}
        return httpx.Client(base_url=self.base_url, headers=headers, timeout=120, trust_env=False)

    def peak_megabytes(self) -> float:
        """The most memory that the server has had so far."""
        status = Path(f"/proc/{self.process_id}/status").read_text()
        line = next(line for line in status.splitlines() if line.startswith("VmHWM"))
        return int(line.split()[1]) / 1024


@contextmanager
def served(home: Path) -> Generator[ServedHome]:
    """`tailrace serve` on the home, with a service of its own, for the length of the block."""
    from tailrace.app import open_application
    from tailrace.settings import Settings

    application = open_application(Settings(home=home))
    service = application.identity.create_service(
        application.subscriptions.default_id(), "benchmark@example.com"
    )
    application.close()
    with socket() as listener:
        listener.bind((HOST, 0))
        port: int = listener.getsockname()[1]
    base_url = f"http://{HOST}:{port}"
    command = [str(Path(sys.executable).parent / "tailrace"), "serve", "--home", str(home)]
    with (home / "server.log").open("wb") as log:
        server = subprocess.Popen(
            [*command, "--host", HOST, "--port", str(port)], stdout=log, stderr=log
        )
    try:
        _wait_for(base_url)
        credentials = {"client_id": service.client_id, "client_secret": service.client_secret}
        answer = httpx.get(
            f"{base_url}/identity/oauth/token",
            params={"grant_type": "client_credentials", **credentials},
            trust_env=False,
        )
        yield ServedHome(base_url, answer.json()["access_token"], server.pid)
    finally:
        server.terminate()
        server.wait()


def _wait_for(base_url: str) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while True:
        try:
            httpx.get(f"{base_url}/healthz", trust_env=False)
        except httpx.TransportError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.05)
        else:
            return
