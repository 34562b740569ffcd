"""Servers whose lake is in a bucket: on a line that fails, and with everything else elsewhere, too."""

from __future__ import annotations

import hashlib
import shutil
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import httpx
import pytest

from tailrace.domain.activity_types import NEW_LEAD
from tailrace.lake.home_lake import ADDRESS_NAME
from tests.contract.test_activity_pages import all_pages, get, token
from tests.support.api_user import ApiUser
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.home import CommandResult, Home
from tests.support.lead_calls import Record, synced_ids
from tests.support.object_storage import SECRET, Bucket
from tests.support.server import Server, running_server
from tests.support.storage_line import StorageLine, line_to_storage
from tests.support.stores import POSTGRESQL, SQLITE
from tests.support.world import MARCH, World

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.answers import Job

ACTIVITIES = {"filter": {"createdAt": MARCH}}
LEADS = {"filter": {"createdAt": MARCH}, "fields": ["id", "email"]}

#: Of the hand-written world, but for types 12 and 37.
TYPES = {"activityTypeIds": "1,2,13,22,24,25,104"}


REASONS = (
    "The object storage did not hand out the activities",
    "The object storage did not take the export file",
)


@dataclass(frozen=True, slots=True)
class Service:
    """A server, and somebody who calls it."""

    server: Server
    user: ApiUser

    def readiness(self) -> tuple[int, dict[str, Any]]:
        url = f"{self.server.base_url}/readyz"
        answer = httpx.get(url, trust_env=False, timeout=DEADLINE_SECONDS)
        return answer.status_code, answer.json()["checks"]

    def lake_files(self) -> float:
        """As the metrics have it."""
        url = f"{self.server.base_url}/metrics"
        text = httpx.get(url, trust_env=False, timeout=DEADLINE_SECONDS).text
        return float(text.partition("\ntailrace_lake_files ")[2].partition("\n")[0])


@pytest.fixture(scope="module")
def line(s3_server: str) -> Generator[StorageLine]:
    with line_to_storage(s3_server) as line:
        yield line


@pytest.fixture(scope="module")
def environment(line: StorageLine, s3_server: str) -> dict[str, str]:
    Bucket(s3_server, "bucket-of-a-lake").make()
    place = Bucket(line.base_url, "bucket-of-a-lake")
    return {
        **place.environment,
        "TAILRACE_LAKE": f"{place.address}/lake",
        "TAILRACE_FILES": f"{place.address}/files",
        "TAILRACE_FILES_RETRY_SECONDS": "1",
        "TAILRACE_METRICS": "on",
    }


@contextmanager
def variables_set(environment: dict[str, str]) -> Generator[None]:
    """This process and its children have them while the block lasts."""
    with pytest.MonkeyPatch.context() as patch:
        for name, value in environment.items():
            patch.setenv(name, value)
        yield


@pytest.fixture(scope="module")
def world(environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory) -> World:
    with variables_set(environment):
        return World.build(Home(tmp_path_factory.mktemp("in-a-bucket") / "home"))


