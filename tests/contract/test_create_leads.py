"""Section 3.4 for leads: fields are required, exactly one filter, and the order of the rules."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.world import GERMANS, MARCH, TEST_LIST

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser
    from tests.support.home import Home

NOT_FOUND = ("1013", "Object not found")


def create(user: ApiUser, filters: object, fields: object = ("id",)) -> Answer:
    return user.create("leads", {"fields": fields, "filter": filters})


# Rule 5.


@pytest.mark.parametrize("fields", [None, []])
def test_missing_or_empty_fields__are_1002(main: ApiUser, fields: object) -> None:
    expected = ("1002", "Missing value for the required parameter 'fields'")
    assert create(main, {"createdAt": MARCH}, fields).error() == expected
    assert main.create("leads", {"filter": {"createdAt": MARCH}}).error() == expected


# Rules 10 to 12.


@pytest.mark.parametrize(
    "filters",
    [
        {"createdAt": MARCH, "updatedAt": MARCH},
        {"createdAt": MARCH, "staticListId": TEST_LIST},
        {"staticListId": TEST_LIST, "staticListName": "Test list"},
        [{"createdAt": MARCH}, {"updatedAt": MARCH}],
    ],
)
def test_more_than_one_filter__is_1003(main: ApiUser, filters: object) -> None:
    assert create(main, filters).error() == ("1003", "Only one filter type may be specified")


def test_null_filter_beside_another__is_absent(main: ApiUser) -> None:
    filters = {"createdAt": MARCH, "updatedAt": None}
    assert create(main, filters).job()["status"] == "Created"


@pytest.mark.parametrize("name", ["activityTypeIds", "createdat", "id", "CreatedAt"])
def test_unknown_filter__is_1003(main: ApiUser, name: str) -> None:
    assert create(main, {name: MARCH}).error() == ("1003", f"Invalid filter type: {name}")


@pytest.mark.parametrize(
    ("setting", "filters"),
    [
        ("lead_filter_updated_at", {"updatedAt": MARCH}),
        ("lead_filter_smart_list", {"smartListId": GERMANS}),
        ("lead_filter_smart_list", {"smartListName": "Germans"}),
    ],
)
def test_filter_that_is_switched_off__is_1035_naming_it(
    main: ApiUser, home: Home, setting: str, filters: dict[str, object]
) -> None:
    assert create(main, filters).job()["status"] == "Created"
    (name,) = filters
    with home.setting(setting, "false"):
        expected = ("1035", f"Unsupported filter type for target subscription: {name}")
        assert create(main, filters).error() == expected
        assert create(main, {"createdAt": MARCH}).job()["status"] == "Created"
        assert create(main, {"staticListId": TEST_LIST}).job()["status"] == "Created"


def test_updated_at_range__is_checked_as_created_at_is(main: ApiUser) -> None:
    ends = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-04-01T00:00:01Z"}
    expected = ("1003", "Date range must not exceed 31 days")
    assert create(main, {"updatedAt": ends}).error() == expected


# Rule 18 and the list filters of section 5.2.


@pytest.mark.parametrize(
    "filters",
    [
        {"staticListId": 999},
        {"staticListId": "999"},
        {"staticListName": "No such list"},
        {"staticListName": "test LIST"},
        {"smartListId": 999},
        {"smartListName": "No such list"},
        {"staticListId": GERMANS},
        {"smartListId": TEST_LIST},
        {"staticListName": "API Test Program 10.List 1"},
        {"staticListId": -1},
        {"staticListId": 2**62},
    ],
)
def test_list_that_does_not_exist__is_1013(main: ApiUser, filters: object) -> None:
    assert create(main, filters).error() == NOT_FOUND


@pytest.mark.parametrize("name", ["staticListId", "smartListId"])
@pytest.mark.parametrize(("value", "shown"), [("x", "x"), (1.5, "1.5"), (True, "true")])
def test_list_id_that_is_no_integer__is_1001(
    main: ApiUser, name: str, value: object, shown: str
) -> None:
    expected = ("1001", f"Invalid value '{shown}'. Required of type 'Integer'")
    assert create(main, {name: value}).error() == expected


def test_list_id_as_numeric_text__is_taken(main: ApiUser) -> None:
    assert create(main, {"staticListId": str(TEST_LIST)}).job()["status"] == "Created"
    assert create(main, {"smartListId": str(GERMANS)}).job()["status"] == "Created"


@pytest.mark.parametrize("name", ["staticListName", "smartListName"])
@pytest.mark.parametrize("value", [5, ["Test list"], {"name": "Test list"}])
def test_list_name_that_is_no_text__is_609(main: ApiUser, name: str, value: object) -> None:
    expected = ("609", f"Invalid value specified for attribute '{name}'")
    assert create(main, {name: value}).error() == expected


@pytest.mark.parametrize(
    "filters",
    [{"staticListName": "Twin"}, {"smartListName": "Twin"}, {"staticListName": "Members"}],
)
def test_list_name_that_several_carry__is_1003_naming_it(
    main: ApiUser, filters: dict[str, str]
) -> None:
    code, message = create(main, filters).error()
    assert code == "1003"
    (name,) = filters.values()
    assert name in message


@pytest.mark.parametrize("filters", [{"smartListId": 2002}, {"smartListName": "Everybody"}])
def test_smart_list_without_rules__is_1003(main: ApiUser, filters: object) -> None:
    assert create(main, filters).error()[0] == "1003"


# Fields.


def test_unknown_field__of_another_family_is_unknown(main: ApiUser) -> None:
    answer = create(main, {"createdAt": MARCH}, ["id", "marketoGUID"])
    assert answer.error() == ("1003", "Invalid field(s): marketoGUID")


def test_ecids__is_a_field_only_where_audience_sharing_is_on(main: ApiUser, home: Home) -> None:
    answer = create(main, {"createdAt": MARCH}, ["id", "ecids"])
    assert answer.error() == ("1003", "Invalid field(s): ecids")
    with home.setting("audience_sharing", "true"):
        assert create(main, {"createdAt": MARCH}, ["id", "ecids"]).job()["status"] == "Created"


# The order of the rules: everything is broken, and each step mends the first that was reported.


def test_several_broken_rules__are_reported_in_the_order_of_the_contract(
    main: ApiUser, home: Home
) -> None:
    late, early = "2024-06-01T00:00:00Z", "2024-03-01T00:00:00Z"
    off = {"updatedAt": {"endAt": "x"}}
    steps: list[tuple[dict[str, object], tuple[str, str]]] = [
        (
            {"columnHeaderNames": [], "format": "XML", "fields": []},
            ("609", "Invalid value specified for attribute 'columnHeaderNames'"),
        ),
        (
            {"columnHeaderNames": {"bar": "Bar"}},
            (
                "1003",
                "Invalid value 'XML' for attribute 'format'. Valid values are CSV, TSV, SSV",
            ),
        ),
        ({"format": "tsv"}, ("1002", "Missing value for the required parameter 'fields'")),
        ({"fields": ["id", "foo", "ID"]}, ("1003", "Invalid field(s): foo")),
        ({"fields": ["id", "ID"]}, ("1003", "Duplicate field: ID")),
        ({"fields": ["id"]}, ("1003", "columnHeaderNames key 'bar' is not an exported field")),
        (
            {"columnHeaderNames": {"id": "Bar"}},
            ("1002", "Missing value for the required parameter 'filter'"),
        ),
        (
            {"filter": {**off, "foo": 1}},
            ("1003", "Only one filter type may be specified"),
        ),
        ({"filter": {"foo": {"endAt": "x"}}}, ("1003", "Invalid filter type: foo")),
        (
            {"filter": off},
            ("1035", "Unsupported filter type for target subscription: updatedAt"),
        ),
        (
            {"filter": {"createdAt": {"endAt": "x"}}},
            ("1002", "Missing value for the required parameter 'startAt'"),
        ),
        (
            {"filter": {"createdAt": {"startAt": late, "endAt": "x"}}},
            ("1001", "Invalid value 'x'. Required of type 'DateTime'"),
        ),
        (
            {"filter": {"createdAt": {"startAt": late, "endAt": early}}},
            ("1003", "startAt must not be after endAt"),
        ),
        (
            {"filter": {"createdAt": {"startAt": early, "endAt": late}}},
            ("1003", "Date range must not exceed 31 days"),
        ),
        ({"filter": {"staticListId": 999}}, NOT_FOUND),
    ]
    body: dict[str, object] = {}
    with home.setting("lead_filter_updated_at", "false"):
        for mended, expected in steps:
            body |= mended
            assert main.create("leads", body).error() == expected
        assert main.create("leads", {**body, "filter": {"createdAt": MARCH}}).job()
