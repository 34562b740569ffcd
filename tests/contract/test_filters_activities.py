"""Sections 5.1 and 5.3: which activities an export holds, and in which order."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.job_states import slots_taken
from tests.support.world import ACTIVITIES, MARCH, TEST_LIST

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser
    from tests.support.home import Home

#: Everything in March but the Delete Lead activity, by date and then by GUID.
ALL_OF_MARCH = [101, 104, 105, 106, 107, 108, 109, 110, 111, 112, 113, 114, 116, 117]


def activities(user: ApiUser, *, created_at: object = None, **filters: object) -> list[int]:
    """GUIDs of the exported activities, in file order."""
    body = {
        "fields": ["marketoGUID"],
        "filter": {"createdAt": created_at or MARCH, **filters},
    }
    done = user.export("activities", body)
    head, *rows, end = done.text.split("\n")
    assert (head, end) == ("marketoGUID", "")
    assert done.job["numberOfRecords"] == len(rows)
    return [int(row) for row in rows]


def named(user: ApiUser, type_ids: list[int], *names: str) -> list[int]:
    return activities(user, activityTypeIds=type_ids, primaryAttributeValues=names)


def with_ids(user: ApiUser, type_ids: list[int], *ids: object) -> list[int]:
    return activities(user, activityTypeIds=type_ids, primaryAttributeValueIds=ids)


# Time and type.


def test_no_types__mean_all_but_delete_lead_in_order_of_date_and_guid(main: ApiUser) -> None:
    assert activities(main) == ALL_OF_MARCH
    assert any(row["activityTypeId"] == 37 for row in ACTIVITIES)


@pytest.mark.parametrize("value", [[], [""], None])
def test_empty_types__mean_all_but_delete_lead(main: ApiUser, value: object) -> None:
    assert activities(main, activityTypeIds=value) == ALL_OF_MARCH


@pytest.mark.parametrize(
    ("start", "end", "expected"),
    [
        ("2024-03-31T23:59:59Z", "2024-04-01T00:00:00Z", [117, 118]),
        ("2024-03-31T23:59:59Z", "2024-03-31T23:59:59Z", [117]),
        ("2024-04-01T00:00:00Z", "2024-04-01T00:00:00Z", [118]),
        ("2024-03-03T00:00:00Z", "2024-03-03T00:00:00Z", [106]),
        ("2024-03-03T00:00:01Z", "2024-03-03T00:00:01Z", [107, 108]),
        ("2024-03-03T00:00:02Z", "2024-03-03T23:59:59Z", []),
        ("2024-03-02T23:00:01.900-01:00", "2024-03-03T02:00:01+0200", [107, 108]),
        ("2024-03-03", "2024-03-04", [106, 107, 108, 109]),
    ],
)
def test_range__is_inclusive_at_both_ends(
    main: ApiUser, start: str, end: str, expected: list[int]
) -> None:
    assert activities(main, created_at={"startAt": start, "endAt": end}) == expected


@pytest.mark.parametrize(
    ("type_ids", "expected"),
    [
        ([2], [104, 105, 114]),
        (["2"], [104, 105, 114]),
        ([1, 12], [101, 116, 117]),
        ([13, 22], [106, 107, 108]),
        ([3], []),
        ([2, 2, "2"], [104, 105, 114]),
    ],
)
def test_types__are_any_of_those_given(
    main: ApiUser, type_ids: list[object], expected: list[int]
) -> None:
    assert activities(main, activityTypeIds=type_ids) == expected


# Primary attributes by id.


@pytest.mark.parametrize(
    ("type_ids", "ids", "expected"),
    [
        ([13], [146], [107]),
        ([13, 22], [146], [107, 108]),
        ([13, 22], [146, 53], [106, 107, 108]),
        ([104], [1010], [112]),
        ([104], [1010, 1012], [112, 113]),
        ([24], [1016], [110]),
        ([24, 25], [1016], [110, 111]),
        ([24, 25], [TEST_LIST], [109]),
        ([2], [1006], [104]),
        ([2], ["1006", "1007"], [104, 105]),
        ([2], [999_999], []),
    ],
)
def test_primary_ids__are_any_of_those_given_within_the_types(
    main: ApiUser, type_ids: list[int], ids: list[object], expected: list[int]
) -> None:
    assert with_ids(main, type_ids, *ids) == expected


# Primary attributes by name.


@pytest.mark.parametrize(
    ("type_ids", "name", "expected"),
    [
        ([13, 22], "Lead Score", [107, 108]),
        ([13], "First Name", [106]),
        ([104], "API Test Program 10", [112]),
        ([24, 25], "Test list", [109]),
        ([24, 25], "API Test Program.List 1", [110, 111]),
        ([2], "Email Unsubscribe Form", [105]),
        ([2], "API Test Program.123.airbyte", [104]),
        ([2], "MPS v1.2.Outbound", [114]),
    ],
)
def test_primary_names__are_the_stored_ones(
    main: ApiUser, type_ids: list[int], name: str, expected: list[int]
) -> None:
    assert named(main, type_ids, name) == expected


@pytest.mark.parametrize(
    ("type_ids", "name", "expected"),
    [
        # A form of a nested program by its own program's name alone.
        ([2], "123.airbyte", [104]),
        # A nested program both ways.
        ([104], "Child", [113]),
        ([104], "API Test Program.Child", [113]),
    ],
)
def test_primary_names__may_leave_out_outer_programs(
    main: ApiUser, type_ids: list[int], name: str, expected: list[int]
) -> None:
    assert named(main, type_ids, name) == expected


@pytest.mark.parametrize(
    ("type_ids", "name"),
    [
        ([2], "airbyte"),
        ([24, 25], "List 1"),
        ([2], "email unsubscribe form"),
        ([13], "firstName"),
        ([13], "Lead Score "),
        ([2], "Outbound"),
        ([2], "No such form"),
        ([2], "API Test Program.airbyte"),
        ([104], "API Test"),
        ([104], "API Test Program%"),
        ([2], ""),
    ],
)
def test_name_of_nothing__is_no_error_and_gives_no_rows(
    main: ApiUser, type_ids: list[int], name: str
) -> None:
    assert named(main, type_ids, name) == []


def test_several_names__are_any_of_them(main: ApiUser) -> None:
    names = ("Email Unsubscribe Form", "123.airbyte", "No such form")
    assert named(main, [2], *names) == [104, 105]


def test_every_filter_at_once__holds_what_passes_all(main: ApiUser) -> None:
    day = {"startAt": "2024-03-06T00:00:00Z", "endAt": "2024-03-31T00:00:00Z"}
    found = activities(
        main, created_at=day, activityTypeIds=[24, 25], primaryAttributeValueIds=[1016]
    )
    assert found == [111]


# What the export is of.


def test_column_of_action_result__leaves_no_activity_out(main: ApiUser) -> None:
    body = {"fields": ["actionResult", "marketoGUID"], "filter": {"createdAt": MARCH}}
    assert main.export("activities", body).job["numberOfRecords"] == len(ALL_OF_MARCH)


def test_activities__are_those_of_the_moment_when_processing_began(
    main: ApiUser, other: ApiUser, home: Home
) -> None:
    day = {"startAt": "2017-01-01T00:00:00Z", "endAt": "2017-01-02T00:00:00Z"}
    body = {"fields": ["marketoGUID"], "filter": {"createdAt": day}}
    row: dict[str, object] = {
        "marketoGUID": "9001",
        "leadId": 1,
        "activityDate": "2017-01-01T00:00:00Z",
        "activityTypeId": 1,
        "attributes": {},
    }
    export_id = main.created("activities", body)
    with slots_taken(home, other):
        main.enqueue("activities", export_id).job()
        home.load("activities", [row])
    assert main.finished("activities", export_id)["numberOfRecords"] == 1
    assert main.file("activities", export_id).text == "marketoGUID\n9001\n"


def test_activity_loaded_twice__is_there_once(main: ApiUser, home: Home) -> None:
    row: dict[str, object] = {
        "marketoGUID": "9002",
        "leadId": 1,
        "activityDate": "2016-01-01T00:00:00Z",
        "activityTypeId": 1,
        "attributes": {"Webpage URL": "x"},
    }
    assert home.load("activities", [row])["loaded"] == 1
    again = home.load("activities", [row])
    assert (again["loaded"], again["alreadyThere"]) == (0, 1)
    day = {"startAt": "2016-01-01T00:00:00Z", "endAt": "2016-01-01T00:00:00Z"}
    assert activities(main, created_at=day) == [9002]
