"""Section 3.4 for activities, and the rules of section 5.3 about what may be asked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.world import MARCH

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser

DEFAULT_FIELDS = [
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "campaignId",
    "primaryAttributeValueId",
    "primaryAttributeValue",
    "attributes",
]
MISSING_TYPES = ("1002", "Missing value for the required parameter 'activityTypeIds'")
MIXED_GROUPS = ("1003", "activityTypeIds do not match a single asset group")


def create(user: ApiUser, **filters: object) -> Answer:
    return user.create("activities", {"filter": {"createdAt": MARCH, **filters}})


def header(user: ApiUser, body: dict[str, object]) -> list[str]:
    done = user.export("activities", {"filter": {"createdAt": MARCH}, **body})
    return done.text.split("\n")[0].split(",")


# Fields.


@pytest.mark.parametrize("body", [{}, {"fields": None}, {"fields": []}])
def test_no_fields__mean_the_eight_default_ones(main: ApiUser, body: dict[str, object]) -> None:
    assert header(main, body) == DEFAULT_FIELDS


def test_fields__are_a_subset_in_the_order_asked_for(main: ApiUser) -> None:
    fields = ["attributes", "actionResult", "leadId"]
    assert header(main, {"fields": fields}) == fields


def test_header_names__apply_to_the_default_fields(main: ApiUser) -> None:
    body: dict[str, object] = {"columnHeaderNames": {"leadId": "Person", "marketoguid": "Id"}}
    assert header(main, body) == ["Id", "Person", *DEFAULT_FIELDS[2:]]


def test_header_of_action_result_without_the_field__is_1003(main: ApiUser) -> None:
    body = {"filter": {"createdAt": MARCH}, "columnHeaderNames": {"actionResult": "x"}}
    expected = ("1003", "columnHeaderNames key 'actionResult' is not an exported field")
    assert main.create("activities", body).error() == expected


@pytest.mark.parametrize("field", ["firstName", "activityDay", "id"])
def test_field_that_activities_lack__is_1003(main: ApiUser, field: str) -> None:
    body = {"fields": [field], "filter": {"createdAt": MARCH}}
    assert main.create("activities", body).error() == ("1003", f"Invalid field(s): {field}")


# Rule 13 and unknown filters.


@pytest.mark.parametrize("created_at", [{}, {"createdAt": None}])
def test_filter_without_created_at__is_1002(main: ApiUser, created_at: dict[str, object]) -> None:
    body = {"filter": {"activityTypeIds": [1], **created_at}}
    expected = ("1002", "Missing value for the required parameter 'createdAt'")
    assert main.create("activities", body).error() == expected


@pytest.mark.parametrize("name", ["updatedAt", "staticListId", "activityTypeId"])
def test_filter_that_activities_lack__is_1003(main: ApiUser, name: str) -> None:
    assert create(main, **{name: MARCH}).error() == ("1003", f"Invalid filter type: {name}")


def test_filters_in_an_array_of_several__are_merged(main: ApiUser) -> None:
    body = {"filter": [{"createdAt": MARCH}, {"activityTypeIds": [2]}]}
    assert main.create("activities", body).job()["status"] == "Created"


# Activity types.


@pytest.mark.parametrize("value", [[1, 2], ["1", "2"], [1, "2"], ["", "1"], [""], [], None])
def test_type_ids__are_integers_or_numeric_texts_and_blanks_are_dropped(
    main: ApiUser, value: object
) -> None:
    assert create(main, activityTypeIds=value).job()["status"] == "Created"


def test_every_known_type_at_once__is_taken(main: ApiUser) -> None:
    type_ids = [1, 2, 3, 6, 7, 8, 9, 10, 11, 12, 13, 19, 21, 22, 23, 24, 25, 26, 27, 104, 155]
    assert create(main, activityTypeIds=type_ids).job()["status"] == "Created"


@pytest.mark.parametrize("type_id", [99999, "99999", -1, 0, 100001])
def test_unknown_type__is_1003_naming_it(main: ApiUser, type_id: object) -> None:
    answer = create(main, activityTypeIds=[1, type_id])
    assert answer.error() == ("1003", f"Invalid activity type id: {type_id}")


@pytest.mark.parametrize("type_id", [37, "37"])
def test_delete_lead__is_1003(main: ApiUser, type_id: object) -> None:
    expected = ("1003", "Activity type 'Delete Lead' is not supported")
    assert create(main, activityTypeIds=[1, type_id]).error() == expected


@pytest.mark.parametrize(("value", "shown"), [("x", "x"), (1.5, "1.5"), (True, "true")])
def test_type_id_that_is_no_integer__is_1001(main: ApiUser, value: object, shown: str) -> None:
    expected = ("1001", f"Invalid value '{shown}'. Required of type 'Integer'")
    assert create(main, activityTypeIds=[value]).error() == expected


@pytest.mark.parametrize(
    "name", ["activityTypeIds", "primaryAttributeValueIds", "primaryAttributeValues"]
)
@pytest.mark.parametrize("value", [2, "2", {"id": 2}])
def test_list_filter_that_is_no_array__is_609(main: ApiUser, name: str, value: object) -> None:
    filters = {"activityTypeIds": [2], name: value}
    expected = ("609", f"Invalid value specified for attribute '{name}'")
    assert create(main, **filters).error() == expected


# Primary attribute filters.


def test_both_primary_filters__are_1003(main: ApiUser) -> None:
    answer = create(
        main,
        activityTypeIds=[2],
        primaryAttributeValueIds=[1006],
        primaryAttributeValues=["airbyte"],
    )
    code, message = answer.error()
    assert code == "1003"
    assert "primaryAttributeValueIds" in message
    assert "primaryAttributeValues" in message


@pytest.mark.parametrize(
    "primary", [{"primaryAttributeValueIds": [1]}, {"primaryAttributeValues": ["a"]}]
)
@pytest.mark.parametrize("types", [{}, {"activityTypeIds": []}, {"activityTypeIds": [""]}])
def test_primary_filter_without_types__is_1002(
    main: ApiUser, primary: dict[str, object], types: dict[str, object]
) -> None:
    assert create(main, **primary, **types).error() == MISSING_TYPES


@pytest.mark.parametrize("type_ids", [[13], [22], [13, 22], [104], [24], [25], [24, 25], [2]])
def test_types_of_one_asset_group__are_taken(main: ApiUser, type_ids: list[int]) -> None:
    by_id = create(main, activityTypeIds=type_ids, primaryAttributeValueIds=[1])
    assert by_id.job()["status"] == "Created"
    by_name = create(main, activityTypeIds=type_ids, primaryAttributeValues=["a"])
    assert by_name.job()["status"] == "Created"


@pytest.mark.parametrize("type_ids", [[2, 24], [13, 104], [1], [12], [2, 1], [113], [100, 2]])
def test_types_of_no_single_asset_group__are_1003(main: ApiUser, type_ids: list[int]) -> None:
    for primary in ({"primaryAttributeValueIds": [1]}, {"primaryAttributeValues": ["a"]}):
        assert create(main, activityTypeIds=type_ids, **primary).error() == MIXED_GROUPS


@pytest.mark.parametrize("name", ["primaryAttributeValueIds", "primaryAttributeValues"])
def test_fifty_primary_values__are_taken_and_fifty_one_are_1003(main: ApiUser, name: str) -> None:
    values: list[object] = [
        number if name.endswith("Ids") else f"name {number}" for number in range(1, 52)
    ]
    answer = create(main, activityTypeIds=[2], **{name: values[:50]})
    assert answer.job()["status"] == "Created"
    code, message = create(main, activityTypeIds=[2], **{name: values}).error()
    assert code == "1003"
    assert name in message
    assert "50" in message


def test_fifty_one_primary_values_of_the_same_text__are_1003_too(main: ApiUser) -> None:
    answer = create(main, activityTypeIds=[2], primaryAttributeValues=["same"] * 51)
    assert answer.error()[0] == "1003"
    answer = create(main, activityTypeIds=[2], primaryAttributeValueIds=[7] * 51)
    assert answer.error()[0] == "1003"


@pytest.mark.parametrize("value", [[], None])
def test_empty_primary_filter__is_none(main: ApiUser, value: object) -> None:
    assert create(main, primaryAttributeValueIds=value).job()["status"] == "Created"
    assert create(main, primaryAttributeValues=value).job()["status"] == "Created"


def test_primary_ids_as_numeric_texts__are_taken(main: ApiUser) -> None:
    answer = create(main, activityTypeIds=["2"], primaryAttributeValueIds=["1006"])
    assert answer.job()["status"] == "Created"


@pytest.mark.parametrize("value", [5, None, ["a"]])
def test_primary_value_that_is_no_text__is_609(main: ApiUser, value: object) -> None:
    answer = create(main, activityTypeIds=[2], primaryAttributeValues=[value])
    assert answer.error() == (
        "609",
        "Invalid value specified for attribute 'primaryAttributeValues'",
    )


# The order of the rules: everything is broken, and each step mends the first that was reported.


def test_several_broken_rules__are_reported_in_the_order_of_the_contract(main: ApiUser) -> None:
    late, early = "2024-06-01T00:00:00Z", "2024-03-01T00:00:00Z"
    rest: dict[str, object] = {"activityTypeIds": [99999], "primaryAttributeValueIds": [1]}
    steps: list[tuple[dict[str, object], tuple[str, str]]] = [
        (
            {"fields": "foo", "format": "XML", "columnHeaderNames": {"bar": "Bar"}},
            ("609", "Invalid value specified for attribute 'fields'"),
        ),
        (
            {"fields": ["foo", "leadId", "leadid"]},
            (
                "1003",
                "Invalid value 'XML' for attribute 'format'. Valid values are CSV, TSV, SSV",
            ),
        ),
        ({"format": "ssv"}, ("1003", "Invalid field(s): foo")),
        ({"fields": ["leadId", "leadid"]}, ("1003", "Duplicate field: leadid")),
        (
            {"fields": ["leadId"]},
            ("1003", "columnHeaderNames key 'bar' is not an exported field"),
        ),
        (
            {"columnHeaderNames": None},
            ("1002", "Missing value for the required parameter 'filter'"),
        ),
        ({"filter": {**rest, "foo": 1}}, ("1003", "Invalid filter type: foo")),
        (
            {"filter": rest},
            ("1002", "Missing value for the required parameter 'createdAt'"),
        ),
        (
            {"filter": {**rest, "createdAt": {"endAt": "x"}}},
            ("1002", "Missing value for the required parameter 'startAt'"),
        ),
        (
            {"filter": {**rest, "createdAt": {"startAt": late, "endAt": "x"}}},
            ("1001", "Invalid value 'x'. Required of type 'DateTime'"),
        ),
        (
            {"filter": {**rest, "createdAt": {"startAt": late, "endAt": early}}},
            ("1003", "startAt must not be after endAt"),
        ),
        (
            {"filter": {**rest, "createdAt": {"startAt": early, "endAt": late}}},
            ("1003", "Date range must not exceed 31 days"),
        ),
        (
            {"filter": {**rest, "createdAt": MARCH}},
            ("1003", "Invalid activity type id: 99999"),
        ),
    ]
    body: dict[str, object] = {}
    for mended, expected in steps:
        body |= mended
        assert main.create("activities", body).error() == expected
    good = {"createdAt": MARCH, "activityTypeIds": [2], "primaryAttributeValueIds": [1]}
    assert main.create("activities", {**body, "filter": good}).job()


# What the pages and real clients send, word for word.


@pytest.mark.parametrize(
    "body",
    [
        {
            "filter": {
                "createdAt": {
                    "startAt": "2021-07-01T23:59:59-00:00",
                    "endAt": "2021-07-02T23:59:59-00:00",
                },
                "activityTypeIds": [2],
                "primaryAttributeValues": ["GL_OP_ALL_2021.MPS Outbound"],
            }
        },
        {
            "format": "CSV",
            "fields": [],
            "filter": {
                "createdAt": {
                    "startAt": "2026-10-08T00:00:00+00:00",
                    "endAt": "2026-11-07T00:00:00.123456+00:00",
                },
                "activityTypeIds": [6],
            },
        },
        {
            "fields": None,
            "format": "CSV",
            "columnHeaderNames": None,
            "filter": {"createdAt": {"startAt": "2021-07-10", "endAt": "2021-07-11"}},
        },
        {
            "format": "CSV",
            "filter": {
                "createdAt": {
                    "startAt": "2021-07-10T00:00:00+0000",
                    "endAt": "2021-07-10T00:00:00+0000",
                },
                "activityTypeIds": [""],
            },
        },
    ],
)
def test_bodies_of_pages_and_clients__are_taken(main: ApiUser, body: dict[str, object]) -> None:
    assert main.create("activities", body).job()["status"] == "Created"
