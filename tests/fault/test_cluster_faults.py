"""A cluster that fails while it renders: the export ends right, or says why; never a wrong file."""

from __future__ import annotations

import shutil
import signal
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import httpx
import pytest

import tailrace
from tailrace.crash_points import POINTS
from tailrace.domain.errors import ExportFailedError
from tailrace.lake.activity_log import ActivityLog
from tests.support.activities import activity_request, export, random_activities
from tests.support.api_user import ApiUser
from tests.support.dask_cluster import Cluster, running_cluster
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.held_export import FRAGMENT_BYTES, data_rows, held_export, works_of
from tests.support.server import Server, running_server
from tests.support.world import MARCH

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tailrace.extract.dask_executor import DaskExecutor
    from tests.support.world import World

IN_MARCH = {"filter": {"createdAt": MARCH}}


@pytest.fixture(scope="module")
def log(tmp_path_factory: pytest.TempPathFactory) -> ActivityLog:
    made = ActivityLog.in_directory(tmp_path_factory.mktemp("lake") / "activities")
    made.append(random_activities(1000))
    return made


@pytest.fixture(scope="module")
def expected(log: ActivityLog, tmp_path_factory: pytest.TempPathFactory) -> bytes:
    directory = tmp_path_factory.mktemp("expected")
    return export(log, activity_request(), directory, fragment_bytes=FRAGMENT_BYTES)[0]


@pytest.fixture(scope="module")
def scheduler(tmp_path_factory: pytest.TempPathFactory) -> Generator[Cluster]:
    with running_cluster(tmp_path_factory.mktemp("cluster"), workers=0) as running:
        yield running


@pytest.fixture
def cluster(scheduler: Cluster) -> Generator[Cluster]:
    """A scheduler; each test brings its workers."""
    yield scheduler
    scheduler.end_workers()


def exported(log: ActivityLog, directory: Path, executor: DaskExecutor) -> bytes:
    request = activity_request()
    content, _ = export(log, request, directory, fragment_bytes=FRAGMENT_BYTES, executor=executor)
    return content


@pytest.mark.parametrize("point", [point for point in POINTS if point.startswith("shard.")])
def test_worker_that_is_killed__its_fragments_are_rendered_by_another(
    cluster: Cluster, log: ActivityLog, expected: bytes, tmp_path: Path, point: str
) -> None:
    doomed = {"TAILRACE_CRASH_POINT": point, "TAILRACE_CRASH_AFTER": "3"}
    cluster.start_worker("doomed", doomed)
    with ThreadPoolExecutor(1) as threads:
        running = threads.submit(exported, log, tmp_path / "files", cluster.executor())
        cluster.wait_for_crash("doomed")
        cluster.start_worker("healthy")
        assert running.result(DEADLINE_SECONDS * 2) == expected


