"""The examination of histories finds every kind of loss: each is made by hand here once."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.kills.aftermath import Activity, Aftermath, File, JobEvent, JobRow
from tests.support.kills.evidence import DOMAIN
from tests.support.kills.examination import QUEUE_LIMIT, RULES, breaches
from tests.support.kills.history import Action, Call, Outcome

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

DONE, REFUSED, UNKNOWN = Outcome.DONE, Outcome.REFUSED, Outcome.UNKNOWN

ADA, BOB, CLEO = (f"{name}{DOMAIN}" for name in ("ada", "bob", "cleo"))
FILE = File(100, "aaaa")


def call(at: int, action: Action, subject: str, outcome: Outcome = DONE, **more: Any) -> Call:
    """A call that takes from `at` to a little later."""
    return Call(1, action, subject, outcome, began=at * 10, ended=at * 10 + 5, **more)


#: A life as it should be: a batch whose first answer is lost, an export of it, leads, an import.
CALLS = (
    call(1, Action.INGEST, "k1", UNKNOWN, marks=("k1-0-d1", "k1-1-d2")),
    call(2, Action.INGEST, "k1", marks=("k1-0-d1", "k1-1-d2")),
    call(3, Action.CREATE, "j1", value="activities 1 4"),
    call(4, Action.ENQUEUE, "j1"),
    call(5, Action.STATUS, "j1", value="Processing"),
    call(6, Action.INGEST, "k2", UNKNOWN, marks=("k2-0-d1",)),
    call(7, Action.STATUS, "j1", value="Completed", sha256="aaaa", size_bytes=100),
    call(
        8,
        Action.DOWNLOAD,
        "j1",
        value="aaaa",
        sha256="aaaa",
        size_bytes=100,
        marks=("k1-0-d1", "k1-1-d2"),
    ),
    call(9, Action.CREATE, "j2", value="leads 1 4"),
    call(10, Action.CANCEL, "j2"),
    call(11, Action.WRITE_LEAD, ADA, value="v1"),
    call(12, Action.WRITE_LEAD, ADA, UNKNOWN, value="v2"),
    call(13, Action.READ_LEAD, ADA, value="v2"),
    call(14, Action.IMPORT, "7", marks=(BOB,)),
    call(15, Action.IMPORT_STATUS, "7", value="Complete"),
    call(16, Action.CREATE, "j3", value="leads 1 4"),
    call(17, Action.ENQUEUE, "j3"),
    call(18, Action.DOWNLOAD, "j3", value="bbbb", sha256="bbbb", size_bytes=50, marks=(ADA, BOB)),
    call(19, Action.IMPORT, "", UNKNOWN, marks=(CLEO,)),
    call(20, Action.ENQUEUE, "j4", REFUSED, value="1029"),
)


def events(export_id: str, *steps: str) -> list[JobEvent]:
    """`event state`, each from the state before it."""
    states = [None, *(step.split()[1] for step in steps)]
    found: list[JobEvent] = []
    fence = 0
    for before, step in zip(states, steps, strict=False):
        event, state = step.split()
        fence += event in ("claim", "reclaim")
        found.append(JobEvent(export_id, event, before, state, fence))
    return found


LIFE = ("create Created", "enqueue Queued", "claim Processing")
AFTER = Aftermath(
    jobs={
        "j1": JobRow("Completed", "j1.2.csv", 100, "aaaa"),
        "j2": JobRow("Cancelled"),
        "j3": JobRow("Completed", "j3.1.csv", 50, "bbbb"),
    },
    events=[
        *events("j1", *LIFE, "reclaim Processing", "complete Completed"),
        *events("j2", "create Created", "cancel Cancelled"),
        *events("j3", *LIFE, "complete Completed"),
    ],
    files={"j1.2.csv": FILE, "j3.1.csv": File(50, "bbbb")},
    leads=[(1, ADA, "v2"), (2, BOB, "v1"), (3, "world@example.com", "v9")],
    imports={"7": "Complete"},
    activities=[
        Activity(1, 1, 1, "k1-0-d1"),
        Activity(2, 1, 1, "k1-1-d2"),
        Activity(3, 12, 1),
        Activity(4, 12, 2),
        Activity(5, 24, 2),
    ],
    counted_bytes=150,
)


def with_job(export_id: str, row: JobRow | None) -> Aftermath:
    jobs = {**AFTER.jobs}
    jobs.pop(export_id, None)
    return replace(AFTER, jobs=jobs if row is None else {**jobs, export_id: row})


def queue_of(length: int, *more: JobEvent) -> Aftermath:
    """As many jobs in the queue at once, all of which end."""
    names = [f"q{number}" for number in range(length)]
    enqueued = [one for name in names for one in events(name, "create Created", "enqueue Queued")]
    ended = [JobEvent(name, "cancel", "Queued", "Cancelled", 0) for name in names]
    return replace(
        AFTER,
        events=[*AFTER.events, *enqueued, *more, *ended],
        jobs={**AFTER.jobs, **{name: JobRow("Cancelled") for name in names}},
    )


UNKNOWN_CREATES = [call(30, Action.CREATE, "", UNKNOWN, value="leads 1 4")] * 20

Change = tuple["Sequence[Call]", Aftermath]

#: What the examination says of each, in part.
LOSSES: dict[str, Change] = {
    "j1 was acknowledged and is not there": (CALLS, with_job("j1", None)),
    "more jobs than anybody has asked for": (CALLS, with_job("j9", JobRow("Created"))),
    "job j3 has not ended": (CALLS, with_job("j3", JobRow("Processing"))),
    "job j3 was enqueued and is Created": (CALLS, with_job("j3", JobRow("Created"))),
    "job j3 has failed": (CALLS, with_job("j3", JobRow("Failed"))),
    "job j3 is cancelled, which nobody asked for": (CALLS, with_job("j3", JobRow("Cancelled"))),
    "job j1 went from Completed to Processing": (
        [*CALLS, call(21, Action.STATUS, "j1", value="Processing")],
        AFTER,
    ),
    "job j1 went from Completed to Cancelled": (
        [*CALLS, call(21, Action.STATUS, "j1", value="Cancelled")],
        AFTER,
    ),
    "job j1 went from Queued to Created": (
        [*CALLS[:4], replace(CALLS[4], value="Created"), *CALLS[5:]],
        AFTER,
    ),
    "job j2 went from Cancelled to Completed": (
        CALLS,
        with_job("j2", JobRow("Completed", "j1.2.csv", 100, "aaaa")),
    ),
    "import 7 went from Complete to Importing": (
        [*CALLS, call(21, Action.IMPORT_STATUS, "7", value="Importing")],
        AFTER,
    ),
    "of which its events do not tell": (CALLS, replace(AFTER, events=AFTER.events[:-1])),
    # A runner that had lost its lease has published.
    "to_state='Completed', fence=1) after": (
        CALLS,
        replace(
            AFTER,
            events=[*AFTER.events[:4], replace(AFTER.events[4], fence=1), *AFTER.events[5:]],
        ),
    ),
    "event='complete', from_state='Queued'": (
        CALLS,
        replace(
            AFTER,
            events=[
                *AFTER.events[:-2],
                JobEvent("j3", "complete", "Queued", "Completed", 0),
            ],
        ),
    ),
    f"{QUEUE_LIMIT + 1} jobs in the queue": (
        [*CALLS, *UNKNOWN_CREATES, call(40, Action.CANCEL, "q0")],
        queue_of(QUEUE_LIMIT + 1),
    ),
    "3 jobs in processing": (
        [*CALLS, *UNKNOWN_CREATES],
        queue_of(3, *(JobEvent(f"q{one}", "claim", "Queued", "Processing", 1) for one in range(3))),
    ),
    "job j1 lacks its file": (CALLS, replace(AFTER, files={"j3.1.csv": File(50, "bbbb")})),
    "the file of job j1 is not the one that was completed": (
        CALLS,
        replace(AFTER, files={**AFTER.files, "j1.2.csv": File(100, "cccc")}),
    ),
    "j1.1.part lies about": (
        CALLS,
        replace(AFTER, files={**AFTER.files, "j1.1.part": File(0, "")}),
    ),
    "151 bytes are counted, 150 are there": (CALLS, replace(AFTER, counted_bytes=151)),
    "the file of job j1 is told as": (
        [*CALLS, call(21, Action.DOWNLOAD, "j1", value="cccc", sha256="cccc", size_bytes=100)],
        AFTER,
    ),
    "could not be had after it was completed": (
        [*CALLS, call(21, Action.DOWNLOAD, "j1", REFUSED, value="404")],
        AFTER,
    ),
    "batch k1 (acknowledged): {0, 1}": (
        CALLS,
        replace(AFTER, activities=AFTER.activities[1:]),
    ),
    "batch k1 (acknowledged): {1, 2}": (
        CALLS,
        replace(AFTER, activities=[*AFTER.activities, Activity(9, 1, 1, "k1-0-d1")]),
    ),
    "batch k2 (not acknowledged): {2}": (
        CALLS,
        replace(AFTER, activities=[*AFTER.activities, *[Activity(9, 1, 1, "k2-0-d1")] * 2]),
    ),
    "activity 5 is there 2 times": (
        CALLS,
        replace(AFTER, activities=[*AFTER.activities, Activity(5, 13, 1)]),
    ),
    "nobody has sent the activity k9-0-d1": (
        CALLS,
        replace(AFTER, activities=[*AFTER.activities, Activity(9, 1, 1, "k9-0-d1")]),
    ),
    "export j1 has 1 of 2 of batch k1": (
        [*CALLS[:7], replace(CALLS[7], marks=("k1-0-d1",)), *CALLS[8:]],
        AFTER,
    ),
    "export j1 has 0 of 2 of batch k1": (
        [*CALLS[:7], replace(CALLS[7], marks=()), *CALLS[8:]],
        AFTER,
    ),
    "export j1 has an activity twice": (
        [*CALLS[:7], replace(CALLS[7], marks=("k1-0-d1", "k1-1-d2", "k1-0-d1")), *CALLS[8:]],
        AFTER,
    ),
    "export j1 has activities that nobody sent": (
        [*CALLS[:7], replace(CALLS[7], marks=("k1-0-d1", "k1-1-d2", "k9-0-d1")), *CALLS[8:]],
        AFTER,
    ),
    "export j3 has a lead twice": (
        [*CALLS[:17], replace(CALLS[17], marks=(ADA, BOB, BOB)), *CALLS[18:]],
        AFTER,
    ),
    f"export j3 lacks 1 leads, {ADA}": (
        [*CALLS[:17], replace(CALLS[17], marks=(BOB,)), *CALLS[18:]],
        AFTER,
    ),
    f"export j3 lacks 1 leads, {BOB}": (
        [*CALLS[:17], replace(CALLS[17], marks=(ADA,)), *CALLS[18:]],
        AFTER,
    ),
    f"lead {ADA} is there 2 times": (CALLS, replace(AFTER, leads=[*AFTER.leads, (9, ADA, "v2")])),
    f"lead {ADA} is at nothing after v2": (CALLS, replace(AFTER, leads=AFTER.leads[1:])),
    f"lead {ADA} is at v1 after v2": (
        CALLS,
        replace(AFTER, leads=[(1, ADA, "v1"), *AFTER.leads[1:]]),
    ),
    f"lead {ADA} is at v3 after v2": (
        CALLS,
        replace(AFTER, leads=[(1, ADA, "v3"), *AFTER.leads[1:]]),
    ),
    f"tells 0 times of the new lead {ADA}": (
        CALLS,
        replace(AFTER, activities=[one for one in AFTER.activities if one.guid != 3]),
    ),
    f"tells 2 times of the new lead {BOB}": (
        CALLS,
        replace(AFTER, activities=[*AFTER.activities, Activity(9, 12, 2)]),
    ),
    "import 7 is Importing": (CALLS, replace(AFTER, imports={"7": "Importing"})),
    "import 7 was taken, not all of its leads are there": (
        CALLS,
        replace(AFTER, leads=[AFTER.leads[0]]),
    ),
    f"an import of {CLEO} is there in part": (
        [*CALLS[:18], replace(CALLS[18], marks=(CLEO, f"dan{DOMAIN}")), CALLS[19]],
        replace(
            AFTER,
            leads=[*AFTER.leads, (4, CLEO, "v1")],
            activities=[*AFTER.activities, Activity(6, 12, 4), Activity(7, 24, 4)],
        ),
    ),
    "leads of import 7 were put into the list {2} times": (
        CALLS,
        replace(AFTER, activities=[*AFTER.activities, Activity(9, 24, 2)]),
    ),
    "create of  was refused with 611": (
        [*CALLS, call(21, Action.CREATE, "", REFUSED, value="611")],
        AFTER,
    ),
}


def test_history_without_a_loss__is_passed() -> None:
    assert breaches(CALLS, AFTER) == []


@pytest.mark.parametrize("said", LOSSES)
def test_loss__is_found(said: str) -> None:
    calls, after = LOSSES[said]
    assert any(said in one for one in breaches(calls, after)), breaches(calls, after)


@pytest.mark.parametrize("rule", RULES)
def test_every_rule__finds_something(rule: Callable[[Any], Any]) -> None:
    """A rule that is never broken here could be one that cannot be."""
    from tests.support.kills.evidence import Evidence

    assert any(list(rule(Evidence(calls, after))) for calls, after in LOSSES.values())


def test_what_nobody_has_acknowledged__may_have_happened() -> None:
    after = replace(
        AFTER,
        activities=[
            *AFTER.activities,
            Activity(6, 1, 1, "k2-0-d1"),
            Activity(7, 12, 4),
            Activity(8, 24, 4),
        ],
        leads=[*AFTER.leads, (4, CLEO, "v1")],
    )
    assert breaches(CALLS, after) == []


def test_status_of_a_call_that_was_under_way__may_be_the_earlier_one() -> None:
    """Only of two calls, one of which ended before the other began, is one the later one."""
    late = replace(CALLS[4], ended=CALLS[6].ended + 1)
    assert breaches([*CALLS[:4], late, *CALLS[5:]], AFTER) == []
