"""Sections 3.2 and 3.3: the job object in each state, and every call in every state."""

from __future__ import annotations

import re
import uuid
from typing import TYPE_CHECKING, get_args

import pytest

from tests.support.answers import Job, assert_text_404
from tests.support.api_user import Family
from tests.support.job_states import BODIES, hold_in_processing, job_in, slots_taken
from tests.support.world import DOOMED_LIST, LIST_MEMBERS

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_user import ApiUser
    from tests.support.home import Home

FAMILIES: tuple[Family, ...] = get_args(Family)
STATES = ("Created", "Queued", "Processing", "Completed", "Failed", "Cancelled")
_INSTANT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ")

BASE = ["exportId", "format", "status", "createdAt"]
#: The members of each state, in the order of recorded answers.
MEMBERS = {
    "Created": BASE,
    "Queued": [*BASE, "queuedAt"],
    "Processing": [*BASE, "queuedAt", "startedAt"],
    "Completed": [
        *BASE,
        "queuedAt",
        "startedAt",
        "finishedAt",
        "numberOfRecords",
        "fileSize",
        "fileChecksum",
    ],
    "Failed": [*BASE, "queuedAt", "startedAt", "finishedAt", "errorMsg"],
    "Cancelled": BASE,
}

ALREADY_QUEUED = ("1029", "Job already queued")
ENQUEUE_REFUSALS = {
    "Queued": ALREADY_QUEUED,
    "Processing": ALREADY_QUEUED,
    "Completed": ALREADY_QUEUED,
    "Failed": ("1003", "Export job has failed and must be recreated"),
    "Cancelled": ("1003", "Export job has been cancelled"),
}


@pytest.fixture(autouse=True)
def held_slots(home: Home, other: ApiUser, request: pytest.FixtureRequest) -> Iterator[None]:
    """Tests about a queued job keep it queued; all others leave the slots free."""
    names = request.node.name
    if "Queued" in names:
        with slots_taken(home, other):
            yield
    else:
        yield


def assert_is_a_job_in(state: str, job: Job) -> None:
    assert list(job) == MEMBERS[state]
    assert job["status"] == state
    parsed = uuid.UUID(job["exportId"])
    assert (parsed.version, str(parsed)) == (4, job["exportId"])
    instants = [value for name, value in job.items() if name.endswith("At")]
    assert all(_INSTANT.fullmatch(str(instant)) for instant in instants)
    assert instants == sorted(map(str, instants))


@pytest.mark.parametrize("state", STATES)
@pytest.mark.parametrize("family", FAMILIES)
def test_job_object__has_the_members_of_its_state(
    main: ApiUser, home: Home, family: Family, state: str
) -> None:
    export_id = job_in(state, home, main, family)
    assert_is_a_job_in(state, main.status(family, export_id).job())
    listed = {job["exportId"]: job for job in main.list(family).jobs()}
    assert_is_a_job_in(state, listed[export_id])
    if state == "Processing":
        main.cancel(family, export_id)


@pytest.mark.parametrize("family", FAMILIES)
def test_completed_job__counts_rows_and_bytes_of_its_file(main: ApiUser, family: Family) -> None:
    done = main.export(family, BODIES[family])
    assert done.job["numberOfRecords"] == done.text.count("\n") - 1
    assert done.job["fileSize"] == len(done.content)
    assert re.fullmatch(r"sha256:[0-9a-f]{64}", done.job["fileChecksum"])


def test_failed_job__says_why_and_has_no_file(main: ApiUser, home: Home, other: ApiUser) -> None:
    body = {"fields": ["id"], "filter": {"staticListId": DOOMED_LIST}}
    with slots_taken(home, other):
        export_id = main.enqueued("leads", body)
        with home.sql() as connection:
            for table, column in (("static_list_member", "list_id"), ("static_list", "id")):
                connection.execute(f"DELETE FROM {table} WHERE {column} = ?", [DOOMED_LIST])
    job = main.finished("leads", export_id)
    assert sorted(job) == sorted(MEMBERS["Failed"])
    assert (job["status"], job["errorMsg"]) == ("Failed", "List not found")
    assert_text_404(main.file("leads", export_id))
    assert main.enqueue("leads", export_id).error() == ENQUEUE_REFUSALS["Failed"]
    assert len(LIST_MEMBERS[DOOMED_LIST]) == 1


def test_create__answers_created_and_does_not_start(main: ApiUser) -> None:
    job = main.create("leads", BODIES["leads"]).job()
    assert_is_a_job_in("Created", job)
    assert job["format"] == "CSV"


# Enqueue.


@pytest.mark.parametrize("family", FAMILIES)
def test_enqueue_of_created__answers_queued_at_once(main: ApiUser, family: Family) -> None:
    export_id = main.created(family, BODIES[family])
    job = main.enqueue(family, export_id).job()
    assert_is_a_job_in("Queued", job)
    assert job["exportId"] == export_id
    main.finished(family, export_id)


@pytest.mark.parametrize("state", ENQUEUE_REFUSALS)
@pytest.mark.parametrize("family", FAMILIES)
def test_enqueue_of_any_other_state__is_refused_and_changes_nothing(
    main: ApiUser, home: Home, family: Family, state: str
) -> None:
    export_id = job_in(state, home, main, family)
    before = main.status(family, export_id).job()
    assert main.enqueue(family, export_id).error() == ENQUEUE_REFUSALS[state]
    assert main.status(family, export_id).job() == before
    if state == "Processing":
        main.cancel(family, export_id)


