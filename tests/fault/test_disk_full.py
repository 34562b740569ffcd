"""A disk that takes no more: one job fails and says why, the server goes on, nothing stays behind."""

from __future__ import annotations

import os
import resource
import subprocess
from contextlib import contextmanager
from typing import TYPE_CHECKING

import pytest

from tests.support.api_user import ApiUser
from tests.support.job_states import BODIES
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tests.support.world import World

#: Far more than the limits below, far less than a fragment.
_ROWS = 12_000
_ATTRIBUTE = "x" * 500
_LIMIT_BYTES = 2 * 1024 * 1024

BULKY = {
    "filter": {"createdAt": {"startAt": "2024-06-01T00:00:00Z", "endAt": "2024-06-30T00:00:00Z"}}
}


@pytest.fixture
def world(make_world: Callable[[], World]) -> World:
    """A world with one export of about 7 MB in it."""
    world = make_world()
    world.home.load(
        "activities",
        [
            {
                "marketoGUID": str(1_000_000 + number),
                "leadId": 1,
                "activityDate": f"2024-06-{1 + number % 20:02}T00:00:00Z",
                "activityTypeId": 1,
                "attributes": {"Webpage URL": _ATTRIBUTE},
            }
            for number in range(_ROWS)
        ],
    )
    return world


def result_files(world: World) -> list[str]:
    return sorted(path.name for path in (world.home.path / "files" / "1").iterdir())


def assert_job_fails_and_the_server_goes_on(world: World, user: ApiUser, reason: str) -> None:
    job = user.finished("activities", user.enqueued("activities", BULKY))
    assert (job["status"], job["errorMsg"]) == ("Failed", reason)
    assert result_files(world) == []
    assert user.export("leads", BODIES["leads"]).job["numberOfRecords"] > 0


def test_file_larger_than_allowed__fails_the_job_alone(world: World) -> None:
    with running_server(world.home) as server, ApiUser(server.base_url, world.main) as user:
        limits = (_LIMIT_BYTES, resource.RLIM_INFINITY)
        resource.prlimit(server.process_id, resource.RLIMIT_FSIZE, limits)
        assert_job_fails_and_the_server_goes_on(
            world, user, "The export file is larger than the server can keep"
        )


def test_full_disk__fails_the_job_alone_and_the_next_succeeds(world: World) -> None:
    directory = world.home.path / "files" / "1"
    with (
        small_disk(directory),
        running_server(world.home) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        assert_job_fails_and_the_server_goes_on(
            world, user, "No space left on the server to write the export file"
        )
        grow(directory)
        assert user.export("activities", BULKY).job["numberOfRecords"] == _ROWS


@contextmanager
def small_disk(directory: Path) -> Generator[None]:
    """A file system of its own of 2 MB at `directory`."""
    directory.mkdir(parents=True)
    if os.geteuid() != 0:
        pytest.skip("mounting a small file system needs root")
    options = f"size={_LIMIT_BYTES}"
    mounted = subprocess.run(
        ["mount", "-t", "tmpfs", "-o", options, "tmpfs", directory], capture_output=True, text=True
    )
    if mounted.returncode != 0:
        pytest.skip(f"no small file system here: {mounted.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", directory], check=True)


def grow(directory: Path) -> None:
    """Give the small disk room enough."""
    subprocess.run(["mount", "-o", "remount,size=64m", directory], check=True)
