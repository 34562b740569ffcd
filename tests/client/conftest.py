"""A server with the hand-written world and enough activities for a file of some megabytes."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tailrace.client import ExtractClient
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.server import Server
    from tests.support.world import World

#: Seconds that a test waits for a server that will not come back.
PATIENCE_SECONDS = 20.0


@pytest.fixture(scope="module")
def world(make_world: Callable[[], World]) -> World:
    made = make_world()
    arguments = ("--activities", "30000", "--leads", "500", "--days", "10", "--seed", "1")
    made.home.command("seed", *arguments, "--until", "2025-02-01T00:00:00Z", "--json")
    return made


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    with running_server(world.home) as running:
        yield running


@pytest.fixture
def client(server: Server, world: World) -> Iterator[ExtractClient]:
    with client_at(server.base_url, world) as made:
        yield made


def client_at(base_url: str, world: World) -> ExtractClient:
    """A client of the world's main service that reaches the server by `base_url`."""
    return ExtractClient(
        base_url,
        world.main.client_id,
        world.main.client_secret,
        patience_seconds=PATIENCE_SECONDS,
    )