# Cancel.


@pytest.mark.parametrize(
    ("state", "members"),
    [
        ("Created", BASE),
        ("Queued", [*BASE, "queuedAt"]),
        ("Processing", [*BASE, "queuedAt", "startedAt"]),
        ("Cancelled", BASE),
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_cancel__answers_cancelled_with_the_times_it_had(
    main: ApiUser, home: Home, family: Family, state: str, members: list[str]
) -> None:
    export_id = job_in(state, home, main, family)
    job = main.cancel(family, export_id).job()
    assert (list(job), job["status"]) == (members, "Cancelled")
    # At once and for good (contract section 3.6).
    assert main.status(family, export_id).job() == job
    assert main.cancel(family, export_id).job() == job
    assert main.enqueue(family, export_id).error() == ENQUEUE_REFUSALS["Cancelled"]
    assert_text_404(main.file(family, export_id))


def test_cancel_of_completed__is_refused_and_keeps_the_file(main: ApiUser, home: Home) -> None:
    export_id = job_in("Completed", home, main, "leads")
    assert main.cancel("leads", export_id).error() == ("1003", "Export job already completed")
    assert main.file("leads", export_id).status == 200


def test_cancel_of_failed__answers_the_job_unchanged(main: ApiUser, home: Home) -> None:
    export_id = job_in("Failed", home, main, "leads")
    before = main.status("leads", export_id).job()
    assert main.cancel("leads", export_id).job() == before
    assert main.status("leads", export_id).job() == before


def test_cancel_of_processing__frees_its_slot_at_once(main: ApiUser, home: Home) -> None:
    holders = [main.created("leads", BODIES["leads"]) for _ in range(2)]
    for export_id in holders:
        hold_in_processing(home, export_id)
    waiting = main.enqueued("leads", BODIES["leads"])
    assert main.status("leads", waiting).job()["status"] == "Queued"
    main.cancel("leads", holders[0])
    assert main.finished("leads", waiting)["status"] == "Completed"
    main.cancel("leads", holders[1])


# File.


@pytest.mark.parametrize("state", [state for state in STATES if state != "Completed"])
@pytest.mark.parametrize("family", FAMILIES)
def test_file_of_any_state_but_completed__is_404_in_plain_text(
    main: ApiUser, home: Home, family: Family, state: str
) -> None:
    export_id = job_in(state, home, main, family)
    assert_text_404(main.file(family, export_id))
    assert_text_404(main.file(family, export_id, "bytes=0-0"))
    if state == "Processing":
        main.cancel(family, export_id)


def test_completed_job__is_never_without_its_file(main: ApiUser) -> None:
    for _ in range(10):
        export_id = main.enqueued("activities", BODIES["activities"])
        main.finished("activities", export_id)
        assert main.file("activities", export_id).status == 200


# Who sees a job (section 3.7).

UNKNOWN = ("1013", "Object not found")


def assert_unknown(user: ApiUser, family: Family, export_id: str) -> None:
    assert user.status(family, export_id).error() == UNKNOWN
    assert user.enqueue(family, export_id).error() == UNKNOWN
    assert user.cancel(family, export_id).error() == UNKNOWN
    assert_text_404(user.file(family, export_id))
    assert export_id not in [job["exportId"] for job in user.list(family).jobs()]


@pytest.mark.parametrize(
    "export_id",
    [
        "00000000-0000-4000-8000-000000000000",
        "no-uuid",
        "1",
        "%27%20OR%201=1",
        "x" * 500,
        "%00",
        "%F0%9F%92%A9",
    ],
)
@pytest.mark.parametrize("family", FAMILIES)
def test_unknown_or_malformed_id__is_not_found(
    main: ApiUser, family: Family, export_id: str
) -> None:
    assert_unknown(main, family, export_id)


@pytest.mark.parametrize("state", STATES)
def test_job_of_another_api_user__does_not_exist(
    main: ApiUser, other: ApiUser, home: Home, state: str
) -> None:
    export_id = job_in(state, home, main, "leads")
    before = main.status("leads", export_id).job()
    assert_unknown(other, "leads", export_id)
    assert main.status("leads", export_id).job() == before
    if state == "Processing":
        main.cancel("leads", export_id)


@pytest.mark.parametrize(("family", "wrong"), [("leads", "activities"), ("activities", "leads")])
def test_job_of_another_family__does_not_exist(
    main: ApiUser, home: Home, family: Family, wrong: Family
) -> None:
    export_id = job_in("Completed", home, main, family)
    assert_unknown(main, wrong, export_id)


def test_two_services_of_one_user__share_their_jobs(
    main: ApiUser, second: ApiUser, home: Home
) -> None:
    export_id = job_in("Completed", home, main, "leads")
    assert second.status("leads", export_id).job() == main.status("leads", export_id).job()
    assert export_id in [job["exportId"] for job in second.list("leads").jobs()]
    assert second.file("leads", export_id).content == main.file("leads", export_id).content
    created = main.created("leads", BODIES["leads"])
    assert second.cancel("leads", created).job()["status"] == "Cancelled"
