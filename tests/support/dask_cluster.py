"""A real Dask cluster on this machine: a scheduler and workers, as processes of their own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

from tailrace.extract.dask_executor import DaskExecutor, DaskLimits
from tests.support.deadlines import DEADLINE_SECONDS, wait_until
from tests.support.ports import free_port

if TYPE_CHECKING:
    from collections.abc import Generator, Mapping

    from tailrace.extract.executor import ClusterState

#: The console script that was installed with the interpreter that runs the tests.
DASK = str(Path(sys.executable).parent / "dask")

HOST = "127.0.0.1"

#: What `docs/cluster.md` says, and a stalled worker is given up soon.
SETTINGS = {
    "POLARS_MAX_THREADS": "1",
    "DASK_DISTRIBUTED__SCHEDULER__WORKER_TTL": "5s",
    "DASK_DISTRIBUTED__ADMIN__TICK__LIMIT": "1h",
}


class Cluster:
    """A scheduler, which keeps its port when it is started again, and its workers."""

    def __init__(self, directory: Path) -> None:
        self._directory = directory
        self.port = free_port()
        self._processes: dict[str, subprocess.Popen[bytes]] = {}

    @property
    def address(self) -> str:
        """As Dask writes it."""
        return f"tcp://{HOST}:{self.port}"

    @property
    def setting(self) -> str:
        """As `TAILRACE_EXECUTOR` has it."""
        return f"dask://{HOST}:{self.port}"

    def executor(self, *, patience_seconds: float = 600.0, window: int = 0) -> DaskExecutor:
        return DaskExecutor(self.address, DaskLimits(patience_seconds, window))

    def look(self) -> ClusterState | None:
        return self.executor().look()

    def start_scheduler(self) -> None:
        self._run("scheduler", "scheduler", "--host", HOST, "--port", str(self.port))
        wait_until(lambda: self.look() is not None, "the scheduler's first answer")

    def start_worker(self, name: str, environment: Mapping[str, str] | None = None) -> None:
        """One thread and a nanny; returns once the scheduler knows of one more."""
        before = self.worker_count()
        self._run(
            name,
            *("worker", self.address, "--name", name, "--nthreads", "1"),
            *("--memory-limit", "1GiB", "--local-directory", str(self._directory / name)),
            environment=environment,
        )
        wait_until(lambda: self.worker_count() > before, f"worker {name}: {self.log(name)}")

    def worker_count(self) -> int:
        state = self.look()
        return 0 if state is None else state.workers

    def send(self, name: str, number: signal.Signals) -> None:
        """Send a signal to the scheduler or a worker with its nanny."""
        os.killpg(self._processes[name].pid, number)

    def kill(self, name: str) -> None:
        """End one for good: its nanny cannot start it again."""
        self.send(name, signal.SIGKILL)
        self._processes.pop(name).wait(DEADLINE_SECONDS)

    def worker_process(self, name: str) -> int:
        """The process that renders, below its nanny."""
        children = Path(f"/proc/{self._processes[name].pid}/task")
        texts = [path.read_text() for path in children.glob("*/children")]
        found = [int(one) for text in texts for one in text.split()]
        return max(found, key=_memory_of)

    def log(self, name: str) -> str:
        return (self._directory / f"{name}.log").read_text(encoding="utf-8", errors="replace")

    def end(self) -> None:
        for name in [*self._processes]:
            self.send(name, signal.SIGCONT)
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


def _memory_of(process: int) -> int:
    return int(Path(f"/proc/{process}/statm").read_text().split()[1])


@contextmanager
def running_cluster(directory: Path, *, workers: int = 1) -> Generator[Cluster]:
    """A scheduler and so many workers for the length of the block."""
    cluster = Cluster(directory)
    try:
        cluster.start_scheduler()
        for number in range(workers):
            cluster.start_worker(f"worker-{number}")
        yield cluster
    finally:
        cluster.end()
