"""Section 3.6: the queue, the slots and the day's quota."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.support.central_day import wait_for_a_day_that_lasts
from tests.support.deadlines import wait_until
from tests.support.job_states import (
    BODIES,
    backdate,
    cancel_everything,
    slots_taken,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.api_user import ApiUser, Family
    from tests.support.home import Home
    from tests.support.world import World

QUEUE_FULL = ("1029", "Too many jobs in queue")
QUOTA_1 = ("1029", "Export daily quota 1MB exceeded.")

#: An export of this is a little over a megabyte.
HEAVY_DAY = {"startAt": "2023-06-01T00:00:00Z", "endAt": "2023-06-01T23:59:59Z"}
HEAVY = {"filter": {"createdAt": HEAVY_DAY}}


@pytest.fixture(scope="module")
def world(make_world: Callable[[], World]) -> World:
    """The world, and a day whose export is a little over a megabyte."""
    world = make_world()
    rows: list[dict[str, object]] = [
        {
            "marketoGUID": str(10_000 + number),
            "leadId": 1,
            "activityDate": "2023-06-01T12:00:00Z",
            "activityTypeId": 1,
            "primaryAttributeValue": "p",
            "attributes": {"Query Parameters": f"{number}" + "x" * 20_000},
        }
        for number in range(60)
    ]
    world.home.load("activities", rows)
    return world


@pytest.fixture(autouse=True)
def clean_slate(main: ApiUser, other: ApiUser, home: Home) -> Iterator[None]:
    """An empty queue, and nothing finished today, for the next test."""
    wait_for_a_day_that_lasts()
    yield
    cancel_everything(main)
    cancel_everything(other)
    with home.sql() as connection:
        two_days = 2 * 86_400 * 1_000_000
        connection.execute("UPDATE export_job SET finished_at = finished_at - ?", [two_days])


@pytest.fixture
def spent_quota(main: ApiUser, home: Home) -> Iterator[str]:
    """A quota of one megabyte that the job given has used up."""
    export_id = main.enqueued("activities", HEAVY)
    assert main.finished("activities", export_id)["fileSize"] > 1024 * 1024
    with home.setting("quota_megabytes", 1):
        yield export_id


def claims(home: Home) -> list[str]:
    """Export ids in the order in which runners took them."""
    with home.sql() as connection:
        rows = connection.execute(
            "SELECT export_id FROM job_event WHERE event = 'claim' ORDER BY id"
        )
        return [str(row[0]) for row in rows]


# Queue and slots.


def test_eleventh_job_in_the_queue__is_refused_and_stays_created(
    main: ApiUser, other: ApiUser, home: Home
) -> None:
    with slots_taken(home, other):
        families: list[Family] = ["leads", "activities"] * 4
        queued = [main.enqueued(family, BODIES[family]) for family in families]
        eleventh = main.created("leads", BODIES["leads"])
        assert main.enqueue("leads", eleventh).error() == QUEUE_FULL
        assert other.enqueue("activities", other.created("activities", HEAVY)).error() == QUEUE_FULL
        assert list(main.status("leads", eleventh).job()) == [
            "exportId",
            "format",
            "status",
            "createdAt",
        ]
        main.cancel("leads", queued[0])
        assert main.enqueue("leads", eleventh).job()["status"] == "Queued"
    for family, export_id in zip(families[1:], queued[1:], strict=True):
        assert main.finished(family, export_id)["status"] == "Completed"


def test_created_jobs__take_no_place_in_the_queue(main: ApiUser) -> None:
    created = [main.created("leads", BODIES["leads"]) for _ in range(40)]
    assert main.enqueue("leads", created[-1]).job()["status"] == "Queued"


def test_queue_limit__follows_its_setting_at_once(
    main: ApiUser, other: ApiUser, home: Home
) -> None:
    with slots_taken(home, other), home.setting("queue_limit_jobs", 2):
        export_id = main.created("leads", BODIES["leads"])
        assert main.enqueue("leads", export_id).error() == QUEUE_FULL
        home.set("queue_limit_jobs", 3)
        assert main.enqueue("leads", export_id).job()["status"] == "Queued"


def test_queue__is_first_come_first_served_across_families_and_users(
    main: ApiUser, other: ApiUser, home: Home
) -> None:
    families: list[Family] = ["activities", "leads", "leads", "activities", "leads"]
    users = [main, other, main, other, main]
    created: list[tuple[ApiUser, Family, str]] = [
        (user, family, user.created(family, BODIES[family]))
        for user, family in zip(users, families, strict=True)
    ]
    # Enqueued the other way round than created.
    created.reverse()
    with slots_taken(home, other):
        for user, family, export_id in created:
            user.enqueue(family, export_id).job()
    for user, family, export_id in created:
        user.finished(family, export_id)
    ids = [export_id for _, _, export_id in created]
    assert [export_id for export_id in claims(home) if export_id in ids] == ids


def test_queued_job__waits_until_a_slot_is_free(main: ApiUser, other: ApiUser, home: Home) -> None:
    with slots_taken(home, other):
        first = main.enqueued("leads", BODIES["leads"])
        second = main.enqueued("activities", BODIES["activities"])
        with home.setting("processing_slots", 3):
            assert main.finished("leads", first)["status"] == "Completed"
            assert main.finished("activities", second)["status"] == "Completed"
        third = main.enqueued("leads", BODIES["leads"])
        # Whatever was enqueued after it would be claimed after it, and the slots are taken.
        assert main.status("leads", third).job()["status"] == "Queued"
        assert third not in claims(home)
    assert main.finished("leads", third)["status"] == "Completed"


def test_jobs_in_processing__are_never_more_than_two(main: ApiUser, home: Home) -> None:
    export_ids = [main.enqueued("activities", HEAVY) for _ in range(8)]
    for export_id in export_ids:
        main.finished("activities", export_id)
    with home.sql() as connection:
        events = connection.execute("SELECT export_id, to_state FROM job_event ORDER BY id")
        processing: set[str] = set()
        for export_id, state in events:
            if state == "Processing":
                processing.add(export_id)
            else:
                processing.discard(export_id)
            assert len(processing) <= 2


# Quota.


@pytest.mark.usefixtures("spent_quota")
def test_create_over_quota__is_refused_before_anything_else(main: ApiUser) -> None:
    assert main.create("leads", BODIES["leads"]).error() == QUOTA_1
    assert main.create("activities", BODIES["activities"]).error() == QUOTA_1
    assert main.create("leads", {"format": "XML"}).error() == QUOTA_1


@pytest.mark.usefixtures("spent_quota")
def test_create_over_quota__is_refused_before_the_body_is_read(main: ApiUser) -> None:
    headers = {"Content-Type": "application/json"}
    path = "/bulk/v1/leads/export/create.json"
    assert main.call("POST", path, content=b"not json", headers=headers).error() == QUOTA_1


def test_enqueue_over_quota__is_refused_and_the_job_stays_created(
    main: ApiUser, home: Home
) -> None:
    waiting = main.created("leads", BODIES["leads"])
    spent = main.enqueued("activities", HEAVY)
    main.finished("activities", spent)
    with home.setting("quota_megabytes", 1):
        assert main.enqueue("leads", waiting).error() == QUOTA_1
        assert main.status("leads", waiting).job()["status"] == "Created"


def test_quota__is_used_up_by_its_last_byte(main: ApiUser, home: Home, spent_quota: str) -> None:
    resize = "UPDATE export_job SET file_size_bytes = ? WHERE export_id = ?"
    home.change(resize, 1024 * 1024 - 1, spent_quota)
    assert main.create("leads", BODIES["leads"]).job()["status"] == "Created"
    home.change(resize, 1024 * 1024, spent_quota)
    assert main.create("leads", BODIES["leads"]).error() == QUOTA_1


@pytest.mark.usefixtures("spent_quota")
def test_quota__is_shared_by_the_users_of_a_subscription(other: ApiUser) -> None:
    assert other.create("leads", BODIES["leads"]).error() == QUOTA_1


@pytest.mark.usefixtures("spent_quota")
def test_quota__does_not_stop_downloads_and_looks(main: ApiUser, spent_quota: str) -> None:
    assert main.file("activities", spent_quota).status == 200
    assert main.status("activities", spent_quota).job()["status"] == "Completed"
    assert main.list("activities").jobs()


@pytest.mark.usefixtures("spent_quota")
def test_quota__follows_its_setting_at_once(main: ApiUser, home: Home) -> None:
    assert main.create("leads", BODIES["leads"]).error() == QUOTA_1
    home.set("quota_megabytes", 500)
    assert main.create("leads", BODIES["leads"]).job()["status"] == "Created"


def test_quota__is_new_after_midnight(main: ApiUser, home: Home, spent_quota: str) -> None:
    assert main.create("leads", BODIES["leads"]).error() == QUOTA_1
    backdate(home, spent_quota, days=1.01)
    assert main.create("leads", BODIES["leads"]).job()["status"] == "Created"


def test_queued_job__finishes_although_the_quota_is_used_up_meanwhile(
    main: ApiUser, other: ApiUser, home: Home
) -> None:
    with home.setting("quota_megabytes", 1):
        with slots_taken(home, other):
            export_ids = [main.enqueued("activities", HEAVY) for _ in range(3)]
        for export_id in export_ids:
            assert main.finished("activities", export_id)["status"] == "Completed"
        assert main.create("leads", BODIES["leads"]).error() == QUOTA_1


def test_used_up_quota__comes_after_already_queued(main: ApiUser, spent_quota: str) -> None:
    # What tap-marketo and embulk tell apart by the text (contract section 3.3).
    assert main.enqueue("activities", spent_quota).error() == ("1029", "Job already queued")


# Files in use.


def test_file_being_downloaded__is_not_deleted_under_its_reader(main: ApiUser, home: Home) -> None:
    export_id = main.enqueued("activities", HEAVY)
    job = main.finished("activities", export_id)
    path = f"/bulk/v1/activities/export/{export_id}/file.json"
    headers = {"Authorization": f"Bearer {main.token}"}
    digest = hashlib.sha256()
    with main.http.stream("GET", path, headers=headers) as response:
        pieces = response.iter_bytes(1000)
        digest.update(next(pieces))
        backdate(home, export_id, days=8)
        wait_until(lambda: not list(home.path.rglob(f"*{export_id}*")), "the file's deletion")
        for piece in pieces:
            digest.update(piece)
    assert f"sha256:{digest.hexdigest()}" == job["fileChecksum"]


# Settings.


def test_settings__are_shown_and_set_by_command(main: ApiUser, home: Home) -> None:
    home.command("subscription", "set", "queue_limit_jobs", "1")
    shown = home.command("subscription", "show", "--json").json()
    assert "queue_limit_jobs" in str(shown)
    first, second = (main.created("activities", HEAVY) for _ in range(2))
    with slots_taken(home, main, slots=1):
        assert main.enqueue("activities", first).error() == QUEUE_FULL
    home.set("queue_limit_jobs", 10)
    assert main.enqueue("activities", second).job()["status"] == "Queued"


def test_setting_that_breaks_its_rule__is_refused(home: Home) -> None:
    refused = home.run("subscription", "set", "queue_limit_jobs", "0")
    assert refused.exit_code != 0
    assert "queue_limit_jobs" in refused.errors
