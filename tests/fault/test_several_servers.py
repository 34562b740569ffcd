"""Several servers on one PostgreSQL database: nothing is run twice, and every bound holds."""

from __future__ import annotations

import hashlib
import random
import threading
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

from tests.support.api_user import ApiUser
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.home import Home
from tests.support.job_states import hold_in_processing, slots_taken
from tests.support.postgresql import postgresql
from tests.support.server import Server, running_server
from tests.support.stores import POSTGRESQL, SQLITE
from tests.support.world import MARCH, World

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_user import Family

#: Of the contract: jobs queued or processing, and jobs processing, of one subscription.
QUEUE_LIMIT, SLOTS = 10, 2
CLIENTS, JOBS_EACH = 6, 6
FINAL = {"Completed", "Failed", "Cancelled"}
BODIES: dict[Family, dict[str, object]] = {
    "activities": {"filter": {"createdAt": MARCH}},
    "leads": {"filter": {"createdAt": MARCH}, "fields": ["id", "email", "firstName"]},
}


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.build(Home(tmp_path_factory.mktemp("shared") / "home", POSTGRESQL))


@pytest.fixture(scope="module")
def plain_world(tmp_path_factory: pytest.TempPathFactory) -> World:
    return World.build(Home(tmp_path_factory.mktemp("plain") / "home", SQLITE))


@pytest.fixture(scope="module")
def servers(world: World) -> Iterator[list[Server]]:
    with ExitStack() as running:
        yield [running.enter_context(running_server(world.home)) for _ in range(2)]


def test_export__over_either_server_is_that_of_the_file_store(
    servers: list[Server], world: World, plain_world: World
) -> None:
    """One wire pass: created at one, enqueued and watched at the other, downloaded from both."""
    with (
        ApiUser(servers[0].base_url, world.main) as one,
        ApiUser(servers[1].base_url, world.main) as other,
        running_server(plain_world.home) as plain,
        ApiUser(plain.base_url, plain_world.main) as user,
    ):
        assert one.token == other.token
        for family, body in BODIES.items():
            export_id = one.created(family, body)
            other.enqueue(family, export_id)
            job = other.finished(family, export_id)
            contents = {each.file(family, export_id).content for each in (one, other)}
            assert contents == {user.export(family, body).content}
            assert job["fileSize"] == len(contents.pop())


def test_bounds_and_jobs__are_exact_whatever_clients_do(
    servers: list[Server], world: World
) -> None:
    home = world.home
    exceeded: list[tuple[int, int]] = []
    are_done = threading.Event()

    def watch() -> None:
        while not are_done.is_set():
            with home.sql() as connection:
                rows = connection.execute(
                    "SELECT state, count(*) FROM export_job GROUP BY state"
                ).fetchall()
            counts = Counter(dict(rows))
            queued, processing = counts["Queued"], counts["Processing"]
            if queued + processing > QUEUE_LIMIT or processing > SLOTS:
                exceeded.append((queued, processing))

    is_full = threading.Event()
    with (
        ThreadPoolExecutor(CLIENTS + 1) as threads,
        ApiUser(servers[0].base_url, world.main) as holder,
    ):
        watching = threads.submit(watch)
        # Nothing is run until the queue has been full, however fast the servers are.
        with slots_taken(home, holder, SLOTS):
            clients = [
                threads.submit(_use, servers[number % 2], world, number, is_full)
                for number in range(CLIENTS)
            ]
            assert is_full.wait(DEADLINE_SECONDS)
        for one in clients:
            one.result()
        wait_until(lambda: _unfinished(home) == 0, "the end of every job")
        are_done.set()
        watching.result()
    assert exceeded == []
    _check_ends(home)


def test_server_that_starts__leaves_the_jobs_of_the_others_alone(
    servers: list[Server], world: World
) -> None:
    """A lease is given up at a start only where nobody else serves."""
    with ApiUser(servers[0].base_url, world.main) as user:
        export_id = user.created("leads", BODIES["leads"])
        hold_in_processing(world.home, export_id)
        with running_server(world.home), world.home.sql() as connection:
            query = "SELECT state, fence FROM export_job WHERE export_id = ?"
            assert connection.execute(query, (export_id,)).fetchone() == ("Processing", 1)
        user.cancel("leads", export_id)


def test_database_that_restarts__is_found_again(servers: list[Server], world: World) -> None:
    with ApiUser(servers[0].base_url, world.main) as user:
        token = user.token
        postgresql().stop()
        answer = user.call("GET", "/bulk/v1/leads/export.json")
        assert answer.error()[0] == "608"
        postgresql().start()
        assert user.export("leads", BODIES["leads"]).content
        assert user.token == token


def _use(server: Server, world: World, number: int, is_full: threading.Event) -> None:
    """What a client does; it tells when the queue is full."""
    dice = random.Random(number)
    with ApiUser(server.base_url, world.main) as user:
        for _ in range(JOBS_EACH):
            family: Family = dice.choice(["activities", "leads"])
            export_id = user.created(family, BODIES[family])
            while "errors" in user.enqueue(family, export_id).envelope():
                is_full.set()
            if dice.random() < 0.4:
                user.cancel(family, export_id)


def _unfinished(home: Home) -> int:
    with home.sql() as connection:
        query = "SELECT count(*) FROM export_job WHERE state IN ('Queued', 'Processing')"
        return connection.execute(query).fetchone()[0]


def _check_ends(home: Home) -> None:
    """Each job ended once, and what was counted against the quota is what lies on the disk."""
    with home.sql() as connection:
        jobs = connection.execute(
            "SELECT export_id, state, file_name, file_size_bytes, file_sha256, subscription_id"
            " FROM export_job"
        ).fetchall()
        events = connection.execute("SELECT export_id, to_state FROM job_event").fetchall()
    ends = Counter(export_id for export_id, state in events if state in FINAL)
    assert ends == Counter(job[0] for job in jobs)
    completed = [job for job in jobs if job[1] == "Completed"]
    assert completed
    files = home.path / "files" / "1"
    for _, _, name, size, sha256, _ in completed:
        content = (files / name).read_bytes()
        assert (len(content), hashlib.sha256(content).hexdigest()) == (size, sha256)
    published = {path.name: path.stat().st_size for path in files.iterdir()}
    assert sum(published.values()) == sum(job[3] for job in completed)
