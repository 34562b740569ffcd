"""What a fragment costs on a cluster, and how much faster two workers are than one.

    .venv/bin/python -m benchmarks.cluster

A scheduler and workers on this machine render a month of 10 million activities. Where the system
lets us (Linux, root, cgroups), all of them come before other processes, and the workers are held to
a share of a processor besides: so it is seen what more workers do while this machine has processors
for them. The costs go to `cluster-costs.json` beside the data; `benchmarks.scaling` predicts from
them.
"""

from __future__ import annotations

import argparse
import asyncio
import hashlib
import json
import os
import time
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any, cast

import distributed

from benchmarks.activity_data import DAYS, MONTH_START
from benchmarks.cluster_tasks import NoRows, rendered_bytes
from benchmarks.figures import median, ratio
from benchmarks.measurement import ProcessTree
from benchmarks.scale import SCALES, ScaleName
from benchmarks.workbench import DIRECTORY, Workbench, remove
from tailrace.domain.export_job import ExportId, SubscriptionId
from tailrace.domain.export_request import (
    DEFAULT_ACTIVITY_FIELDS,
    ActivityFilter,
    Column,
    ExportRequest,
    InstantRange,
)
from tailrace.domain.file_format import FileFormat
from tailrace.extract.activity_source import ActivitySource
from tailrace.extract.executor import Work
from tailrace.extract.pipeline import write_export
from tailrace.extract.shard import packed_task, versions
from tailrace.files.directory import FileDirectory
from tailrace.lake.activity_log import ActivityLog
from tests.support.dask_cluster import Cluster, running_cluster

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from tailrace.extract.activity_fragments import ActivityFragment

COSTS = "cluster-costs.json"

#: Of a processor, that each worker is held to.
_SHARE = 0.3
_PERIOD_MICROSECONDS = 100_000
#: Of them as many are exported then: it takes three times as long.
_HELD_DAYS = 10
_GROUP = Path("/sys/fs/cgroup/cpu/tailrace")
#: A usual process has 1024.
_WEIGHT = 100_000
_SMALL_TASKS = 500
_HASHED_BYTES = 256 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Costs:
    """Seconds are CPU seconds of one processor of this machine."""

    #: Of the CSV of a fragment.
    fragment_bytes: float
    plan_seconds_a_fragment: float
    render_seconds_a_fragment: float
    send_seconds_a_byte: float
    receive_seconds_a_byte: float
    write_seconds_a_byte: float
    hash_seconds_a_byte: float
    scheduler_seconds_a_task: float
    coordinator_seconds_a_task: float


@dataclass(frozen=True, slots=True)
class Used:
    """Wall time, and CPU time of each part of the cluster."""

    wall_seconds: float
    coordinator_seconds: float
    scheduler_seconds: float
    worker_seconds: float


@dataclass(frozen=True, slots=True)
class Export:
    source: ActivitySource
    request: ExportRequest
    fragments: Sequence[ActivityFragment]
    plan_seconds: float
    #: Where result files are written.
    directory: Path


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", choices=[*ScaleName], default=ScaleName.FULL)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    scale = SCALES[ScaleName(options.scale)]
    bench = Workbench(scale, 1, DIRECTORY)
    home, directory = bench.lake(scale.lake), bench.scratch("cluster")
    found: dict[str, Any] = {}
    with (
        TemporaryDirectory() as scratch,
        coming_first() as comes_first,
        running_cluster(Path(scratch), workers=0) as cluster,
    ):
        whole = planned(home, directory, DAYS)
        rounds = [measured_round(cluster, whole) for _ in range(options.rounds)]
        found["costs"] = asdict(costs(whole, rounds))
        found["measured"] = speed_ups(rounds)
        if comes_first:
            part = planned(home, directory, _HELD_DAYS)
            held = [measured_round(cluster, part, share=_SHARE) for _ in range(options.rounds)]
            found["measured_at_a_share"] = {"share": _SHARE, **speed_ups(held)}
    remove(directory)
    text = json.dumps(found, indent=2)
    print(text)
    if scale.name is ScaleName.FULL:
        (DIRECTORY / COSTS).write_text(text + "\n", encoding="utf-8")


@contextmanager
def coming_first() -> Generator[bool]:
    """This process and its children before all others, if the system lets us."""
    try:
        _GROUP.mkdir(exist_ok=True)
        (_GROUP / "cpu.shares").write_text(str(_WEIGHT))
        (_GROUP / "cgroup.procs").write_text(str(os.getpid()))
    except OSError:
        yield False
        return
    try:
        yield True
    finally:
        (_GROUP.parent / "cgroup.procs").write_text(str(os.getpid()))
        _GROUP.rmdir()


def planned(home: Path, directory: Path, days: int) -> Export:
    log = ActivityLog.in_directory(home / "lake" / "1" / "activities")
    columns = tuple(Column(field, field) for field in DEFAULT_ACTIVITY_FIELDS)
    end = MONTH_START.replace(day=days, hour=23, minute=59, second=59)
    wanted = ActivityFilter(InstantRange(MONTH_START, end))
    request = ExportRequest(FileFormat.CSV, columns, wanted)
    source = ActivitySource(log.snapshot(), request)
    began = time.process_time()
    fragments = source.fragments()
    return Export(source, request, fragments, time.process_time() - began, directory)


