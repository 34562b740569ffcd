"""`tailrace serve` as a process: first use, what it prints, how it stops, what it refuses."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import httpx
import pytest

from tests.support.deadlines import DEADLINE_SECONDS, wait_for, wait_until
from tests.support.home import TAILRACE, Credentials
from tests.support.stores import only_with_a_file

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from tests.support.home import Home


class Serving:
    def __init__(self, process: subprocess.Popen[bytes], output: Path) -> None:
        self.process = process
        self._output = output
        self.base_url = wait_for(self._announced, "the line that the server answers")

    @property
    def text(self) -> str:
        return self._output.read_text(encoding="utf-8")

    def credentials(self) -> Credentials:
        values = re.findall(
            r"^  (?:client id|client secret|API user) +(\S+)$", self.text, re.MULTILINE
        )
        return Credentials(*values)

    def stop(self, number: signal.Signals) -> int:
        self.process.send_signal(number)
        return self.process.wait(timeout=DEADLINE_SECONDS)

    def _announced(self) -> str | None:
        assert self.process.poll() is None, self.text
        match = re.search(r"answers on (http://\S+) ", self.text)
        return None if match is None else match[1]


@contextmanager
def serving(home: Home, *options: str) -> Generator[Serving]:
    output = home.path.parent / "serve.out"
    with output.open("wb") as file:
        command = [TAILRACE, "serve", "--home", str(home.path), "--port", "0", *options]
        process = subprocess.Popen(
            command,
            stdout=file,
            stderr=subprocess.DEVNULL,
            env={**os.environ, **home.environment},
        )
    try:
        yield Serving(process, output)
    finally:
        process.kill()
        process.wait()


def grant(base_url: str, credentials: Credentials) -> httpx.Response:
    form = {
        "grant_type": "client_credentials",
        "client_id": credentials.client_id,
        "client_secret": credentials.client_secret,
    }
    url = f"{base_url}/identity/oauth/token"
    return httpx.post(url, data=form, timeout=DEADLINE_SECONDS, trust_env=False)


def test_first_use__prints_credentials_that_work(home: Home) -> None:
    with serving(home) as server:
        token = grant(server.base_url, server.credentials())
    assert token.status_code == 200
    assert token.json()["scope"] == server.credentials().user


def test_second_use__prints_no_credentials(home: Home) -> None:
    with serving(home) as server:
        credentials = server.credentials()
        assert server.stop(signal.SIGTERM) == 0
    with serving(home) as server:
        assert "secret" not in server.text
        assert grant(server.base_url, credentials).status_code == 200


def test_home_made_by_another_command__keeps_to_its_services(home: Home) -> None:
    made = home.create_service("etl@example.com")
    with serving(home) as server:
        assert "secret" not in server.text
        assert grant(server.base_url, made).status_code == 200
    listed = home.command("service", "list", "--json").output
    assert listed.count("clientId") == 1


def test_service_made_while_serving__works_at_once(home: Home) -> None:
    with serving(home) as server:
        made = home.create_service("late@example.com")
        assert grant(server.base_url, made).status_code == 200


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_signal__is_a_clean_end(home: Home, number: signal.Signals) -> None:
    with serving(home) as server:
        assert server.stop(number) == 0
        with pytest.raises(httpx.TransportError):
            httpx.get(f"{server.base_url}/healthz", trust_env=False)


@pytest.mark.parametrize("seconds", [0.01, 0.1, 0.2, 0.5])
def test_signal_while_starting__is_a_clean_end(home: Home, seconds: float) -> None:
    """Whatever it was doing: threads being started, the store being made, the socket opened."""
    command = [TAILRACE, "serve", "--home", str(home.path), "--port", "0"]
    process = subprocess.Popen(
        command,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.PIPE,
        env={**os.environ, **home.environment},
    )
    wait_until(home.path.exists, "the beginning of set-up")
    with pytest.raises(subprocess.TimeoutExpired):
        process.wait(timeout=seconds)
    process.terminate()
    _, errors = process.communicate(timeout=DEADLINE_SECONDS)
    assert (process.returncode, errors) == (0, b"")


@only_with_a_file
def test_second_server_on_a_home__is_refused(home: Home) -> None:
    with serving(home):
        result = home.run("serve", "--port", "0")
    assert result.exit_code == 1
    assert result.errors == f"tailrace: Another server runs on the home '{home.path}'.\n"


def test_taken_port__is_refused(home: Home) -> None:
    with serving(home) as server:
        port = server.base_url.rpartition(":")[2]
        other = ["serve", "--home", str(home.path.parent / "other"), "--port", port]
        done = subprocess.run([TAILRACE, *other], capture_output=True, text=True, timeout=60)
    assert done.returncode == 1
    assert done.stderr == f"tailrace: Cannot listen on 127.0.0.1:{port}: Address already in use.\n"


def test_token_parameter__is_taken_only_if_asked_for(home: Home) -> None:
    def answer(server: Serving) -> dict[str, object]:
        token = grant(server.base_url, made).json()["access_token"]
        url = f"{server.base_url}/bulk/v1/leads/export.json"
        parameters = {"access_token": token}
        return httpx.get(url, params=parameters, timeout=DEADLINE_SECONDS, trust_env=False).json()

    made = home.create_service("a@example.com")
    with serving(home) as server:
        assert answer(server)["success"] is False
    with serving(home, "--accept-token-parameter") as server:
        assert answer(server)["success"] is True
