"""What an export job costs besides its rows: the store's part, planning, publishing.

    .venv/bin/python -m benchmarks.job_costs

Exports of nothing, one after another, on a home with PostgreSQL as its store; then a claim beside a
long queue. The costs go to `job-costs.json` beside the data, for `benchmarks.scaling`.
"""

from __future__ import annotations

import json
import logging
import time
from dataclasses import asdict, dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING

import structlog

from benchmarks.figures import median
from benchmarks.workbench import DIRECTORY
from tailrace.domain.export_job import ObjectFamily
from tailrace.store.jobs import queued_jobs
from tailrace.telemetry.metrics import PROCESS_METRICS
from tests.support.application import SteppedApplication
from tests.support.stores import POSTGRESQL, left_open

if TYPE_CHECKING:
    from collections.abc import Callable

    from tailrace.domain.caller import Caller

COSTS = "job-costs.json"

#: As many queued jobs as a claim looks at: `tailrace.jobs.runner`.
CLAIM_WINDOW = 1000

_JOBS = 60
_QUEUED = 1500
_LOOKS = 20

_ACTIVITIES = ObjectFamily.ACTIVITIES
_EMPTY = {
    "filter": {"createdAt": {"startAt": "2020-01-01T00:00:00Z", "endAt": "2020-01-31T00:00:00Z"}}
}


@dataclass(frozen=True, slots=True)
class JobCosts:
    """Seconds of one job; what the store does counts as if it did one thing at a time."""

    create_and_enqueue_seconds: float
    claim_seconds: float
    #: For each job that is queued besides, up to the window.
    claim_seconds_a_waiting_job: float
    plan_seconds: float
    publish_seconds: float
    complete_seconds: float
    claim_window: int = CLAIM_WINDOW


def main() -> None:
    # Every job says what it reads.
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(logging.WARNING))
    with TemporaryDirectory() as directory, left_open:
        stepped = SteppedApplication.open(Path(directory) / "home", POSTGRESQL)
        try:
            found = measured(stepped)
        finally:
            stepped.close()
    text = json.dumps(asdict(found), indent=2)
    print(text)
    (DIRECTORY / COSTS).write_text(text + "\n", encoding="utf-8")


def measured(stepped: SteppedApplication) -> JobCosts:
    caller = stepped.new_subscription()
    subscriptions = stepped.application.subscriptions
    subscriptions.set(caller.subscription_id, "queue_limit_jobs", str(_QUEUED + _JOBS))
    # The first one makes directories and warms everything up.
    export(stepped, caller)
    before = {stage: stage_seconds(stage) for stage in ("plan", "render", "write", "publish")}
    timed = [export(stepped, caller) for _ in range(_JOBS)]
    stages = {stage: (stage_seconds(stage) - seconds) / _JOBS for stage, seconds in before.items()}
    claim = median([look_seconds(stepped) for _ in range(_LOOKS)])
    for _ in range(_QUEUED):
        enqueue(stepped, caller)
    long_claim = median([look_seconds(stepped) for _ in range(_LOOKS)])
    ran = median([seconds for _, seconds in timed])
    return JobCosts(
        create_and_enqueue_seconds=median([seconds for seconds, _ in timed]),
        claim_seconds=claim,
        claim_seconds_a_waiting_job=max(0.0, long_claim - claim) / CLAIM_WINDOW,
        plan_seconds=stages["plan"],
        publish_seconds=stages["publish"],
        # Claiming and completing, the transactions of both.
        complete_seconds=max(0.0, ran - sum(stages.values()) - claim),
    )


def export(stepped: SteppedApplication, caller: Caller) -> tuple[float, float]:
    """Seconds to create and enqueue, and to claim, run and complete."""
    asked = seconds_of(lambda: enqueue(stepped, caller))
    return asked, seconds_of(stepped.application.runner.run_pending)


def enqueue(stepped: SteppedApplication, caller: Caller) -> None:
    jobs = stepped.application.jobs
    jobs.enqueue(caller, _ACTIVITIES, jobs.create(caller, _ACTIVITIES, _EMPTY).export_id)


def look_seconds(stepped: SteppedApplication) -> float:
    """What a claim reads of the queue."""

    def look() -> None:
        with stepped.application.database.read() as connection:
            queued_jobs(connection, CLAIM_WINDOW)

    return seconds_of(look)


def stage_seconds(stage: str) -> float:
    found = PROCESS_METRICS.get_sample_value("tailrace_export_stage_seconds_sum", {"stage": stage})
    return found or 0.0


def seconds_of(work: Callable[[], object]) -> float:
    began = time.perf_counter()
    work()
    return time.perf_counter() - began


if __name__ == "__main__":
    main()