def measured_round(
    cluster: Cluster, export: Export, *, share: float | None = None
) -> dict[str, Used]:
    """With one worker and with two: rendering alone, and the whole export."""
    found: dict[str, Used] = {}
    with worker(cluster, export, "worker-1", share):
        found["render 1"] = used(cluster, lambda: render(cluster, export.fragments, export))
        found["whole 1"] = used(cluster, lambda: write(cluster, export))
        with worker(cluster, export, "worker-2", share):
            found["render 2"] = used(cluster, lambda: render(cluster, export.fragments, export))
            found["whole 2"] = used(cluster, lambda: write(cluster, export))
            found["receive 2"] = used(cluster, lambda: receive(cluster, export))
            found["tasks"] = used(cluster, lambda: small_tasks(cluster))
    return found


@contextmanager
def worker(cluster: Cluster, export: Export, name: str, share: float | None) -> Generator[None]:
    """One more worker, which has loaded its libraries; held to a share of a processor."""
    cluster.start_worker(name)
    render(cluster, export.fragments[:6], export)
    group = _GROUP / name
    if share is not None:
        group.mkdir(exist_ok=True)
        (group / "cpu.shares").write_text(str(_WEIGHT))
        (group / "cpu.cfs_period_us").write_text(str(_PERIOD_MICROSECONDS))
        (group / "cpu.cfs_quota_us").write_text(str(int(_PERIOD_MICROSECONDS * share)))
        (group / "cgroup.procs").write_text(str(cluster.process_ids()[name]))
    try:
        yield
    finally:
        cluster.kill(name)
        if share is not None:
            group.rmdir()


def speed_ups(rounds: Sequence[dict[str, Used]]) -> dict[str, float]:
    """Seconds with one worker and with two, and how many times as fast two are."""

    def walls(name: str) -> list[float]:
        return [one[name].wall_seconds for one in rounds]

    found: dict[str, float] = {}
    for what in ("render", "whole"):
        found[f"{what}_seconds"] = median(walls(f"{what} 1"))
        found[f"{what}_seconds_of_two"] = median(walls(f"{what} 2"))
        found[f"{what}_speed_up"] = ratio(walls(f"{what} 1"), walls(f"{what} 2"))
    return found


def costs(export: Export, rounds: Sequence[dict[str, Used]]) -> Costs:
    """What the model takes out of the rounds."""

    def of(name: str, part: str) -> float:
        return median([getattr(one[name], f"{part}_seconds") for one in rounds])

    count = len(export.fragments)
    (path,) = export.directory.rglob("*.csv")
    size_bytes = path.stat().st_size
    hash_seconds = hashing_seconds() / _HASHED_BYTES
    task_seconds = of("tasks", "coordinator") / _SMALL_TASKS
    received = of("receive 2", "coordinator") - task_seconds * count
    written = of("whole 2", "coordinator") - of("receive 2", "coordinator")
    sent = of("receive 2", "worker") - of("render 2", "worker")
    return Costs(
        fragment_bytes=size_bytes / count,
        plan_seconds_a_fragment=export.plan_seconds / count,
        render_seconds_a_fragment=of("render 1", "worker") / count,
        send_seconds_a_byte=max(0.0, sent) / size_bytes,
        receive_seconds_a_byte=max(0.0, received) / size_bytes,
        write_seconds_a_byte=max(0.0, written / size_bytes - hash_seconds),
        hash_seconds_a_byte=hash_seconds,
        scheduler_seconds_a_task=of("tasks", "scheduler") / _SMALL_TASKS,
        coordinator_seconds_a_task=task_seconds,
    )


def used(cluster: Cluster, work: Callable[[], object]) -> Used:
    trees = {name: ProcessTree(number) for name, number in cluster.process_ids().items()}
    before = {name: tree.cpu_seconds() for name, tree in trees.items()}
    own, began = time.process_time(), time.perf_counter()
    work()
    wall, own = time.perf_counter() - began, time.process_time() - own
    spent = {name: tree.cpu_seconds() - before[name] for name, tree in trees.items()}
    scheduler = spent.pop("scheduler")
    return Used(wall, own, scheduler, sum(spent.values()))


def render(cluster: Cluster, fragments: Sequence[ActivityFragment], export: Export) -> None:
    """All of the fragments; nothing but their sizes comes back."""
    asyncio.run(_render(cluster, fragments, export))


async def _render(cluster: Cluster, fragments: Sequence[ActivityFragment], export: Export) -> None:
    client: Any = cast("Any", distributed).Client(
        cluster.address, asynchronous=True, set_as_default=False
    )
    async with client:
        reader = export.source.reader()
        packed = [packed_task(reader, fragment, ",") for fragment in fragments]
        asked = [client.submit(rendered_bytes, versions(), one, pure=False) for one in packed]
        await client.gather(asked)


def write(cluster: Cluster, export: Export) -> None:
    """The whole export, to a published file."""
    files = FileDirectory(export.directory)
    with files.writer(SubscriptionId(1), ExportId("cluster"), fence=1) as out:
        write_export(
            export.source,
            export.request,
            ",",
            out,
            lambda: None,
            executor=cluster.executor(),
        )
        out.publish()


def receive(cluster: Cluster, export: Export) -> None:
    """All of the shards, which nobody writes."""
    reader = export.source.reader()
    works = (Work(0, packed_task(reader, fragment, ",")) for fragment in export.fragments)
    cluster.executor().render(works, lambda _number, _shard: None, lambda: None)


def small_tasks(cluster: Cluster) -> None:
    """Tasks that cost nothing but themselves."""
    works = (Work(number, packed_task(NoRows(), number, ",")) for number in range(_SMALL_TASKS))
    cluster.executor().render(works, lambda _number, _shard: None, lambda: None)


def hashing_seconds() -> float:
    content = bytes(_HASHED_BYTES)
    began = time.process_time()
    hashlib.sha256(content).digest()
    return time.process_time() - began


if __name__ == "__main__":
    main()
