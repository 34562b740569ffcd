"""Servers on one home, killed and started again as chance has it, and the database with them."""

from __future__ import annotations

import os
import signal
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import httpx

from tailrace.crash_points import POINTS
from tests.support.deadlines import wait_until
from tests.support.kills.moments import PATIENCE_SECONDS, Moments
from tests.support.ports import free_port
from tests.support.prepared_process import PreparedProcess

if TYPE_CHECKING:
    import random
    from collections.abc import Generator, Mapping
    from pathlib import Path

    from tests.support.home import Home
    from tests.support.kills.history import History
    from tests.support.postgresql import PostgresqlServer

#: Rounds that take seconds to minutes in production, here so often that kills fall into them.
#: A job that is interrupted by every second kill must still complete in the end.
ENVIRONMENT = {
    "TAILRACE_COMPACT_SECONDS": "0.5",
    "TAILRACE_JANITOR_SECONDS": "0.3",
    "TAILRACE_LEASE_SECONDS": "2",
    "TAILRACE_LOG_LEVEL": "warning",
    "TAILRACE_MAXIMUM_ATTEMPTS": "100000",
    "TAILRACE_POLL_SECONDS": "0.05",
    "TAILRACE_SETTLE_SECONDS": "0.2",
}

#: Points that a server passes, each on its own way: loads, backups and object storage are not here.
SERVER_POINTS = tuple(
    point
    for point in POINTS
    if not point.startswith(("load.", "backup.", "restore.", "upload.", "job.fail", "import.fail"))
)


@dataclass(slots=True)
class KilledServer:
    """One of them: a port, and a process that comes and goes."""

    home: Path
    environment: Mapping[str, str]
    log: Path
    port: int = field(default_factory=free_port)
    #: Whether it dies at a named point if it comes there.
    has_point: bool = False
    _process: PreparedProcess | None = None

    def start(self, *, point: str | None = None, after: int = 1) -> None:
        """Start it, to die when it comes to a point for the n-th time if one is named."""
        self.has_point = point is not None
        named = {} if point is None else {"TAILRACE_CRASH_POINT": point}
        more = {**named, "TAILRACE_CRASH_AFTER": str(after)}
        self._process = PreparedProcess(
            ["serve", "--home", str(self.home), "--port", str(self.port)],
            output=self.log,
            errors=self.log,
            environment={**self.environment, **more},
        )

    def has_ended(self) -> bool:
        return self._process is None or self._process.exit_code() is not None

    def end(self, number: signal.Signals) -> int:
        """Exit code after a signal; it may have ended before."""
        assert self._process is not None, "it was never started"
        self._process.send(number)
        return self._process.wait(PATIENCE_SECONDS)

    def answers(self) -> bool:
        try:
            url = f"http://127.0.0.1:{self.port}/healthz"
            return httpx.get(url, timeout=5, trust_env=False).status_code == 200
        except httpx.TransportError:
            return False


@dataclass(slots=True)
class Tally:
    """What was killed, for the report."""

    servers: int = 0
    databases: int = 0
    #: Servers that died at a named point rather than at a moment.
    at_points: int = 0
    #: Servers that ended by themselves because the database was not there.
    gave_up: int = 0

    @property
    def kills(self) -> int:
        return self.servers + self.databases


class Killer:
    """Kills one of the servers, or all, or the database, at one moment after the other."""

    def __init__(
        self,
        servers: list[KilledServer],
        chance: random.Random,
        history: History,
        database: PostgresqlServer | None,
    ) -> None:
        self._servers = servers
        self._chance = chance
        self._database = database
        self._moments = Moments(
            servers[0].home,
            chance,
            history,
            lambda: any(server.has_ended() for server in servers),
        )
        self.tally = Tally()

    def kill_once(self) -> None:
        """Wait for some moment, kill somebody, and start whoever was killed."""
        if any(server.has_point for server in self._servers):
            self._moments.wait_for_a_point()
        else:
            self._moments.wait()
        if self._database is not None and self._chance.random() < 0.1:
            self._kill_the_database(self._database)
        elif len(self._servers) > 1 and self._chance.random() < 0.3:
            for server in self._servers:
                self._kill(server)
        else:
            # Who has died at a point is started in any case.
            dead = [server for server in self._servers if server.has_ended()]
            for server in dead or [self._chance.choice(self._servers)]:
                self._kill(server)

    def _kill(self, server: KilledServer) -> None:
        was_alive = not server.has_ended()
        self._note_end(server, server.end(signal.SIGKILL), was_by_signal=was_alive)
        self._start(server)

    def _note_end(self, server: KilledServer, code: int, *, was_by_signal: bool) -> None:
        if code == -signal.SIGKILL:
            self.tally.servers += 1
            self.tally.at_points += not was_by_signal
            return
        assert self._database is not None, f"a server ended with {code}; its log: {server.log}"
        self.tally.gave_up += 1

    def _start(self, server: KilledServer) -> None:
        if self._chance.random() < 0.12:
            point = self._chance.choice(SERVER_POINTS)
            server.start(point=point, after=self._chance.randint(1, 3))
        else:
            server.start()

    def _kill_the_database(self, database: PostgresqlServer) -> None:
        self.tally.databases += 1
        way = self._chance.choice([database.kill, database.stop_at_once, None])
        if way is None:
            database.lose_a_process()
            return
        way()
        database.start()

    def revive(self) -> None:
        """Let everybody live, servers without a point at which they die."""
        if self._database is not None:
            self._database.wait()
        for server in self._servers:
            server.end(signal.SIGKILL)
            server.start()
        for server in self._servers:
            what = f"an answer; the server's log: {server.log}"
            wait_until(server.answers, what, seconds=PATIENCE_SECONDS)


@contextmanager
def killed_servers(home: Home, count: int) -> Generator[list[KilledServer]]:
    """Servers that run when the block begins; they are gone when it ends."""
    log = home.path.parent / "servers.log"
    environment = {**os.environ, **home.environment, **ENVIRONMENT}
    servers = [KilledServer(home.path, environment, log) for _ in range(count)]
    try:
        for server in servers:
            server.start()
        for server in servers:
            what = f"the first answer; the server's log: {server.log}"
            wait_until(server.answers, what, seconds=PATIENCE_SECONDS)
        yield servers
    finally:
        for server in servers:
            if not server.has_ended():
                server.end(signal.SIGKILL)
