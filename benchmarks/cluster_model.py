"""A simulation of exports on a cluster: what each part is busy with, and which one is the next limit.

Theory of operation: discrete events (SimPy) of what the product does, fragment by fragment. An
export keeps its window of tasks with the scheduler; a worker's thread renders; the coordinator
fetches shards in order over its server's network, one at a time, while a second thread hashes and
writes the one before. Each of these is a resource that serves in turn; how long it is busy is
counted. Costs are those measured with real processes (`benchmarks.cluster`, `benchmarks.job_costs`).

Not in the model: storage that the lake is read from, disks slower than the network, failures.
"""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import simpy

if TYPE_CHECKING:
    from collections.abc import Generator

    from benchmarks.cluster import Costs
    from benchmarks.job_costs import JobCosts

    Events = Generator[simpy.Event, Any, None]

_LEAST_WINDOW = 4
_TASKS_PER_THREAD = 2


@dataclass(frozen=True, slots=True)
class Site:
    """The machines. A worker is one process with one thread and one processor."""

    workers: int
    servers: int = 1
    server_processors: int = 4
    #: Of each server, in bytes a second.
    network: float = 1.25e9
    #: Whether servers, scheduler and workers share the processors of one machine.
    is_one_machine: bool = False


@dataclass(frozen=True, slots=True)
class Prediction:
    seconds: float
    size_bytes: float
    #: Share of the time that each part was busy; of the busiest one where there are several.
    busy: dict[str, float]

    @property
    def limit(self) -> str:
        """The part that is busiest: more of anything else would change little."""
        return max(self.busy, key=lambda name: self.busy[name])


class Part:
    """Something that serves one after another, or as many at once as it has places."""

    def __init__(self, clock: simpy.Environment, places: int = 1) -> None:
        self.clock = clock
        self.places = places
        self.resource = simpy.Resource(clock, places)
        self.busy_seconds = 0.0

    def serve(self, seconds: float) -> Events:
        turn = self.resource.request()
        with turn:
            yield turn
            yield self.clock.timeout(seconds)
        self.busy_seconds += seconds

    def busy(self) -> float:
        return self.busy_seconds / (self.places * self.clock.now) if self.clock.now else 0.0


@dataclass(slots=True)
class _Server:
    network: Part
    processors: Part


@dataclass(slots=True)
class Model:
    """A site at work. `run` says how it went."""

    site: Site
    costs: Costs
    clock: simpy.Environment = field(default_factory=simpy.Environment)
    size_bytes: float = 0.0
    #: Shards of all exports that were rendered and not fetched, at most.
    most_waiting: int = 0
    _waiting: int = 0
    _threads: dict[str, list[Part]] = field(default_factory=dict[str, list[Part]])
    scheduler: Part = field(init=False)
    workers: Part = field(init=False)
    database: Part = field(init=False)
    servers: list[_Server] = field(init=False)
    machine: Part | None = field(init=False)

    def __post_init__(self) -> None:
        clock, site = self.clock, self.site
        self.scheduler, self.database = Part(clock), Part(clock)
        self.workers = Part(clock, site.workers)
        self.machine = Part(clock, site.server_processors) if site.is_one_machine else None
        self.servers = [
            _Server(Part(clock), self.machine or Part(clock, site.server_processors))
            for _ in range(site.servers)
        ]

    def run(self) -> Prediction:
        """Until nothing is left to do."""
        self.clock.run()
        busy = {
            "scheduler": self.scheduler.busy(),
            "workers": self.workers.busy(),
            "network": max(one.network.busy() for one in self.servers),
            "server's processors": max(one.processors.busy() for one in self.servers),
            "database": self.database.busy(),
        }
        for name, parts in self._threads.items():
            busy[name] = max(part.busy() for part in parts)
        return Prediction(self.clock.now, self.size_bytes, busy)

    def export(self, server: int, fragments: int) -> Events:
        """One export, from its first task to the last byte."""
        costs, home = self.costs, self.servers[server]
        shards = simpy.Store(self.clock, capacity=1)
        fetching, writing = self._thread("fetching"), self._thread("hashing and writing")
        writer = self.clock.process(self._write(home, shards, writing, fragments))
        window = max(_LEAST_WINDOW, _TASKS_PER_THREAD * self.site.workers)
        ahead: deque[simpy.Process] = deque()
        asked = 0
        while asked < fragments or ahead:
            while asked < fragments and len(ahead) < window:
                own = costs.plan_seconds_a_fragment + costs.coordinator_seconds_a_task
                yield from self._worked(home, fetching, own)
                ahead.append(self.clock.process(self._render()))
                asked += 1
            yield ahead.popleft()
            self._waiting -= 1
            yield from home.network.serve(costs.fragment_bytes / self.site.network)
            received = costs.fragment_bytes * costs.receive_seconds_a_byte
            yield from self._worked(home, fetching, received)
            yield shards.put(None)
        yield writer

    def _render(self) -> Events:
        costs = self.costs
        yield from self.scheduler.serve(costs.scheduler_seconds_a_task)
        seconds = costs.render_seconds_a_fragment + costs.fragment_bytes * costs.send_seconds_a_byte
        turn = self.workers.resource.request()
        with turn:
            yield turn
            if self.machine is not None:
                yield from self.machine.serve(seconds)
            else:
                yield self.clock.timeout(seconds)
        self.workers.busy_seconds += seconds
        self._waiting += 1
        self.most_waiting = max(self.most_waiting, self._waiting)

    def _write(self, home: _Server, shards: simpy.Store, thread: Part, fragments: int) -> Events:
        costs = self.costs
        seconds = costs.fragment_bytes * (costs.hash_seconds_a_byte + costs.write_seconds_a_byte)
        for _ in range(fragments):
            yield shards.get()
            yield from self._worked(home, thread, seconds)
            self.size_bytes += costs.fragment_bytes

    def _worked(self, home: _Server, thread: Part, seconds: float) -> Events:
        """A thread of an export does something on its server."""
        yield from home.processors.serve(seconds)
        thread.busy_seconds += seconds

    def _thread(self, name: str) -> Part:
        part = Part(self.clock)
        self._threads.setdefault(name, []).append(part)
        return part