def test_fragment_that_kills_its_workers__fails_the_export(
    tmp_path: Path, log: ActivityLog
) -> None:
    one_death = {"DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "0"}
    with running_cluster(tmp_path, workers=0, environment=one_death) as cluster:
        cluster.start_worker("doomed", {"TAILRACE_CRASH_POINT": "shard.begin"})
        with pytest.raises(ExportFailedError, match="Several workers died"):
            exported(log, tmp_path / "files", cluster.executor())
    assert not [*(tmp_path / "files").rglob("*.*")]


def test_worker_that_stands_still__is_given_up(
    tmp_path: Path, log: ActivityLog, expected: bytes
) -> None:
    """It has rendered shards that nobody fetched, and is given further tasks."""
    # Long enough that a healthy worker on a busy machine is not taken for one.
    soon = {"DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "10s"}
    with running_cluster(tmp_path, workers=0, environment=soon) as cluster:
        cluster.start_worker("still")
        with held_export(works_of(log), cluster.executor(fetch_seconds=1)) as held:
            cluster.send("still", signal.SIGSTOP)
            cluster.start_worker("healthy")
            assert held.finish() == data_rows(expected)


def test_scheduler_that_is_killed__the_rest_is_rendered_once_it_is_back(
    cluster: Cluster, log: ActivityLog, expected: bytes
) -> None:
    cluster.start_worker("first")
    with held_export(works_of(log), cluster.executor()) as held:
        cluster.kill("scheduler")
        cluster.kill("first")
        cluster.start_scheduler()
        cluster.start_worker("second")
        assert held.finish() == data_rows(expected)


def test_cluster_that_is_not_there__fails_the_export_in_the_end(
    tmp_path: Path, log: ActivityLog
) -> None:
    executor = Cluster(tmp_path).executor(patience_seconds=1)
    with pytest.raises(ExportFailedError, match="nothing of the export for 1 seconds"):
        exported(log, tmp_path / "files", executor)
    assert executor.look() is None


def test_cluster_without_workers__fails_the_export_in_the_end(
    cluster: Cluster, log: ActivityLog, tmp_path: Path
) -> None:

    def reason(patience_seconds: float) -> str:
        executor = cluster.executor(patience_seconds=patience_seconds)
        with pytest.raises(ExportFailedError) as raised:
            exported(log, tmp_path / "files", executor)
        return str(raised.value)

    # A busy machine may need more than a second to ask the scheduler.
    assert any("it has no workers" in reason(patience) for patience in (1, 4, 16, 60))
    wait_until(lambda: cluster.task_count() == 0, "its tasks forgotten")


def test_worker_of_another_version__fails_the_export(
    cluster: Cluster, log: ActivityLog, tmp_path: Path
) -> None:
    other = tmp_path / "other" / "tailrace"
    shutil.copytree(Path(tailrace.__file__).parent, other)
    (other / "__init__.py").write_text('__version__ = "0.0.9"\n', encoding="utf-8")
    cluster.start_worker("other", {"PYTHONPATH": str(other.parent)})
    with pytest.raises(ExportFailedError, match=r"Tailrace 0\.0\.9, .* was asked by Tailrace"):
        exported(log, tmp_path / "files", cluster.executor())


def test_data_file_that_is_gone__is_an_error_as_on_one_machine(
    cluster: Cluster, tmp_path: Path
) -> None:
    log = ActivityLog.in_directory(tmp_path / "lake" / "activities")
    log.append(random_activities(100))
    canary = "canary of a filter"
    works = [*works_of(log, type_ids=(2,), primary_names=(canary,))]
    log.storage.delete(log.storage.data_names())
    cluster.start_worker("worker")
    with pytest.raises(OSError, match="No such file"):
        cluster.executor().render(works, lambda _number, _shard: None, lambda: None)
    assert "Compute Failed" in cluster.log("worker")
    assert canary not in cluster.log("worker")


# Whole servers, whose exports wait on the cluster for a worker.


@contextmanager
def waiting_export(world: World, cluster: Cluster) -> Generator[tuple[Server, ApiUser, str]]:
    environment = {"TAILRACE_EXECUTOR": cluster.setting}
    with (
        running_server(world.home, environment=environment) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        export_id = user.enqueued("activities", IN_MARCH)
        wait_until(lambda: cluster.task_count() > 0, "tasks on the cluster")
        yield server, user, export_id


def test_server_that_is_killed__its_tasks_end_and_the_next_one_finishes_the_job(
    make_world: Callable[[], World], cluster: Cluster
) -> None:
    world = make_world()
    with waiting_export(world, cluster) as (server, user, export_id):
        server.kill()
        wait_until(lambda: cluster.task_count() == 0, "its tasks forgotten")
        cluster.start_worker("worker")
        server.start()
        job = user.finished("activities", export_id)
        assert job["status"] == "Completed", job
        content = user.file("activities", export_id).content
    with (
        running_server(world.home) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        assert user.export("activities", IN_MARCH).content == content


def test_server__tells_of_its_cluster(make_world: Callable[[], World], cluster: Cluster) -> None:
    cluster.start_worker("worker")
    environment = {"TAILRACE_EXECUTOR": cluster.setting, "TAILRACE_METRICS": "on"}
    with running_server(make_world().home, environment=environment) as server:
        ready, metrics = (
            httpx.get(f"{server.base_url}{path}", trust_env=False, timeout=DEADLINE_SECONDS)
            for path in ("/readyz", "/metrics")
        )
    assert ready.json()["cluster"] == {"reachable": True, "workers": 1}
    for line in ("reachable 1.0", "workers 1.0", "threads 1.0"):
        assert f"tailrace_cluster_{line}\n" in metrics.text


def test_cancelled_job__its_tasks_end(make_world: Callable[[], World], cluster: Cluster) -> None:
    with waiting_export(make_world(), cluster) as (_, user, export_id):
        assert user.cancel("activities", export_id).job()["status"] == "Cancelled"
        wait_until(lambda: cluster.task_count() == 0, "its tasks forgotten")


def test_every_point_of_a_shard__has_a_test() -> None:
    tested = {"shard.begin", "shard.rendered"}
    assert {point for point in POINTS if point.startswith("shard.")} == tested
