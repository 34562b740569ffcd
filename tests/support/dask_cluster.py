"""A real Dask cluster on this machine: a scheduler and workers, as processes of their own."""

from __future__ import annotations

import asyncio
import os
import signal
import subprocess
import sys
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeVar, cast

import distributed

from tailrace.extract.dask_executor import DaskExecutor, DaskLimits
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from tailrace.domain.cluster_state import ClusterState

Answer = TypeVar("Answer")

#: The console script that was installed with the interpreter that runs the tests.
DASK = str(Path(sys.executable).parent / "dask")

HOST = "127.0.0.1"

#: As `docs/cluster.md` says, and where functions of tests are found.
SETTINGS = {"POLARS_MAX_THREADS": "1", "PYTHONPATH": str(Path(__file__).parents[2])}


class Cluster:
    """A scheduler, which keeps its port when it is started again, and its workers."""

    def __init__(self, directory: Path, *, protocol: str = "tcp") -> None:
        self._directory = directory
        self._protocol = protocol
        self.port = free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        """As Dask writes it."""
        return f"{self._protocol}://{HOST}:{self.port}"

    @property
    def setting(self) -> str:
        """As `TAILRACE_EXECUTOR` has it."""
        return f"dask://{HOST}:{self.port}"

    def executor(
        self, *, patience_seconds: float = 600.0, window: int = 0, fetch_seconds: float = 120.0
    ) -> DaskExecutor:
        return DaskExecutor(self.address, DaskLimits(patience_seconds, window, fetch_seconds))

    def look(self) -> ClusterState | None:
        return self.executor().look()

    def start_scheduler(self, environment: Mapping[str, str] | None = None) -> None:
        command = ("scheduler", "--host", HOST, "--port", str(self.port))
        self._run("scheduler", *command, "--protocol", self._protocol, environment=environment)
        wait_until(lambda: self.look() is not None, "the scheduler's first answer")

    def start_worker(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """One thread, and nobody who would start it again; returns once the scheduler knows it."""
        self._run(
            name,
            *("worker", self.address, "--name", name, "--nthreads", "1", "--no-nanny"),
            *("--memory-limit", "1GiB", "--local-directory", str(self._directory / name)),
            environment=environment,
        )
        wait_until(lambda: name in self.worker_names(), f"worker {name}: {self.log(name)}")

    def worker_names(self) -> set[str]:
        """Workers that the scheduler knows of."""
        return asyncio.run(_asked(self.address, _names_of_workers))

    def task_count(self) -> int:
        """Tasks that the scheduler knows of, whoever asked for them."""
        return asyncio.run(_asked(self.address, _count_tasks))

    def process_ids(self) -> dict[str, int]:
        """Of the scheduler, which is called that, and the workers by name."""
        return {name: process.pid for name, process in self._processes.items()}

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the scheduler or a worker."""
        os.killpg(self._processes[name].pid, number)

    def kill(self, name: str) -> None:
        self.send(name, signal.SIGKILL)
        self._processes.pop(name).wait(DEADLINE_SECONDS)

    def wait_for_crash(self, name: str) -> None:
        """Return once a worker has been killed by a signal of its own making."""
        assert self._processes.pop(name).wait(DEADLINE_SECONDS) == -signal.SIGKILL

    def log(self, name: str) -> str:
        return (self._directory / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def end_workers(self) -> None:
        """Kill them; returns once the scheduler knows."""
        for name in [*self._processes]:
            if name != "scheduler":
                self.kill(name)
        wait_until(lambda: not self.worker_names(), "the scheduler without workers")

    def end(self) -> None:
        for name in [*self._processes]:
            with suppress(ProcessLookupError):
                self.kill(name)

    def _run(self, name: str, *command: str, environment: Mapping[str, str] | None = None) -> None:
        with (self._directory / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [DASK, *command, "--no-dashboard"],
                env={**os.environ, **SETTINGS, **(environment or {})},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )


async def _asked(address: str, question: Callable[[Any], Answer]) -> Answer:
    """What the scheduler itself says to a question of ours."""
    client: Any = cast("Any", distributed).Client(address, asynchronous=True, set_as_default=False)
    async with client:
        return await client.run_on_scheduler(question)


def _names_of_workers(dask_scheduler: Any) -> set[str]:
    return {worker.name for worker in dask_scheduler.workers.values()}


def _count_tasks(dask_scheduler: Any) -> int:
    return len(dask_scheduler.tasks)


@contextmanager
def running_cluster(
    directory: Path,
    *,
    workers: int,
    environment: Mapping[str, str] | None = None,
    protocol: str = "tcp",
) -> Generator[Cluster]:
    """A scheduler in an environment, and so many workers, for the length of the block."""
    cluster = Cluster(directory, protocol=protocol)
    try:
        cluster.start_scheduler(environment)
        for number in range(workers):
            cluster.start_worker(f"worker-{number}")
        yield cluster
    finally:
        cluster.end()