def exports_at_once(site: Site, costs: Costs, exports: int, size_bytes: float) -> Prediction:
    """So many exports of so many bytes in all, spread over the servers."""
    model = Model(site, costs)
    fragments = max(1, round(size_bytes / exports / costs.fragment_bytes))
    for number in range(exports):
        model.clock.process(model.export(number % site.servers, fragments))
    return model.run()


@dataclass(frozen=True, slots=True)
class Night:
    """Every subscription has one export made, all of them within some time."""

    subscriptions: int
    #: Of each file.
    size_bytes: float
    arrival_seconds: float
    runner_threads: int = 4


def one_night(site: Site, costs: Costs, job: JobCosts, night: Night) -> Prediction:
    """From the first call to the last file."""
    model = Model(site, costs)
    queue = simpy.Store(model.clock)
    model.clock.process(_arrivals(model, job, night, queue))
    jobs = iter(range(night.subscriptions))
    for server in range(site.servers):
        for _ in range(night.runner_threads):
            model.clock.process(_runner(model, server, job, night, queue, jobs))
    return model.run()


def _arrivals(model: Model, job: JobCosts, night: Night, queue: simpy.Store) -> Events:
    pause = night.arrival_seconds / night.subscriptions
    for _ in range(night.subscriptions):
        model.clock.process(_enqueued(model, job, queue))
        yield model.clock.timeout(pause)


def _enqueued(model: Model, job: JobCosts, queue: simpy.Store) -> Events:
    yield from model.database.serve(job.create_and_enqueue_seconds)
    yield queue.put(None)


def _runner(
    model: Model, server: int, job: JobCosts, night: Night, queue: simpy.Store, jobs: Any
) -> Events:
    """One thread of a server: job after job, until every one of the night is taken."""
    fragments = max(1, round(night.size_bytes / model.costs.fragment_bytes))
    for _ in jobs:
        yield queue.get()
        waiting = min(len(queue.items), job.claim_window)
        seconds = job.claim_seconds + waiting * job.claim_seconds_a_waiting_job
        yield from model.database.serve(seconds)
        yield from model.servers[server].processors.serve(job.plan_seconds)
        yield from model.export(server, fragments)
        yield model.clock.timeout(job.publish_seconds)
        yield from model.database.serve(job.complete_seconds)
