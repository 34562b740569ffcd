"""What a history and its aftermath must show, whatever was killed when: a rule each.

Every rule yields a sentence for each breach of it. A call that was acknowledged has happened, one
that was refused has not, of any other either is right.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from itertools import pairwise
from typing import TYPE_CHECKING

from tailrace.domain.job_state import FINAL_STATES, TRANSITIONS, JobEvent, JobState
from tests.support.kills.content_rules import CONTENT_RULES
from tests.support.kills.evidence import Evidence
from tests.support.kills.history import Action, Outcome
from tests.support.kills.lead_rules import LEAD_RULES

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence

    from tests.support.kills.aftermath import Aftermath
    from tests.support.kills.history import Call

#: Of the contract: jobs queued or processing, and jobs processing, of one subscription.
QUEUE_LIMIT, SLOTS = 10, 2

#: What may be refused, and with which code: a full queue, an end that was there before, a file
#: that is not there yet.
EXPECTED_REFUSALS: dict[Action, set[str]] = {
    Action.ENQUEUE: {"1029"},
    Action.CANCEL: {"1003"},
    Action.DOWNLOAD: {"404"},
    Action.IMPORT: {"1016"},
}

_RANKS = {"Created": 0, "Queued": 1, "Processing": 2, "Completed": 3, "Failed": 3, "Cancelled": 3}
_IMPORT_RANKS = {"Queued": 0, "Importing": 1, "Complete": 2, "Failed": 2}


def breaches(calls: Sequence[Call], after: Aftermath) -> list[str]:
    """Every breach of a rule; none if all is well."""
    evidence = Evidence(calls, after)
    return [said for rule in RULES for said in rule(evidence)]


def refusals_are_expected(evidence: Evidence) -> Iterator[str]:
    for call in evidence.calls:
        is_expected = call.value in EXPECTED_REFUSALS.get(call.action, set())
        if call.outcome is Outcome.REFUSED and not is_expected:
            yield f"{call.action} of {call.subject} was refused with {call.value}"


def acknowledged_jobs_are_there(evidence: Evidence) -> Iterator[str]:
    for call in evidence.done(Action.CREATE):
        if call.subject not in evidence.after.jobs:
            yield f"job {call.subject} was acknowledged and is not there"
    known = {call.subject for call in evidence.done(Action.CREATE)}
    unknown_creates = sum(
        call.action is Action.CREATE and call.outcome is Outcome.UNKNOWN for call in evidence.calls
    )
    if len(evidence.after.jobs.keys() - known) > unknown_creates:
        yield "there are more jobs than anybody has asked for"


def enqueued_jobs_end(evidence: Evidence) -> Iterator[str]:
    for export_id, row in evidence.after.jobs.items():
        if row.state in ("Queued", "Processing"):
            yield f"job {export_id} has not ended: {row.state}"
        if row.state == "Failed":
            yield f"job {export_id} has failed"
    for call in evidence.done(Action.ENQUEUE):
        row = evidence.after.jobs.get(call.subject)
        if row is not None and JobState(row.state) not in FINAL_STATES:
            yield f"job {call.subject} was enqueued and is {row.state}"
    tried = {call.subject for call in evidence.effective(Action.CANCEL)}
    for export_id, row in evidence.after.jobs.items():
        if row.state == "Cancelled" and export_id in evidence.created and export_id not in tried:
            yield f"job {export_id} is cancelled, which nobody asked for"


def status_never_goes_back(evidence: Evidence) -> Iterator[str]:
    for export_id, calls in evidence.by_job.items():
        seen = [one for one in map(_told_status, calls) if one is not None]
        row = evidence.after.jobs.get(export_id)
        end = [] if row is None else [(evidence.end, evidence.end, row.state, True)]
        for said in _steps_back([*seen, *end], _RANKS):
            yield f"job {export_id} went {said}"


def import_status_never_goes_back(evidence: Evidence) -> Iterator[str]:
    by_import: dict[str, list[_Seen]] = defaultdict(list)
    for call in evidence.done(Action.IMPORT_STATUS):
        by_import[call.subject].append((call.began, call.ended, call.value, True))
    for import_id, seen in by_import.items():
        state = evidence.after.imports.get(import_id, "nowhere")
        for said in _steps_back([*seen, (evidence.end, evidence.end, state, True)], _IMPORT_RANKS):
            yield f"import {import_id} went {said}"


#: Began, ended, status, and whether that is what it was, or what it was past.
_Seen = tuple[int, int, str, bool]


def _told_status(call: Call) -> _Seen | None:
    if call.outcome is not Outcome.DONE:
        return None
    if call.action is Action.STATUS:
        return call.began, call.ended, call.value, True
    meant = {Action.CREATE: "Created", Action.ENQUEUE: "Queued", Action.CANCEL: "Cancelled"}
    status = meant.get(call.action)
    return None if status is None else (call.began, call.ended, status, status == "Cancelled")


def _steps_back(seen: Sequence[_Seen], ranks: dict[str, int]) -> Iterator[str]:
    """`from … to …` for whatever was seen after something later in life."""
    by_end = sorted(seen, key=lambda one: one[1])
    latest: _Seen | None = None
    earlier = iter(by_end)
    following = next(earlier, None)
    last_rank = max(ranks.values())
    for one in sorted(seen):
        while following is not None and following[1] < one[0]:
            if latest is None or ranks.get(following[2], -1) >= ranks.get(latest[2], -1):
                latest = following
            following = next(earlier, None)
        if latest is None or not one[3]:
            continue
        rank, before = ranks.get(one[2], -1), ranks.get(latest[2], -1)
        if rank < before or (before == last_rank and one[2] != latest[2]):
            yield f"from {latest[2]} to {one[2]}"


def events_follow_the_transitions(evidence: Evidence) -> Iterator[str]:
    by_job = evidence.events_by_job()
    for export_id, row in evidence.after.jobs.items():
        events = by_job.get(export_id, [])
        if not events or events[0].event != "create" or events[-1].to_state != row.state:
            yield f"job {export_id} is {row.state}, of which its events do not tell"
        for before, event in pairwise(events):
            transition = TRANSITIONS[JobEvent(event.event)]
            is_allowed = before.to_state in transition.sources
            is_claim = event.event in ("claim", "reclaim")
            if (
                not is_allowed
                or event.from_state != before.to_state
                or event.fence != before.fence + is_claim
            ):
                yield f"job {export_id}: {event} after {before}"


def bounds_hold(evidence: Evidence) -> Iterator[str]:
    """At every moment: the events are in the order in which the bounds were looked at."""
    states: dict[str, str] = {}
    counts: Counter[str] = Counter()
    for event in evidence.after.events:
        counts[states.get(event.export_id, "")] -= 1
        states[event.export_id] = event.to_state
        counts[event.to_state] += 1
        if counts["Processing"] > SLOTS:
            yield f"{counts['Processing']} jobs in processing at {event}"
        if counts["Queued"] + counts["Processing"] > QUEUE_LIMIT:
            yield f"{counts['Queued'] + counts['Processing']} jobs in the queue at {event}"


def completed_jobs_have_their_files(evidence: Evidence) -> Iterator[str]:
    files, named = evidence.after.files, set[str]()
    for export_id, row in evidence.after.jobs.items():
        if row.state != "Completed":
            continue
        named.add(row.file_name or "")
        file = files.get(row.file_name or "")
        if file is None:
            yield f"job {export_id} lacks its file"
        elif (file.size_bytes, file.sha256) != (row.size_bytes, row.sha256):
            yield f"the file of job {export_id} is not the one that was completed"
    for name in sorted(files.keys() - named):
        yield f"{name} lies about"


def ledger_is_the_sum_of_file_sizes(evidence: Evidence) -> Iterator[str]:
    total = sum(file.size_bytes for file in evidence.after.files.values())
    if total != evidence.after.counted_bytes:
        yield f"{evidence.after.counted_bytes} bytes are counted, {total} are there"


RULES: tuple[Callable[[Evidence], Iterable[str]], ...] = (
    refusals_are_expected,
    acknowledged_jobs_are_there,
    enqueued_jobs_end,
    status_never_goes_back,
    import_status_never_goes_back,
    events_follow_the_transitions,
    bounds_hold,
    completed_jobs_have_their_files,
    ledger_is_the_sum_of_file_sizes,
    *CONTENT_RULES,
    *LEAD_RULES,
)
