"""Any sequence of calls, runs, crashes and days leaves every job where the contract says.

The model knows jobs as plain values and the rules of contract sections 3.3, 3.6 and 3.7; the
product is the real service, runner and janitor on a real store with a clock that the test moves.
A runner that takes a job and dies is played by claiming the job as the runner does and then
letting the lease run out; when it was only slow, its late end of the job must change nothing.
"""

from __future__ import annotations

import atexit
import shutil
import tempfile
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    MultipleResults,
    RuleBasedStateMachine,
    consumes,
    initialize,
    invariant,
    multiple,
    rule,
)

from tailrace.domain.errors import (
    ExportFileNotFoundError,
    ExportQuotaError,
    JobCompletedError,
    ObjectNotFoundError,
    RequestError,
)
from tailrace.domain.export_job import ObjectFamily, ResultFile
from tailrace.domain.job_state import JobEvent, JobState
from tailrace.store import jobs as store
from tests.property.job_model import (
    FILE_LIFE,
    LEASE,
    QUOTA_BYTES,
    SLOTS,
    STATUS_LIFE,
    ExpectedJobs,
    Model,
    assert_shows,
)
from tests.support.application import SteppedApplication

if TYPE_CHECKING:
    from tailrace.domain.caller import Caller
    from tailrace.domain.export_job import ExportJob

RANGE = {"startAt": "2026-01-01T00:00:00Z", "endAt": "2026-01-02T00:00:00Z"}
BODY = {"fields": ["leadId"], "filter": {"createdAt": RANGE}}
LEAD_BODY = {"fields": ["id"], "filter": {"createdAt": RANGE}}
BODIES = {ObjectFamily.ACTIVITIES: BODY, ObjectFamily.LEADS: LEAD_BODY}


class Who(Enum):
    """Who names a job: mostly its owner, or the test would hardly ever get anywhere."""

    OWNER = "owner"
    OTHER_USER = "other user"
    OTHER_FAMILY = "other family"


whos = st.sampled_from([Who.OWNER] * 8 + [Who.OTHER_USER, Who.OTHER_FAMILY])


@dataclass(frozen=True)
class Key:
    """How a rule names a job: also to users and families that it does not belong to."""

    export_id: str


@dataclass(frozen=True)
class Held:
    """A claim by a runner that has not finished yet and may be dead."""

    job: ExportJob


@cache
def empty_home() -> Path:
    """A home without jobs, to be copied: faster than making one for every example."""
    directory = tempfile.TemporaryDirectory(prefix="tailrace-model-")
    atexit.register(directory.cleanup)
    home = Path(directory.name) / "home"
    product = SteppedApplication.open(home)
    product.close()
    return home


NO_KEY: tuple[Key, ...] = ()
NO_CLAIM: tuple[Held, ...] = ()


