"""A server on a home with sample data: enough activities for a file of some megabytes."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from tailrace.client import ExtractClient
from tests.support.deadlines import DEADLINE_SECONDS
from tests.support.home import Credentials, Home
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.server import Server

#: Seconds that a client waits for a server that comes back.
PATIENCE_SECONDS = DEADLINE_SECONDS

SEEDED_LEADS, SEEDED_ACTIVITIES = 500, 30_000


@dataclass(frozen=True, slots=True)
class Sample:
    """A home with sample data, and a service that may see it."""

    home: Home
    service: Credentials

    def client_at(self, base_url: str) -> ExtractClient:
        """A client of the service that reaches the server by `base_url`."""
        service = self.service
        return ExtractClient(
            base_url,
            service.client_id,
            service.client_secret,
            patience_seconds=PATIENCE_SECONDS,
        )


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Sample:
    home = Home(tmp_path_factory.mktemp("client") / "home")
    amounts = ("--leads", str(SEEDED_LEADS), "--activities", str(SEEDED_ACTIVITIES))
    home.command("seed", *amounts, "--days", "10", "--until", "2025-02-01T00:00:00Z")
    return Sample(home, home.create_service("main@example.com"))


@pytest.fixture(scope="module")
def server(sample: Sample) -> Iterator[Server]:
    with running_server(sample.home) as running:
        yield running


@pytest.fixture
def client(server: Server, sample: Sample) -> Iterator[ExtractClient]:
    with sample.client_at(server.base_url) as made:
        yield made
