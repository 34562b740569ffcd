"""Clients that do what clients do, at random, and write down what came of it."""

from __future__ import annotations

import random
import threading
import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.kills.calling import Caller, NobodyListensError
from tests.support.kills.job_acts import JobActs
from tests.support.kills.line import Line
from tests.support.kills.record_acts import RecordActs

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    from tests.support.kills.history import History

#: Before the next attempt where no server listens.
_PAUSE_SECONDS = 0.005


class Client:
    """One of them; `run` is what its thread does."""

    def __init__(
        self, number: int, chance: random.Random, ports: Sequence[int], token: str, history: History
    ) -> None:
        self._chance = chance
        self._lines = [Line(number, Caller(port, token), history) for port in ports]
        jobs, records = JobActs(chance), RecordActs(chance, f"c{number}")
        self._acts: dict[Callable[[Line], None], int] = {
            jobs.create: 10,
            jobs.go_on: 35,
            records.ingest: 25,
            records.write_lead: 20,
            records.read_lead: 5,
            records.import_leads: 2,
            records.look_at_an_import: 3,
        }

    def run(self, is_over: threading.Event) -> None:
        """Call until it is over."""
        acts, weights = [*self._acts], [*self._acts.values()]
        while not is_over.is_set():
            (act,) = self._chance.choices(acts, weights)
            try:
                act(self._chance.choice(self._lines))
            except NobodyListensError:
                time.sleep(_PAUSE_SECONDS)
        for line in self._lines:
            line.caller.close()


@contextmanager
def calling_clients(
    count: int, seed: str, ports: Sequence[int], token: str, history: History
) -> Generator[None]:
    """So many of them for the length of the block; what goes wrong in one is raised at its end."""
    is_over, failures = threading.Event(), list[BaseException]()

    def run(client: Client) -> None:
        try:
            client.run(is_over)
        except BaseException as error:  # noqa: BLE001 - raised below, in the thread of the test
            failures.append(error)

    threads = [
        threading.Thread(
            target=run,
            args=(Client(number, random.Random(f"{seed} {number}"), ports, token, history),),
        )
        for number in range(count)
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        is_over.set()
        for thread in threads:
            thread.join()
    if failures:
        raise failures[0]
