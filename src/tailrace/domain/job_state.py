"""The states of an export job and every way from one to another.

Theory of operation: a job is created, enqueued by its API user, claimed by a runner when a slot
is free, and ends as completed, failed or cancelled. A runner holds the job by a lease and a
fencing number that grows with every claim; when the lease runs out (the runner died) another
runner reclaims the job, and the old one's fencing number no longer matches, so it can neither
publish nor finish it. The store applies a transition as one UPDATE that names the states it may
start from (and the fencing number, for what only the runner may do): no row changed means
somebody else was first. Nothing outside this table changes a job's state.
(Contract section 3.3.)
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum


class JobState(StrEnum):
    """A state under the name that clients see: `Cancelled` has two l (contract section 0.2)."""

    #: Made, but not asked to run.
    CREATED = "Created"
    #: Waiting for a free slot, first come first served.
    QUEUED = "Queued"
    #: A runner holds a lease on it.
    PROCESSING = "Processing"
    #: Its file is published.
    COMPLETED = "Completed"
    #: It ended without a file; `errorMsg` says why.
    FAILED = "Failed"
    #: Its API user called it off.
    CANCELLED = "Cancelled"


class JobEvent(StrEnum):
    """What moves a job; each is written to the event log in the transaction that applies it."""

    CREATE = "create"
    ENQUEUE = "enqueue"
    CLAIM = "claim"
    RECLAIM = "reclaim"
    COMPLETE = "complete"
    FAIL = "fail"
    CANCEL = "cancel"


@dataclass(frozen=True, slots=True)
class Transition:
    #: The states it may start from.
    sources: frozenset[JobState]
    #: The state it leads to.
    target: JobState
    #: Whether only the runner with the current fencing number may do it.
    is_fenced: bool


_CANCELLABLE = frozenset({JobState.CREATED, JobState.QUEUED, JobState.PROCESSING})
_PROCESSING = frozenset({JobState.PROCESSING})

TRANSITIONS: dict[JobEvent, Transition] = {
    JobEvent.CREATE: Transition(frozenset(), JobState.CREATED, is_fenced=False),
    JobEvent.ENQUEUE: Transition(frozenset({JobState.CREATED}), JobState.QUEUED, is_fenced=False),
    JobEvent.CLAIM: Transition(frozenset({JobState.QUEUED}), JobState.PROCESSING, is_fenced=False),
    JobEvent.RECLAIM: Transition(_PROCESSING, JobState.PROCESSING, is_fenced=True),
    JobEvent.COMPLETE: Transition(_PROCESSING, JobState.COMPLETED, is_fenced=True),
    JobEvent.FAIL: Transition(_PROCESSING, JobState.FAILED, is_fenced=True),
    JobEvent.CANCEL: Transition(_CANCELLABLE, JobState.CANCELLED, is_fenced=False),
}

#: No transition leaves these.
FINAL_STATES = frozenset(JobState) - frozenset().union(
    *(transition.sources for transition in TRANSITIONS.values())
)

#: These count against the queue limit (contract section 3.6).
QUEUE_STATES = frozenset({JobState.QUEUED, JobState.PROCESSING})
