"""The product without a server: its real objects on a real home, run step by step by the test."""

from __future__ import annotations

import itertools
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from tailrace.app import Application, open_application
from tailrace.domain.caller import Caller
from tailrace.domain.permissions import Permission
from tailrace.store.subscriptions import create_subscription
from tests.support.stores import DEFAULT_STORE, store_settings
from tests.unit.store_home import SteppedClock

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.domain.export_job import ExportJob, ObjectFamily


@dataclass(frozen=True, slots=True)
class ExportedFile:
    job: ExportJob
    content: bytes


@dataclass(frozen=True, slots=True)
class SteppedApplication:
    """An application whose clock, runner and janitor move only when told to."""

    application: Application
    clock: SteppedClock
    _numbers: itertools.count[int] = field(default_factory=itertools.count)

    @classmethod
    def open(cls, home: Path, store: str = DEFAULT_STORE) -> SteppedApplication:
        clock = SteppedClock()
        return cls(open_application(store_settings(home, store), clock), clock)

    def close(self) -> None:
        self.application.close()

    def new_subscription(self) -> Caller:
        """An API user with every permission in an empty subscription of its own."""
        name = f"subscription-{next(self._numbers)}"
        with self.application.database.write() as connection:
            subscription_id = create_subscription(connection, name, self.clock())
        user_id = self.application.api_users.create(subscription_id, f"{name}@example.com")
        return Caller(subscription_id, user_id, name, frozenset(Permission))

    def export(self, caller: Caller, family: ObjectFamily, body: object) -> ExportedFile:
        """Create, enqueue, run here and now, and read the file."""
        jobs = self.application.jobs
        job = jobs.create(caller, family, body)
        jobs.enqueue(caller, family, job.export_id)
        self.application.runner.run_pending()
        result = jobs.result_file(caller, family, job.export_id)
        path = self.application.settings.home / "files" / str(caller.subscription_id) / result.name
        return ExportedFile(jobs.status(caller, family, job.export_id), path.read_bytes())
