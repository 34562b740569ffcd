"""Fixtures for every kind of test: a finished home to copy, and how deep Hypothesis looks."""

from __future__ import annotations

import fcntl
import os
from typing import TYPE_CHECKING

import pytest
from hypothesis import HealthCheck, settings

pytest.register_assert_rewrite("tests.support")

if TYPE_CHECKING:
    from collections.abc import Callable, Generator
    from pathlib import Path

    from tailrace.files.result_files import ResultFiles
    from tests.support.object_storage import Bucket
    from tests.support.world import World

# A busy machine is no defect: how long one example takes decides nothing. What has passed here
# passes elsewhere: other examples are for those who look further.
settings.register_profile(
    "tailrace",
    deadline=None,
    derandomize=True,
    max_examples=50,
    suppress_health_check=[HealthCheck.too_slow],
    print_blob=True,
)
settings.register_profile(
    "deep", settings.get_profile("tailrace"), derandomize=False, max_examples=2000
)
settings.load_profile(os.environ.get("HYPOTHESIS_PROFILE", "tailrace"))

#: A file belongs to one test process. What takes minutes begins first: begun last, it would run on
#: alone while the other processes have nothing left to do.
LONGEST_FIRST = (
    "test_random_kills.py",
    "test_examples.py",
    "test_description.py",
    "test_cluster_faults.py",
    "test_lake_in_a_bucket.py",
    "test_faulty_lines.py",
    "test_job_life_model.py",
    "test_lead_filters.py",
    "test_tap_marketo.py",
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    places = {name: place for place, name in enumerate(LONGEST_FIRST)}
    items.sort(key=lambda item: places.get(item.path.name, len(places)))


@pytest.fixture(scope="session", autouse=True)
def closed_at_the_end() -> Generator[None]:
    from tests.support.stores import left_open

    with left_open:
        yield


@pytest.fixture(scope="session")
def shared_directory(
    tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest
) -> Path:
    """One directory for all test processes of this run."""
    base = tmp_path_factory.getbasetemp()
    return base.parent if hasattr(request.config, "workerinput") else base


@pytest.fixture(scope="session")
def world_template(shared_directory: Path) -> Path:
    """A finished world, made once for all test processes of this run."""
    from tests.support.home import Home
    from tests.support.stores import DEFAULT_STORE, SQLITE
    from tests.support.world import World

    # Each test process has a PostgreSQL server of its own.
    name = "world" if DEFAULT_STORE == SQLITE else f"world-{os.getpid()}"
    template = shared_directory / name
    with (shared_directory / "world.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        credentials = template.with_suffix(".credentials.json")
        if not credentials.exists():
            World.build(Home(template)).save(credentials)
    return template


@pytest.fixture(scope="module")
def make_world(
    world_template: Path, tmp_path_factory: pytest.TempPathFactory
) -> Callable[[], World]:
    """A function that makes a copy of the world for one server to run on."""
    from tests.support.world import World

    def make() -> World:
        target = tmp_path_factory.mktemp("home") / "home"
        return World.copy(world_template, world_template.with_suffix(".credentials.json"), target)

    return make


@pytest.fixture(scope="session")
def s3_server() -> Generator[str]:
    """The base URL of an S3 server, one for each test process."""
    from tests.support.object_storage import running_s3_server

    with running_s3_server() as base_url:
        yield base_url


@pytest.fixture
def bucket(s3_server: str, monkeypatch: pytest.MonkeyPatch) -> Bucket:
    """An empty bucket, to which this process and its children have access."""
    from tests.support.object_storage import Bucket

    made = Bucket(s3_server)
    made.make()
    for name, value in made.environment.items():
        monkeypatch.setenv(name, value)
    return made


@pytest.fixture(params=["directory", "object storage"])
def result_files(request: pytest.FixtureRequest, tmp_path: Path) -> ResultFiles:
    """An empty place for result files, of each kind that there is."""
    if request.param == "directory":
        from tailrace.files.directory import FileDirectory

        return FileDirectory(tmp_path / "files")
    from tests.support.object_storage import files_in

    bucket: Bucket = request.getfixturevalue("bucket")
    return files_in(bucket.address)
