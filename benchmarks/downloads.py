"""Downloads of a result file against nginx on the same file: large, in pieces, and slow ones."""

from __future__ import annotations

import subprocess
import time
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from benchmarks import exports as jobs
from benchmarks import figures, peer_servers
from benchmarks.activity_data import days
from benchmarks.activity_exports import TAILRACE
from benchmarks.exports import ACTIVITIES, delete_files, file_of
from benchmarks.measurement import ProcessTree, measured_work
from benchmarks.outcome import Outcome, Side, alternate, at_least, at_most
from benchmarks.peers import own_program
from benchmarks.request_load import CLIENTS, Ranges, Requests, requests, take
from benchmarks.serving import HOST, served
from benchmarks.workbench import remove

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import httpx

    from benchmarks.measurement import Measurement
    from benchmarks.serving import ServedHome
    from benchmarks.workbench import Workbench

NGINX = "nginx"
_STREAMS = 8
_PIECE_BYTES = 64 * 1024
_SLOW_BYTES_A_SECOND = 100_000
_SMALL_REQUESTS = 200


@dataclass(frozen=True, slots=True)
class _Download:
    """One file at two servers."""

    server: ServedHome
    client: httpx.Client
    export_id: str
    size_bytes: int
    ours: str
    nginx: peer_servers.PeerServer
    theirs: str

    @property
    def places(self) -> tuple[tuple[str, str, ProcessTree], ...]:
        return (
            (TAILRACE, self.ours, self.server.tree),
            (NGINX, self.theirs, self.nginx.tree),
        )


def downloads(bench: Workbench) -> Generator[Outcome]:
    """One file, both servers up, each kind of download in turn. Raises PeerMissingError."""
    with _downloadable(bench) as file:
        yield _compared(bench, file, "one stream", [])
        step = -(-file.size_bytes // _STREAMS)
        ranges = [
            (first, min(first + step, file.size_bytes) - 1)
            for first in range(0, file.size_bytes, step)
        ]
        yield _compared(bench, file, f"{_STREAMS} ranges at once", ranges)
        yield _pieces(bench, file)
        yield _slow_readers(bench, file)


@contextmanager
def _downloadable(bench: Workbench) -> Generator[_Download]:
    home = bench.lake(bench.scale.lake)
    files = home / "files"
    with (
        served(home) as server,
        server.client() as client,
        peer_servers.nginx(files, bench.scratch("nginx")) as nginx,
    ):
        body = {"filter": {"createdAt": days(0, bench.scale.download_days)}}
        export = jobs.run_export(client, ACTIVITIES, body)
        path = file_of(home, export.export_id)
        server.tree.wait_until_idle()
        yield _Download(
            server,
            client,
            export.export_id,
            export.size_bytes,
            f"{server.base_url}/bulk/v1/activities/export/{export.export_id}/file.json",
            nginx,
            f"{nginx.base_url}/{path.relative_to(files)}",
        )
        delete_files(home)
        remove(bench.directory / "scratch" / "nginx")


def _compared(
    bench: Workbench, file: _Download, kind: str, ranges: list[tuple[int, int]]
) -> Outcome:
    headers = file.server.headers

    def side(name: str, url: str, tree: ProcessTree) -> Side:
        return Side(name, lambda: take(url, headers, ranges, tree))

    runs = alternate([side(*place) for place in file.places], bench.rounds)
    outcome = Outcome(f"download, {kind}", runs)
    outcome.reached.append(at_least("speed / nginx", outcome.wall_ratio(NGINX, TAILRACE), 1.0))
    outcome.notes.append(f"{file.size_bytes / 2**20:,.0f} MiB")
    return outcome


@dataclass(slots=True)
class _Answered:
    """Runs of many requests at one server."""

    runs: list[Requests] = field(default_factory=list[Requests])

    def side(self, name: str, tree: ProcessTree, ask: Callable[[], Requests]) -> Side:
        def run() -> Measurement:
            return measured_work(tree, lambda: self.runs.append(ask()))

        return Side(name, run)

    @property
    def counted(self) -> list[Requests]:
        """Without the round that warms up."""
        return self.runs[1:]


def _pieces(bench: Workbench, file: _Download) -> Outcome:
    answered = {name: _Answered() for name, _, _ in file.places}
    ranges = Ranges(_PIECE_BYTES, file.size_bytes)
    seconds = bench.scale.request_seconds

    def side(name: str, url: str, tree: ProcessTree) -> Side:
        def ask() -> Requests:
            return requests(url, file.server.token, seconds, ranges=ranges)

        return answered[name].side(name, tree, ask)

    runs = alternate([side(*place) for place in file.places], bench.rounds)
    outcome = Outcome(f"download, {CLIENTS} clients taking 64 KiB ranges", runs)
    ours, theirs = answered[TAILRACE].counted, answered[NGINX].counted
    rates = [[one.per_second for one in each] for each in (ours, theirs)]
    p99s = [[one.p99_milliseconds for one in each] for each in (ours, theirs)]
    outcome.reached += [
        at_least("requests a second / nginx", figures.ratio(*rates), 0.8),
        at_most("p99 / nginx", figures.ratio(*p99s), 2.0),
    ]
    outcome.notes.append(f"{sum(one.errors for one in ours)} requests failed")
    for name, rate, p99 in zip((TAILRACE, NGINX), rates, p99s, strict=True):
        outcome.notes.append(
            f"{name}: {figures.median(rate):,.0f} a second, p99 {figures.median(p99):.1f} ms"
        )
    return outcome


def _slow_readers(bench: Workbench, file: _Download) -> Outcome:
    memory: list[float] = []
    p99s: list[float] = []

    def run() -> Measurement:
        before = file.server.tree.resident_megabytes()
        with _reading_slowly(file):
            measurement = measured_work(file.server.tree, lambda: p99s.append(_small_p99(file)))
        memory.append((measurement.peak_megabytes - before) / CLIENTS)
        return measurement

    runs = alternate([Side(TAILRACE, run)], bench.rounds)
    outcome = Outcome(f"download, {CLIENTS} slow readers", runs)
    outcome.reached += [
        at_most("MB of memory for each", figures.median(memory[1:]), 1.0),
        at_most("ms, p99 of small requests meanwhile", figures.median(p99s[1:]), 100.0),
    ]
    return outcome


@contextmanager
def _reading_slowly(file: _Download) -> Generator[None]:
    path = f"/bulk/v1/activities/export/{file.export_id}/file.json"
    port = file.server.base_url.rpartition(":")[2]
    command = own_program(
        "slow_readers.py", HOST, port, path, file.server.token, CLIENTS, _SLOW_BYTES_A_SECOND
    )
    with subprocess.Popen(
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as readers:
        assert readers.stdout is not None
        assert readers.stdin is not None
        assert readers.stdout.readline() == "reading\n"
        yield
        readers.stdin.close()
        assert int(readers.stdout.readline()) > 0


def _small_p99(file: _Download) -> float:
    seconds: list[float] = []
    for _ in range(_SMALL_REQUESTS):
        began = time.perf_counter()
        jobs.status(file.client, ACTIVITIES, file.export_id)
        seconds.append(time.perf_counter() - began)
        time.sleep(0.005)
    return figures.percentile(seconds, 0.99) * 1000
