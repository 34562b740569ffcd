"""One server a module on a copy of the hand-written world, and three services that call it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api_user import ApiUser
from tests.support.own_types import definition, post, result
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World


@pytest.fixture(scope="module")
def world(make_world: Callable[[], World]) -> World:
    return make_world()


@pytest.fixture(scope="module")
def home(world: World) -> Home:
    return world.home


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    with running_server(world.home) as running:
        yield running


@pytest.fixture(scope="module")
def main(server: Server, world: World) -> Iterator[ApiUser]:
    with ApiUser(server.base_url, world.main) as user:
        yield user


@pytest.fixture(scope="module")
def second(server: Server, world: World) -> Iterator[ApiUser]:
    """Another service of main's user."""
    with ApiUser(server.base_url, world.second) as user:
        yield user


@pytest.fixture(scope="module")
def other(server: Server, world: World) -> Iterator[ApiUser]:
    """Another API user of the same subscription."""
    with ApiUser(server.base_url, world.other) as user:
        yield user


@pytest.fixture
def approved(main: ApiUser, request: pytest.FixtureRequest) -> Iterator[dict[str, Any]]:
    """An approved type with two attributes; it is deleted after the test."""
    api_name = f"type{abs(hash(request.node.name))}"
    (made,) = result(post(main, "/type", definition(api_name)))
    attributes = [
        {"apiName": "uRL", "name": "Page URL", "dataType": "link"},
        {"apiName": "points", "name": "Points", "dataType": "integer"},
    ]
    result(post(main, f"/type/{api_name}/attributes/create", {"attributes": attributes}))
    result(post(main, f"/type/{api_name}/approve"))
    yield made
    post(main, f"/type/{api_name}/delete")
