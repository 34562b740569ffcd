"""A seeded subscription behind HTTPS under a name of Marketo's, and clients that are led to it."""

from __future__ import annotations

import json
import os
import subprocess
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from tests.support.certificate import Certificate
from tests.support.home import TAILRACE, Credentials, Home
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from tests.support.server import Server

#: What Marketo calls the account; clients make the host name of it themselves.
MUNCHKIN_ID = "123-ABC-456"

#: More than one page of everything, and few enough for a minute or two.
_AMOUNTS = {
    "--leads": 700,
    "--activities": 6000,
    "--days": 14,
    "--lists": 310,
    "--programs": 210,
    "--campaigns": 310,
    "--smart-lists": 25,
    "--forms": 25,
}


@dataclass(frozen=True, slots=True)
class Truth:
    """What `tailrace seed --truth` says that it made."""

    document: Mapping[str, Any]

    @property
    def start_at(self) -> str:
        return str(self.document["window"]["startAt"])

    @property
    def end_at(self) -> str:
        return str(self.document["window"]["endAt"])

    def ids(self, kind: str) -> set[str]:
        """The ids of what is told by id: lists, programs, campaigns."""
        return set(cast("Mapping[str, object]", self.document[kind]))

    def count(self, kind: str) -> int:
        told: object = self.document[kind]
        return told if isinstance(told, int) else len(cast("Mapping[str, object]", told))

    def activities(self) -> dict[int, int]:
        """Activities by type id."""
        return {int(one): count for one, count in self.document["activities"].items()}

    def lead_sample(self) -> dict[str, dict[str, str]]:
        """By id the values as exported, `""` for empty."""
        return cast("dict[str, dict[str, str]]", self.document["leadSample"])


@dataclass(frozen=True, slots=True)
class Subscription:
    home: Home
    server: Server
    certificate: Certificate
    service: Credentials
    truth: Truth

    def client_command(self, *command: str, to: str | None = None) -> list[str]:
        """The command line of a client that is led here, or to another address that leads here."""
        options = (
            "--to",
            to or self.server.base_url,
            "--authority",
            str(self.certificate.authority),
        )
        return [TAILRACE, "redirect", *options, *command]


def client_variables() -> dict[str, str]:
    """The environment without what belongs to the tests' own interpreter."""
    return {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}


@contextmanager
def seeded_subscription(directory: Path) -> Generator[Subscription]:
    """A server on a seeded home for the length of the block."""
    home = Home(directory / "home")
    amounts = [word for name, count in _AMOUNTS.items() for word in (name, str(count))]
    truth = directory / "truth.json"
    home.command("seed", *amounts, "--truth", str(truth))
    certificate = Certificate.make(directory / "tls")
    service = home.create_service("main@example.com")
    with running_server(home, *certificate.options, authority=certificate.authority) as server:
        document = json.loads(truth.read_text(encoding="utf-8"))
        yield Subscription(home, server, certificate, service, Truth(document))


def run_client(command: list[str], *, input_text: str = "", seconds: float) -> str:
    """What the client wrote; it must succeed."""
    done = subprocess.run(
        command,
        input=input_text,
        capture_output=True,
        text=True,
        env=client_variables(),
        timeout=seconds,
    )
    assert done.returncode == 0, done.stderr[-3000:]
    return done.stdout
