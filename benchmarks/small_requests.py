"""Small things that must be quick: status polls, empty exports, the start of a server, help."""

from __future__ import annotations

import subprocess
import threading
import time
from contextlib import contextmanager
from http import HTTPStatus
from http.client import HTTPConnection
from typing import TYPE_CHECKING

from benchmarks import exports as jobs
from benchmarks import figures
from benchmarks.activity_data import days
from benchmarks.activity_exports import RENDERED_ANEW, TAILRACE, WHOLE
from benchmarks.exports import ACTIVITIES, delete_files
from benchmarks.measurement import Measurement, ProcessTree, measured, measured_work
from benchmarks.outcome import Outcome, Side, alternate, at_least, at_most
from benchmarks.request_load import CLIENTS, Requests, requests
from benchmarks.serving import HOST, free_port, served
from benchmarks.serving import TAILRACE as COMMAND

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    import httpx

    from benchmarks.serving import ServedHome
    from benchmarks.workbench import Workbench

_EMPTY = {
    "filter": {"createdAt": {"startAt": "2025-01-01T00:00:00Z", "endAt": "2025-01-02T00:00:00Z"}}
}
_EMPTY_EXPORTS = 10


def status_polls(bench: Workbench) -> Generator[Outcome]:
    """64 clients ask for the status of a job, alone and while an export runs.

    Raises PeerMissingError if there is nothing to ask with.
    """
    alone: list[Requests] = []
    beside: list[Requests] = []
    home = bench.lake(bench.scale.lake)
    with served(home, RENDERED_ANEW) as server, server.client() as client:
        export = jobs.run_export(client, ACTIVITIES, {"filter": {"createdAt": days(0, 1)}})
        server.tree.wait_until_idle()
        url = f"{server.base_url}/bulk/v1/activities/export/{export.export_id}/status.json"

        def ask() -> Requests:
            return requests(url, server.token, bench.scale.request_seconds)

        def ask_beside() -> None:
            with _exporting(server):
                beside.append(ask())

        sides = [
            Side("alone", lambda: measured_work(server.tree, lambda: alone.append(ask()))),
            Side(
                "beside an export",
                lambda: measured_work(server.tree, ask_beside),
                lambda: delete_files(server.home),
            ),
        ]
        runs = alternate(sides, bench.rounds)
    yield _polled(runs, alone[1:], beside[1:])


def _polled(
    runs: dict[str, list[Measurement]], alone: list[Requests], beside: list[Requests]
) -> Outcome:
    outcome = Outcome(f"status polls of {CLIENTS} clients", runs)
    rates = [[one.per_second for one in each] for each in (alone, beside)]
    p99 = figures.median([one.p99_milliseconds for one in alone])
    outcome.reached += [
        at_least("requests a second", figures.median(rates[0]), 3_000),
        at_most("ms, p99", p99, 60),
        at_least("rate beside an export / alone", figures.ratio(rates[1], rates[0]), 0.6),
    ]
    outcome.notes += [
        f"beside an export {figures.median(rates[1]):,.0f} a second,"
        f" p99 {figures.median([one.p99_milliseconds for one in beside]):.0f} ms",
        f"{sum(one.errors for one in (*alone, *beside))} requests failed",
        "the client, wrk, has its share of the same two cores",
    ]
    return outcome


@contextmanager
def _exporting(server: ServedHome) -> Generator[None]:
    """One export after the other in another thread for the length of the block."""
    stopped = threading.Event()
    begun = threading.Event()

    def work() -> None:
        with server.client() as client:
            while not stopped.is_set():
                export_id = jobs.create(client, ACTIVITIES, WHOLE[0].body)
                jobs.enqueue(client, ACTIVITIES, export_id)
                begun.set()
                while not stopped.is_set():
                    if jobs.status(client, ACTIVITIES, export_id)["status"] == "Completed":
                        break
                    stopped.wait(0.1)
                else:
                    client.post(f"/bulk/v1/activities/export/{export_id}/cancel.json")

    thread = threading.Thread(target=work)
    thread.start()
    begun.wait()
    try:
        yield
    finally:
        stopped.set()
        thread.join()


def empty_exports(bench: Workbench) -> Generator[Outcome]:
    """Create, enqueue, Completed, of a window in which nothing happened."""
    seconds: list[float] = []

    def one(client: httpx.Client) -> None:
        for _ in range(_EMPTY_EXPORTS):
            began = time.perf_counter()
            jobs.run_export(client, ACTIVITIES, _EMPTY)
            seconds.append(time.perf_counter() - began)

    with served(bench.lake(bench.scale.small_lake)) as server, server.client() as client:
        server.tree.wait_until_idle()
        side = Side(TAILRACE, lambda: measured_work(server.tree, lambda: one(client)))
        runs = alternate([side], bench.rounds)
        delete_files(server.home)
    outcome = Outcome(f"{_EMPTY_EXPORTS} empty exports, one after the other", runs)
    milliseconds = figures.median(seconds[_EMPTY_EXPORTS:]) * 1000
    outcome.reached.append(at_most("ms from create to Completed", milliseconds, 150))
    yield outcome


def starts(bench: Workbench) -> Generator[Outcome]:
    """Processes that begin."""
    home = bench.lake(bench.scale.lake)
    serving = Outcome(
        "server start to first answer",
        alternate([Side(TAILRACE, lambda: _start(home))], bench.rounds),
    )
    help_ = Outcome(
        "tailrace --help",
        alternate([Side(TAILRACE, lambda: measured([COMMAND, "--help"]))], bench.rounds),
    )
    for outcome, limit in ((serving, 1.5), (help_, 0.3)):
        outcome.reached.append(at_most("s", figures.median(outcome.walls(TAILRACE)), limit))
        yield outcome


def _start(home: Path) -> Measurement:
    """`tailrace serve` from its start to its first answer; it ends afterwards."""
    port = free_port()
    command = [COMMAND, "serve", "--home", str(home), "--host", HOST, "--port", str(port)]
    began = time.perf_counter()
    with subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as server:
        tree = ProcessTree(server.pid)
        while not _answers(port):
            time.sleep(0.005)
        wall_seconds = time.perf_counter() - began
        run = Measurement(wall_seconds, tree.cpu_seconds(), tree.resident_megabytes())
        server.terminate()
    return run


def _answers(port: int) -> bool:
    connection = HTTPConnection(HOST, port, timeout=5)
    try:
        connection.request("GET", "/healthz")
        return connection.getresponse().status == HTTPStatus.OK
    except OSError:
        return False
    finally:
        connection.close()