class JobLife(RuleBasedStateMachine):
    keys: Bundle[Key] = Bundle("keys")
    claims: Bundle[Held] = Bundle("claims")

    def __init__(self) -> None:
        super().__init__()
        self.directory = tempfile.TemporaryDirectory(prefix="tailrace-model-")
        home = Path(self.directory.name) / "home"
        shutil.copytree(empty_home(), home)
        self.product = SteppedApplication.open(home)
        self.clock = self.product.clock
        self.expected = ExpectedJobs(self.clock)

    def teardown(self) -> None:
        try:
            self.look_at_every_job()
        finally:
            self.product.close()
            self.directory.cleanup()

    @initialize()
    def two_api_users(self) -> None:
        application = self.product.application
        first = self.product.new_subscription()
        second_id = application.api_users.create(first.subscription_id, "second@example.com")
        second = type(first)(first.subscription_id, second_id, "second", first.permissions)
        self.callers: tuple[Caller, ...] = (first, second)

    # What API users do.

    @rule(target=keys, owner=st.integers(0, 1), family=st.sampled_from(ObjectFamily))
    def create(self, owner: int, family: ObjectFamily) -> Key | MultipleResults[Key]:
        jobs = self.product.application.jobs
        if self.expected.used_bytes() >= QUOTA_BYTES:
            with pytest.raises(ExportQuotaError):
                jobs.create(self.callers[owner], family, BODIES[family])
            return multiple(*NO_KEY)
        job = jobs.create(self.callers[owner], family, BODIES[family])
        self.expected.create(job.export_id, owner, family)
        return Key(job.export_id)

    @rule(owner=st.integers(0, 1), family=st.sampled_from(ObjectFamily))
    def create_from_a_bad_body(self, owner: int, family: ObjectFamily) -> None:
        with pytest.raises((RequestError, ExportQuotaError)):
            self.product.application.jobs.create(self.callers[owner], family, {"filter": {}})

    @rule(key=keys, who=whos)
    def enqueue(self, key: Key, who: Who) -> None:
        user, family = self.named_by(key, who)
        refusal = self.expected.enqueue_refusal(key.export_id, user, family)
        jobs = self.product.application.jobs
        if refusal is not None:
            with pytest.raises(refusal):
                jobs.enqueue(self.callers[user], family, key.export_id)
            return
        jobs.enqueue(self.callers[user], family, key.export_id)
        self.expected.enqueue(key.export_id)

    @rule(key=keys, who=whos)
    def cancel(self, key: Key, who: Who) -> None:
        user, family = self.named_by(key, who)
        jobs = self.product.application.jobs
        model = self.expected.visible(key.export_id, user, family)
        if model is None or model.state is JobState.COMPLETED:
            with pytest.raises(JobCompletedError if model else ObjectNotFoundError):
                jobs.cancel(self.callers[user], family, key.export_id)
            return
        shown = jobs.cancel(self.callers[user], family, key.export_id)
        if model.state is not JobState.FAILED and model.state is not JobState.CANCELLED:
            model.state, model.changed_at = JobState.CANCELLED, self.clock()
        assert shown.state is model.state

    @rule(target=keys, count=st.integers(2, 12), family=st.sampled_from(ObjectFamily))
    def create_and_enqueue_many(
        self, count: int, family: ObjectFamily
    ) -> Key | MultipleResults[Key]:
        made = [self.create(0, family) for _ in range(count)]
        keys = [one for one in made if isinstance(one, Key)]
        for key in keys:
            self.enqueue(key, Who.OWNER)
        return multiple(*keys)

    # What runners do.

    @rule()
    def run_here(self) -> None:
        """A runner of this process takes everything it may and brings it to its end."""
        self.product.application.runner.run_pending()
        self.expected.run_pending()

    @rule(target=claims, count=st.integers(1, 2), then_run=st.booleans())
    def claim_elsewhere(self, count: int, then_run: bool) -> Held | MultipleResults[Held]:
        """Runners of another process take the first jobs of the queue, one each."""
        # One more than they take, so that there is something to wait for a slot.
        missing = count + 1 - len(self.expected.by_queue(JobState.QUEUED))
        if missing > 0:
            self.create_and_enqueue_many(missing, ObjectFamily.ACTIVITIES)
        free = SLOTS - len(self.expected.by_queue(JobState.PROCESSING))
        waiting = self.expected.by_queue(JobState.QUEUED)[: min(count, free)]
        claims = [self.claimed_elsewhere(model) for model in waiting]
        if then_run:
            self.run_here()
        return multiple(*claims)

    def claimed_elsewhere(self, model: Model) -> Held:
        now = self.clock()
        with self.product.application.database.write() as connection:
            (job,) = store.queued_jobs(connection, 1)
            held = store.claim(connection, job, JobEvent.CLAIM, now, now + LEASE)
        assert held is not None
        assert self.expected.jobs[held.export_id] is model
        self.expected.take(model)
        return Held(held)

    @rule(target=claims, crashes=st.integers(1, 5), then_run=st.booleans())
    def runners_die(self, crashes: int, then_run: bool) -> Held | MultipleResults[Held]:
        """Another process takes the first job whose runner is gone, and dies, again and again."""
        if not self.expected.by_queue(JobState.PROCESSING):
            self.claim_elsewhere(1, then_run=False)
        last: Held | None = None
        for _ in range(crashes):
            self.clock.now += LEASE
            now = self.clock()
            with self.product.application.database.write() as connection:
                gone = store.abandoned_jobs(connection, now, 1)
                if not gone:
                    break
                held = store.claim(connection, gone[0], JobEvent.RECLAIM, now, now + LEASE)
            assert held is not None
            self.expected.take(self.expected.jobs[held.export_id])
            last = Held(held)
        self.clock.now += LEASE
        if then_run:
            self.run_here()
        return multiple(*NO_CLAIM) if last is None else last

    @rule(held=consumes(claims), megabytes=st.sampled_from([0, 1, 300, 600]))
    def finish_elsewhere(self, held: Held, megabytes: int) -> None:
        """That runner comes to its end, maybe long after it has lost the job."""
        size = megabytes * 1024 * 1024
        result = ResultFile(f"{held.job.export_id}.{held.job.fence}.csv", size, "0" * 64, 1)
        with self.product.application.database.write() as connection:
            is_ours = store.complete(connection, held.job, result, self.clock())
        assert is_ours == self.is_held(held)
        if is_ours:
            model = self.expected.jobs[held.job.export_id]
            self.expected.end(model, JobState.COMPLETED)
            model.size_bytes = size

    @rule(held=consumes(claims))
    def fail_elsewhere(self, held: Held) -> None:
        with self.product.application.database.write() as connection:
            is_ours = store.fail(connection, held.job, "Disk full", self.clock())
        assert is_ours == self.is_held(held)
        if is_ours:
            self.expected.end(self.expected.jobs[held.job.export_id], JobState.FAILED)

    @rule(megabytes=st.sampled_from([300, 600]))
    def large_export_elsewhere(self, megabytes: int) -> None:
        """Another process runs a job to its end while nothing else is waiting."""
        if self.expected.by_queue(JobState.QUEUED) or self.expected.by_queue(JobState.PROCESSING):
            return
        made = self.create(0, ObjectFamily.LEADS)
        if isinstance(made, Key):
            self.enqueue(made, Who.OWNER)
            (model,) = self.expected.by_queue(JobState.QUEUED)
            self.finish_elsewhere(self.claimed_elsewhere(model), megabytes)

    @rule(held=claims)
    def beat_elsewhere(self, held: Held) -> None:
        """That runner keeps its lease alive, if it still has it."""
        until = self.clock() + LEASE
        with self.product.application.database.write() as connection:
            is_ours = store.extend_lease(connection, held.job, until)
        assert is_ours == self.is_held(held)
        if is_ours:
            self.expected.jobs[held.job.export_id].lease_until = until

    # Time.

    @rule(
        duration=st.sampled_from(
            [
                *[timedelta(seconds=1)] * 3,
                *[timedelta(seconds=59)] * 3,
                LEASE,
                timedelta(hours=5),
                timedelta(days=1),
                FILE_LIFE,
                STATUS_LIFE,
            ]
        )
    )
    def time_passes(self, duration: timedelta) -> None:
        self.clock.now += duration

    @rule()
    def janitor_comes_by(self) -> None:
        self.product.application.janitor.clean()
        self.expected.forget_old()

    # What must hold after every step.

    @invariant()
    def everybody_sees_exactly_their_jobs(self) -> None:
        jobs = self.product.application.jobs
        for user, caller in enumerate(self.callers):
            for family in ObjectFamily:
                page = jobs.list(caller, family, frozenset(), 300, None)
                shown: dict[str, ExportJob] = {job.export_id: job for job in page.jobs}
                visible = self.expected.listed(user, family)
                assert set(shown) == set(visible)
                for export_id, model in visible.items():
                    assert_shows(shown[export_id], model)

    @rule()
    def look_at_every_job(self) -> None:
        self.assert_every_status()
        self.assert_every_file()

    def assert_every_status(self) -> None:
        jobs = self.product.application.jobs
        for export_id, model in self.expected.jobs.items():
            caller = self.callers[model.owner]
            stranger = self.callers[1 - model.owner]
            with pytest.raises(ObjectNotFoundError):
                jobs.status(stranger, model.family, export_id)
            if self.expected.visible(export_id, model.owner, model.family) is None:
                with pytest.raises(ObjectNotFoundError):
                    jobs.status(caller, model.family, export_id)
            else:
                assert_shows(jobs.status(caller, model.family, export_id), model)

    def assert_every_file(self) -> None:
        jobs = self.product.application.jobs
        for export_id, model in self.expected.jobs.items():
            caller = self.callers[model.owner]
            if self.expected.has_file(model):
                assert jobs.result_file(caller, model.family, export_id).sha256
            else:
                with pytest.raises(ExportFileNotFoundError):
                    jobs.result_file(caller, model.family, export_id)

    # Who and what a rule means.

    def named_by(self, key: Key, who: Who) -> tuple[int, ObjectFamily]:
        model = self.expected.jobs[key.export_id]
        families = list(ObjectFamily)
        other_family = families[1 - families.index(model.family)]
        return (
            1 - model.owner if who is Who.OTHER_USER else model.owner,
            other_family if who is Who.OTHER_FAMILY else model.family,
        )

    def is_held(self, held: Held) -> bool:
        model = self.expected.jobs[held.job.export_id]
        return model.state is JobState.PROCESSING and model.attempts == held.job.fence


TestJobLife = JobLife.TestCase
TestJobLife.settings = settings(max_examples=20, stateful_step_count=25)
