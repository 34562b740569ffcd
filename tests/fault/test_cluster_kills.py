"""A cluster whose processes are killed and stopped at random while exports run: every file is right."""

from __future__ import annotations

import random
import signal
import time
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING

import pytest

from tailrace.lake.activity_log import ActivityLog
from tests.support.activities import activity_request, export, random_activities
from tests.support.dask_cluster import running_cluster

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.dask_cluster import Cluster

SEED = 20261122
STRIKES = 40
EXPORTS_AT_ONCE = 3
#: Some hundred fragments.
FRAGMENT_BYTES = 5_000
#: A worker that stands still is given up soon; so many may die under one part.
SETTINGS = {
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "5s",
    "DASK_DISTRIBUTED__SCHEDULER__ALLOWED_FAILURES": "1000",
}


class Striker:
    """Kills, stops and replaces the processes of a cluster, the same ones for the same seed."""

    def __init__(self, cluster: Cluster) -> None:
        self._cluster = cluster
        self._draw = random.Random(SEED)
        self._workers: list[str] = []
        self._count = 0
        self.done: list[str] = []

    def start_worker(self) -> None:
        self._count += 1
        self._workers.append(f"worker-{self._count}")
        self._cluster.start_worker(self._workers[-1])

    def strike(self) -> None:
        time.sleep(self._draw.random())
        kind = self._draw.choices(("kill", "stop", "scheduler"), (6, 3, 1))[0]
        self.done.append(kind)
        if kind == "scheduler":
            self._cluster.kill("scheduler")
            for name in self._workers:
                self._cluster.kill(name)
            self._workers.clear()
            self._cluster.start_scheduler(SETTINGS)
            self.start_worker()
        else:
            victim = self._workers.pop(self._draw.randrange(len(self._workers)))
            self._cluster.send(victim, signal.SIGSTOP)
            if kind == "stop":
                # It never comes back; another takes its place.
                self.start_worker()
            self._cluster.kill(victim)
        while len(self._workers) < 2:
            self.start_worker()


@pytest.mark.soak
def test_processes_killed_at_random__every_export_is_right(tmp_path: Path) -> None:
    log = ActivityLog.in_directory(tmp_path / "lake" / "activities")
    log.append(random_activities(3000))
    request = activity_request()
    expected, _ = export(log, request, tmp_path / "expected", fragment_bytes=FRAGMENT_BYTES)
    is_over = False

    def export_again_and_again(number: int) -> int:
        count = 0
        while not is_over:
            content, _ = export(
                log,
                request,
                tmp_path / f"files-{number}",
                fragment_bytes=FRAGMENT_BYTES,
                executor=cluster.executor(fetch_seconds=2),
            )
            assert content == expected
            count += 1
        return count

    with (
        running_cluster(tmp_path, workers=0, environment=SETTINGS) as cluster,
        ThreadPoolExecutor(EXPORTS_AT_ONCE) as threads,
    ):
        striker = Striker(cluster)
        try:
            striker.start_worker()
            running = [
                threads.submit(export_again_and_again, number) for number in range(EXPORTS_AT_ONCE)
            ]
            for _ in range(STRIKES):
                striker.strike()
        finally:
            is_over = True
        counts = [one.result() for one in running]
    assert min(counts) > 0, striker.done
