"""Sections 5.1 and 5.2: which leads an export holds, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.deadlines import wait_until
from tests.support.job_states import slots_taken
from tests.support.world import ANONYMOUS_LEAD, GERMANS, MARCH, TEST_LIST

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser
    from tests.support.home import Home


def leads(user: ApiUser, **filters: object) -> list[int]:
    """Ids of the exported leads, in file order."""
    done = user.export("leads", {"fields": ["id"], "filter": filters})
    head, *rows, end = done.text.split("\n")
    assert (head, end) == ("id", "")
    assert done.job["numberOfRecords"] == len(rows)
    return [int(row) for row in rows]


def between(start: str, end: str) -> dict[str, str]:
    return {"startAt": start, "endAt": end}


# Ranges. Leads 1 and 2 are a second apart, and lead 4 is in the last second of March.


def test_created_at__holds_both_ends_and_orders_by_time_then_id(main: ApiUser) -> None:
    assert leads(main, createdAt=MARCH) == [1, 2, 3, 7, 4]


def test_start__is_inclusive(main: ApiUser) -> None:
    end = MARCH["endAt"]
    assert leads(main, createdAt=between("2024-03-01T00:00:01Z", end)) == [2, 3, 7, 4]
    assert leads(main, createdAt=between("2024-03-01T00:00:02Z", end)) == [3, 7, 4]


def test_end__is_inclusive(main: ApiUser) -> None:
    start = "2024-03-15T12:00:01Z"
    assert leads(main, createdAt=between(start, "2024-03-31T23:59:58Z")) == []
    assert leads(main, createdAt=between(start, "2024-03-31T23:59:59Z")) == [4]
    assert leads(main, createdAt=between(start, "2024-04-01T00:00:00Z")) == [4, 5]


def test_range_of_one_second__holds_it(main: ApiUser) -> None:
    second = "2024-03-01T00:00:00Z"
    assert leads(main, createdAt=between(second, second)) == [1]


@pytest.mark.parametrize(
    "second",
    [
        "2024-03-01T00:00:01Z",
        "2024-03-01T00:00:01z",
        "2024-03-01T00:00:01+00:00",
        "2024-03-01T00:00:01-00:00",
        "2024-03-01T00:00:01+0000",
        "2024-03-01T00:00:01",
        "2024-03-01T00:00:01.000Z",
        "2024-03-01T00:00:01.999Z",
        "2024-03-01T00:00:01.835074+00:00",
        "2024-02-29T19:00:01-05:00",
        "2024-02-29T18:30:01-0530",
        "2024-03-01T14:00:01+14:00",
    ],
)
def test_instant__is_understood_in_every_form_clients_send(main: ApiUser, second: str) -> None:
    assert leads(main, createdAt=between(second, second)) == [2]


def test_date_alone__is_midnight(main: ApiUser) -> None:
    assert leads(main, createdAt=between("2024-03-01", "2024-03-01")) == [1]
    assert leads(main, createdAt=between("2024-03-01", "2024-03-15")) == [1, 2]
    assert leads(main, createdAt=between("2024-03-31", "2024-04-01")) == [4, 5]


def test_ranges_that_share_their_boundary__both_hold_it(main: ApiUser) -> None:
    seam = "2024-03-15T12:00:00Z"
    first = leads(main, createdAt=between("2024-03-01T00:00:00Z", seam))
    second = leads(main, createdAt=between(seam, "2024-04-01T00:00:00Z"))
    assert (first, second) == ([1, 2, 3, 7], [3, 7, 4, 5])


def test_updated_at__orders_by_time_of_change(main: ApiUser) -> None:
    days = between("2024-03-15T00:00:00Z", "2024-04-02T00:00:00Z")
    assert leads(main, updatedAt=days) == [7, 2, 1, 5, 4]


def test_updated_at__is_the_last_change_of_any_field_not_the_visible_one(
    main: ApiUser, home: Home
) -> None:
    day = between("2025-01-01T00:00:00Z", "2025-01-01T00:00:00Z")
    assert leads(main, updatedAt=day) == []
    home.change("UPDATE lead SET changed_at = '2025-01-01T00:00:00Z' WHERE id = 5")
    done = main.export("leads", {"fields": ["id", "updatedAt"], "filter": {"updatedAt": day}})
    assert done.text == "id,updatedAt\n5,2024-04-01T00:00:00Z\n"
    visible = between("2024-04-01T00:00:00Z", "2024-04-01T00:00:00Z")
    assert leads(main, updatedAt=visible) == []
    home.change('UPDATE lead SET changed_at = "updatedAt" WHERE id = 5')


def test_loading_a_change_of_an_own_field__moves_only_the_watermark(
    main: ApiUser, home: Home
) -> None:
    home.command("field", "create", "shoeSize", "--type", "integer")
    home.load("leads", [{"id": 50, "createdAt": "2020-01-01T00:00:00Z", "shoeSize": 41}])
    assert leads(main, createdAt=between("2020-01-01", "2020-01-01")) == [50]


def test_anonymous_leads__are_never_exported(main: ApiUser) -> None:
    second = "2024-03-15T12:00:01Z"
    assert leads(main, createdAt=between(second, second)) == []
    assert ANONYMOUS_LEAD not in leads(main, staticListId=TEST_LIST)
    assert ANONYMOUS_LEAD not in leads(main, smartListId=GERMANS)


# Static lists.


def test_static_list__holds_its_members_by_id(main: ApiUser) -> None:
    assert leads(main, staticListId=TEST_LIST) == [1, 3, 5]
    assert leads(main, staticListId=str(TEST_LIST)) == [1, 3, 5]


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        ("Test list", [1, 3, 5]),
        ("List 1", [2]),
        ("API Test Program.List 1", [2]),
        ("API Test Program.Members", [4]),
        ("API Test Program 10.Members", [7]),
        ("Empty list", []),
    ],
)
def test_static_list__is_found_by_its_name_or_program_and_name(
    main: ApiUser, name: str, expected: list[int]
) -> None:
    assert leads(main, staticListName=name) == expected


def test_static_list__is_read_when_processing_begins(
    main: ApiUser, other: ApiUser, home: Home
) -> None:
    body = {"fields": ["id"], "filter": {"staticListName": "Empty list"}}
    export_id = main.created("leads", body)
    with slots_taken(home, other):
        main.enqueue("leads", export_id).job()
        home.change(
            "INSERT INTO static_list_member (subscription_id, list_id, lead_id, added_at)"
            " VALUES (1, 1022, 4, 0)"
        )
    assert main.finished("leads", export_id)["numberOfRecords"] == 1
    home.change("DELETE FROM static_list_member WHERE list_id = 1022")


def test_deleted_lead__is_not_exported(main: ApiUser, home: Home) -> None:
    row = {"id": 60, "createdAt": "2019-01-01T00:00:00Z", "email": "x@example.com"}
    home.load("leads", [row])
    assert leads(main, createdAt=between("2019-01-01", "2019-01-01")) == [60]
    home.change("DELETE FROM lead WHERE id = 60")
    assert leads(main, createdAt=between("2019-01-01", "2019-01-01")) == []


# Smart lists.


@pytest.mark.parametrize(
    ("name", "expected"),
    [
        # Text compares without regard to case: lead 3 is from "germany".
        ("Germans", [1, 3, 5]),
        ("Scored", [2, 7]),
        ("API Test Program.Scored", [2, 7]),
        ("In the list or scored, but no example.org", [1, 2, 5]),
    ],
)
def test_smart_list__holds_the_leads_that_its_rules_pick(
    main: ApiUser, name: str, expected: list[int]
) -> None:
    assert leads(main, smartListName=name) == expected


def test_smart_list__is_found_by_id_as_number_or_text(main: ApiUser) -> None:
    assert leads(main, smartListId=GERMANS) == [1, 3, 5]
    assert leads(main, smartListId=str(GERMANS)) == [1, 3, 5]


def test_smart_list_of_those_not_in_a_list__leaves_the_members_out(main: ApiUser) -> None:
    picked = leads(main, smartListId=2007)
    assert {2, 4, 7} <= set(picked)
    assert not {1, 3, 5, ANONYMOUS_LEAD} & set(picked)


def test_smart_list__is_evaluated_when_processing_begins(
    main: ApiUser, other: ApiUser, home: Home
) -> None:
    body = {"fields": ["id"], "filter": {"smartListName": "Scored"}}
    export_id = main.created("leads", body)
    with slots_taken(home, other):
        main.enqueue("leads", export_id).job()
        home.change('UPDATE lead SET "leadScore" = 99 WHERE id = 4')
    assert main.finished("leads", export_id)["numberOfRecords"] == 3
    home.change('UPDATE lead SET "leadScore" = -5 WHERE id = 4')


def test_lead__appears_once_however_often_it_matches(main: ApiUser) -> None:
    done = main.export("leads", {"fields": ["id"], "filter": {"smartListId": 2006}})
    rows = done.text.split("\n")[1:-1]
    assert len(rows) == len(set(rows))


def test_export_that_runs_while_leads_change__sees_one_moment(main: ApiUser, home: Home) -> None:
    # Every lead of this day changes its last name in one transaction, back and forth.
    day = between("2018-01-01T00:00:00Z", "2018-01-01T23:59:59Z")
    rows: list[dict[str, object]] = [
        {"id": 10_000 + n, "createdAt": "2018-01-01T00:00:00Z", "lastName": "A"}
        for n in range(2000)
    ]
    home.load("leads", rows)
    body = {"fields": ["lastName"], "filter": {"createdAt": day}}
    export_ids = [main.enqueued("leads", body) for _ in range(5)]
    for name in "BABABABAB":
        home.change('UPDATE lead SET "lastName" = ? WHERE id >= 10000', name)
    for export_id in export_ids:
        wait_until(
            lambda one=export_id: main.finished("leads", one)["status"] == "Completed", "the export"
        )
        lines = main.file("leads", export_id).text.split("\n")[1:-1]
        assert len(lines) == len(rows)
        assert len(set(lines)) == 1
