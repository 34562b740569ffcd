"""One run: clients call, servers are killed, and all that was said is examined afterwards."""

from __future__ import annotations

import math
import random
import signal
import time
from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tests.support.api_user import ApiUser
from tests.support.deadlines import wait_until
from tests.support.kills.aftermath import aftermath_of
from tests.support.kills.calling import Caller
from tests.support.kills.clients import calling_clients
from tests.support.kills.examination import breaches
from tests.support.kills.history import Action, Export, History, Outcome
from tests.support.kills.job_acts import download
from tests.support.kills.killed_servers import Killer, killed_servers
from tests.support.kills.line import Line
from tests.support.kills.moments import PATIENCE_SECONDS

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.kills.killed_servers import KilledServer, Tally
    from tests.support.postgresql import PostgresqlServer
    from tests.support.world import World

_CLIENTS = 5


@dataclass(frozen=True, slots=True)
class Report:
    tally: Tally
    calls: int
    #: Of each kind of call, how many were cut: what was in flight when somebody was killed.
    unknown: Counter[str]
    #: Attempts at jobs that were cut: another one was made after each.
    interrupted: int
    completed: int
    activities: int
    leads: int
    seconds: float
    breaches: list[str]


def run_with_kills(
    world: World,
    *,
    seed: str,
    kills: int,
    servers: int = 1,
    database: PostgresqlServer | None = None,
    most_seconds: float = math.inf,
) -> Report:
    """Kill so many times, or for so long, then let everything come to its end, and look."""
    began = time.monotonic()
    history = History()
    with killed_servers(world.home, servers) as running:
        killer = Killer(running, random.Random(f"{seed} killer"), history, database)
        with ApiUser(f"http://127.0.0.1:{running[0].port}", world.main) as user:
            token = user.token
        ports = [server.port for server in running]
        with calling_clients(_CLIENTS, seed, ports, token, history):
            while killer.tally.kills < kills and time.monotonic() - began < most_seconds:
                killer.kill_once()
        killer.revive()
        _wait_for_every_end(world.home)
        _download_all(running[0], token, history)
        _wait_for_the_sweeper(world.home)
        for server in running:
            assert server.end(signal.SIGTERM) == 0, server.log
    seconds = time.monotonic() - began
    history.save(world.home.path.parent / "history.jsonl")
    return _report(history, world.home, killer.tally, seconds)


def _report(history: History, home: Home, tally: Tally, seconds: float) -> Report:
    calls, after = history.calls(), aftermath_of(home)
    return Report(
        tally=tally,
        calls=len(calls),
        unknown=Counter(str(call.action) for call in calls if call.outcome is Outcome.UNKNOWN),
        interrupted=sum(event.event == "reclaim" for event in after.events),
        completed=sum(row.state == "Completed" for row in after.jobs.values()),
        activities=len(after.activities),
        leads=len(after.leads),
        seconds=seconds,
        breaches=breaches(calls, after),
    )


def _wait_for_every_end(home: Home) -> None:
    jobs = "SELECT count(*) FROM export_job WHERE state IN ('Queued', 'Processing')"
    imports = "SELECT count(*) FROM lead_import WHERE state IN ('Queued', 'Importing')"

    def is_over() -> bool:
        with home.sql() as connection:
            counts = [connection.execute(query).fetchone()[0] for query in (jobs, imports)]
        return counts == [0, 0]

    wait_until(is_over, "the end of every job and import", seconds=PATIENCE_SECONDS)


def _wait_for_the_sweeper(home: Home) -> None:
    """What nobody names any more is gone after its next round."""

    def is_swept() -> bool:
        with home.sql() as connection:
            query = "SELECT file_name FROM export_job WHERE file_name IS NOT NULL"
            names = {name for (name,) in connection.execute(query)}
        return {path.name for path in (home.path / "files" / "1").glob("*")} <= names

    wait_until(is_swept, "the sweep of files without a job", seconds=PATIENCE_SECONDS)


def _download_all(server: KilledServer, token: str, history: History) -> None:
    """Every file that there is, once more, after the last kill."""
    line = Line(-1, Caller(server.port, token), history)
    calls = history.calls()
    wanted = {
        call.subject: Export.of(call.value)
        for call in calls
        if call.action is Action.CREATE and call.outcome is Outcome.DONE
    }
    completed = {call.subject for call in calls if call.sha256}
    read = {call.subject for call in calls if call.action is Action.DOWNLOAD and call.sha256}
    for export_id in sorted(completed):
        download(line, export_id, wanted[export_id], is_read=export_id in read)
    line.caller.close()