@pytest.fixture(scope="module")
def service(world: World, environment: dict[str, str]) -> Generator[Service]:
    # The home remembers where its lake is.
    told = {name: value for name, value in environment.items() if name != "TAILRACE_LAKE"}
    with (
        running_server(world.home, environment=told) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        yield Service(server, user)
    assert SECRET not in server.log()


@pytest.fixture(scope="module")
def plain(make_world: Callable[[], World]) -> Generator[ApiUser]:
    """Who calls a server that has everything in its home."""
    world = make_world()
    with (
        running_server(world.home) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        yield user


def test_pages_and_exports__are_those_of_a_home_that_has_its_lake(
    service: Service, plain: ApiUser, world: World
) -> None:
    assert not [*(world.home.path / "lake").rglob("*.parquet")]
    pages = all_pages(service.user, **TYPES)
    assert pages == all_pages(plain, **TYPES)
    assert len(pages) > 5
    for body in (ACTIVITIES, {"filter": {**ACTIVITIES["filter"], "activityTypeIds": [1, 13]}}):
        there, here = (user.export("activities", body) for user in (service.user, plain))
        assert there.content == here.content
        assert there.job["fileChecksum"] == here.job["fileChecksum"]


def test_storage_that_is_down__fails_what_needs_it_and_is_told_and_the_next_succeeds(
    service: Service, line: StorageLine
) -> None:
    usual = dict.fromkeys(("store", "lake", "disk", "files", "notStopping"), True)
    assert service.readiness() == (200, usual)
    files = service.lake_files()
    line.is_unavailable = True
    wait_until(lambda: service.readiness()[0] == 503, "the server to say that it is not ready")
    assert service.readiness()[1] == {**usual, "lake": False, "files": False}
    export_id = service.user.enqueued("activities", ACTIVITIES)
    job = service.user.finished("activities", export_id)
    assert (job["status"], job["errorMsg"]) == (
        "Failed",
        REASONS[0],
    )
    page = get(service.user, "", nextPageToken=token(service.user), **TYPES)
    assert page.error() == ("608", "API Temporarily Unavailable")
    assert service.lake_files() == files > 0
    line.is_unavailable = False
    assert service.user.export("activities", ACTIVITIES).job["status"] == "Completed"
    wait_until(lambda: service.readiness() == (200, usual), "the server to be ready again")


def tried(user: ApiUser) -> Job:
    """One export, which may fail, but for no other reason than the storage."""
    job = user.finished("activities", user.enqueued("activities", ACTIVITIES))
    assert job.get("errorMsg") in (None, *REASONS)
    return job


def test_answers_that_are_cut__do_not_change_a_file(service: Service, line: StorageLine) -> None:
    before = service.user.export("activities", ACTIVITIES)
    line.cut_after, line.most_cuts = 300, 5
    job = tried(service.user)
    # On a slow machine, the time for which it is asked again may be over first: then it says so.
    while job["status"] != "Completed":
        job = tried(service.user)
    line.cut_after = line.most_cuts = None
    assert service.user.file("activities", job["exportId"]).content == before.content


def test_doctor__looks_at_the_storage(
    service: Service, world: World, line: StorageLine, environment: dict[str, str]
) -> None:
    service.user.export("leads", LEADS)
    with variables_set(environment):
        sound = world.home.command("doctor", "--json")
        line.is_unavailable = True
        refused = world.home.run("doctor", "--json")
        line.is_unavailable = False
    said = [one["what"] for one in findings_of(sound) if one["check"] in ("lake", "files")]
    assert any("of version" in one for one in said), said
    assert any("result files are there" in one for one in said), said
    assert refused.exit_code == 1
    problems = [one for one in findings_of(refused) if one["level"] == "problem"]
    assert {one["check"] for one in problems} == {"lake", "files"}


def findings_of(result: CommandResult) -> list[dict[str, str]]:
    return cast("list[dict[str, str]]", result.json()["findings"])


def test_backup__is_refused_and_says_what_to_do(world: World, environment: dict[str, str]) -> None:
    target = world.home.path.parent / "backup"
    with variables_set(environment):
        refused = world.home.run("backup", str(target))
    assert refused.exit_code == 1
    assert "The lake of this home is on object storage" in refused.errors
    assert not target.exists()


# Store, files and lake elsewhere at once: of a home nothing but its key is left.


def test_two_servers_that_share_no_directory__serve_one_and_the_same(
    environment: dict[str, str],
    s3_server: str,
    tmp_path_factory: pytest.TempPathFactory,
    plain: ApiUser,
) -> None:
    bucket = Bucket(s3_server)
    bucket.make()
    shared = {
        **environment,
        **bucket.environment,
        "TAILRACE_LAKE": f"{bucket.address}/lake",
        "TAILRACE_FILES": f"{bucket.address}/files",
        "TAILRACE_SETTLE_SECONDS": "0.2",
        "TAILRACE_FILES_RETRY_SECONDS": "30",
    }
    with variables_set(shared):
        world = World.build(Home(tmp_path_factory.mktemp("elsewhere") / "home", POSTGRESQL))
        other_home = tmp_path_factory.mktemp("other") / "home"
        other_home.mkdir()
        for name in ("key", "store", ADDRESS_NAME):
            shutil.copy(world.home.path / name, other_home / name)
        # It has no database of its own: it is told of the other's.
        told = {**shared, "TAILRACE_STORE": world.home.environment["TAILRACE_STORE"]}
        with (
            running_server(world.home, environment=shared) as first,
            running_server(Home(other_home, SQLITE), environment=told) as second,
            ApiUser(first.base_url, world.main) as one,
            ApiUser(second.base_url, world.main) as two,
        ):
            assert_same_as(plain, one, two)
            assert_written_at_once_is_there_once(one, two)
    assert not [*other_home.rglob("*.parquet"), *world.home.path.rglob("*.parquet")]


def assert_same_as(plain: ApiUser, one: ApiUser, two: ApiUser) -> None:
    """What is made at one server is at the other, and is what a home of its own gives."""
    assert all_pages(one, **TYPES) == all_pages(two, **TYPES) == all_pages(plain, **TYPES)
    export_id = one.created("activities", ACTIVITIES)
    two.enqueue("activities", export_id)
    job = two.finished("activities", export_id)
    contents = {each.file("activities", export_id).content for each in (one, two)}
    assert contents == {plain.export("activities", ACTIVITIES).content}
    (content,) = contents
    assert job["fileChecksum"] == f"sha256:{hashlib.sha256(content).hexdigest()}"


def assert_written_at_once_is_there_once(one: ApiUser, two: ApiUser) -> None:
    """Both servers settle what both take in."""

    def write(user: ApiUser, name: str) -> list[int]:
        ids: list[int] = []
        for batch in range(5):
            leads: list[Record] = [{"email": f"{name}-{batch}-{n}@example.com"} for n in range(10)]
            ids += synced_ids(user, *leads)
        return ids

    with ThreadPoolExecutor(2) as threads:
        written = [*threads.map(write, (one, two), ("one", "two"))]
    now = datetime.now(UTC)
    window = {
        "startAt": f"{now - timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
        "endAt": f"{now + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
    }
    body = {
        "filter": {"createdAt": window, "activityTypeIds": [NEW_LEAD]},
        "fields": ["marketoGUID", "leadId"],
    }
    files = [user.export("activities", body).content for user in (one, two)]
    assert files[0] == files[1]
    rows = [line.split(",") for line in files[0].decode().splitlines()[1:]]
    assert sorted(int(lead_id) for _, lead_id in rows) == sorted(written[0] + written[1])
    assert len({guid for guid, _ in rows}) == len(rows)
