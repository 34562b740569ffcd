"""Section 3.4 as far as both families share it: the body's members, and rules 2 to 9."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, get_args

import pytest

from tests.support.api_user import Family
from tests.support.world import MARCH

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser

pytestmark = pytest.mark.parametrize("family", get_args(Family))

#: Two fields of each family, described in camel case.
FIELDS: dict[Family, tuple[str, str]] = {
    "leads": ("firstName", "id"),
    "activities": ("activityDate", "leadId"),
}
FILTER = {"createdAt": MARCH}


def create(user: ApiUser, family: Family, **members: object) -> Answer:
    """Create with a good body but for `members`; one that is Ellipsis is left out."""
    body = {"fields": list(FIELDS[family]), "filter": FILTER, **members}
    return user.create(family, {name: value for name, value in body.items() if value is not ...})


def header(user: ApiUser, family: Family, **members: object) -> str:
    body = {"fields": list(FIELDS[family]), "filter": FILTER, **members}
    return user.export(family, body).text.split("\n")[0]


# Rule 2.


@pytest.mark.parametrize("body", [[], "text", 1, None, True])
def test_body_that_is_no_object__is_609(main: ApiUser, family: Family, body: object) -> None:
    path = f"/bulk/v1/{family}/export/create.json"
    headers = {"Content-Type": "application/json"}
    answer = main.call("POST", path, content=json.dumps(body).encode(), headers=headers)
    assert answer.error() == ("609", "Invalid JSON")


# Rule 3.


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("fields", "id"),
        ("fields", {"id": 1}),
        ("fields", 5),
        ("fields", False),
        ("fields", ["id", 5]),
        ("fields", ["id", None]),
        ("fields", [["id"]]),
        ("filter", "createdAt"),
        ("filter", 5),
        ("filter", ["createdAt"]),
        ("filter", [[FILTER]]),
        ("columnHeaderNames", ["id"]),
        ("columnHeaderNames", "id"),
        ("columnHeaderNames", {"leadId": 5, "id": 5}),
        ("columnHeaderNames", {"leadId": None, "id": ["x"]}),
    ],
)
def test_member_of_the_wrong_json_type__is_609_naming_it(
    main: ApiUser, family: Family, name: str, value: object
) -> None:
    answer = create(main, family, **{name: value})
    assert answer.error() == ("609", f"Invalid value specified for attribute '{name}'")


@pytest.mark.parametrize("value", [5, True, ["CSV"], {}])
def test_format_that_is_no_text__is_refused(main: ApiUser, family: Family, value: object) -> None:
    assert create(main, family, format=value).error()[0] in {"609", "1003"}


# Rule 4.


@pytest.mark.parametrize("value", ["XML", "csv2", "", " CSV"])
def test_unknown_format__is_1003(main: ApiUser, family: Family, value: str) -> None:
    message = f"Invalid value '{value}' for attribute 'format'. Valid values are CSV, TSV, SSV"
    assert create(main, family, format=value).error() == ("1003", message)


@pytest.mark.parametrize("name", ["CSV", "TSV", "SSV"])
def test_format__is_taken_in_any_letter_case_and_echoed_in_upper_case(
    main: ApiUser, family: Family, name: str
) -> None:
    for spelling in (name, name.lower(), name.title()):
        assert create(main, family, format=spelling).job()["format"] == name


@pytest.mark.parametrize("value", [..., None])
def test_format__is_csv_by_default(main: ApiUser, family: Family, value: object) -> None:
    assert create(main, family, format=value).job()["format"] == "CSV"


# Rules 6 and 7.


def test_unknown_field__is_1003_naming_it(main: ApiUser, family: Family) -> None:
    answer = create(main, family, fields=[*FIELDS[family], "foo"])
    assert answer.error() == ("1003", "Invalid field(s): foo")


def test_several_unknown_fields__are_all_named(main: ApiUser, family: Family) -> None:
    code, message = create(main, family, fields=["foo", *FIELDS[family], "bar"]).error()
    assert code == "1003"
    assert message.startswith("Invalid field(s): ")
    assert "foo" in message
    assert "bar" in message


def test_duplicate_field__is_1003_in_any_letter_case(main: ApiUser, family: Family) -> None:
    first, second = FIELDS[family]
    answer = create(main, family, fields=[first, second, first.upper()])
    assert answer.error()[0] == "1003"
    assert answer.error()[1].lower() == f"Duplicate field: {first}".lower()


def test_fields__are_found_in_any_letter_case_and_echoed_as_spelt(
    main: ApiUser, family: Family
) -> None:
    fields = [FIELDS[family][0].upper(), FIELDS[family][1].title()]
    assert header(main, family, fields=fields) == ",".join(fields)


# Rule 8.


def test_header_of_a_field_that_is_not_exported__is_1003(main: ApiUser, family: Family) -> None:
    answer = create(main, family, columnHeaderNames={"foo": "Foo"})
    assert answer.error() == ("1003", "columnHeaderNames key 'foo' is not an exported field")


def test_header_names__replace_the_names_of_their_fields(main: ApiUser, family: Family) -> None:
    first, second = FIELDS[family]
    assert header(main, family, columnHeaderNames={second: "My name"}) == f"{first},My name"


def test_header_names__may_say_the_same_twice(main: ApiUser, family: Family) -> None:
    names = dict.fromkeys(FIELDS[family], "Same")
    assert header(main, family, columnHeaderNames=names) == "Same,Same"


def test_two_header_names_for_one_field__are_1003(main: ApiUser, family: Family) -> None:
    first, _ = FIELDS[family]
    answer = create(main, family, columnHeaderNames={first: "One", first.upper(): "Two"})
    assert answer.error() == ("1003", f"Duplicate field: {first.upper()}")


@pytest.mark.parametrize("value", [None, {}])
def test_header_names__may_be_absent(main: ApiUser, family: Family, value: object) -> None:
    assert header(main, family, columnHeaderNames=value) == ",".join(FIELDS[family])


def test_misspelt_header_names_member__is_ignored(main: ApiUser, family: Family) -> None:
    assert header(main, family, columnHeaderName={"x": "y"}) == ",".join(FIELDS[family])


# Rule 9 and the forms of the filter.


@pytest.mark.parametrize("value", [..., None, {}, [], [{}]])
def test_missing_or_empty_filter__is_1002(main: ApiUser, family: Family, value: object) -> None:
    expected = ("1002", "Missing value for the required parameter 'filter'")
    assert create(main, family, filter=value).error() == expected


def test_filter_twice_in_one_object__is_609_naming_it(main: ApiUser, family: Family) -> None:
    twice = f'{{"createdAt":{json.dumps(MARCH)},"createdAt":{json.dumps(MARCH)}}}'
    body = f'{{"fields":{json.dumps(FIELDS[family])},"filter":{twice}}}'
    answer = main.call(
        "POST",
        f"/bulk/v1/{family}/export/create.json",
        content=body.encode(),
        headers={"Content-Type": "application/json"},
    )
    assert answer.error() == ("609", "Invalid value specified for attribute 'createdAt'")


def test_filter_in_an_array_of_one__is_taken(main: ApiUser, family: Family) -> None:
    body = {"fields": list(FIELDS[family]), "filter": FILTER}
    in_array = {**body, "filter": [FILTER]}
    assert main.export(family, in_array).content == main.export(family, body).content


def test_filter_twice_in_an_array__is_1003(main: ApiUser, family: Family) -> None:
    code, message = create(main, family, filter=[FILTER, FILTER]).error()
    assert code == "1003"
    assert "createdAt" in message


def test_unknown_filter__is_1003_naming_it(main: ApiUser, family: Family) -> None:
    answer = create(main, family, filter={"foo": 1})
    assert answer.error() == ("1003", "Invalid filter type: foo")


# Rules 14 to 17: the range.

MISSING_START = ("1002", "Missing value for the required parameter 'startAt'")
MISSING_END = ("1002", "Missing value for the required parameter 'endAt'")
START, END = "2024-03-01T00:00:00Z", "2024-03-02T00:00:00Z"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ({}, MISSING_START),
        ({"endAt": END}, MISSING_START),
        ({"startAt": None, "endAt": END}, MISSING_START),
        ({"startAt": START}, MISSING_END),
        ({"startAt": START, "endAt": None}, MISSING_END),
    ],
)
def test_range_without_both_ends__is_1002(
    main: ApiUser, family: Family, value: object, expected: tuple[str, str]
) -> None:
    assert create(main, family, filter={"createdAt": value}).error() == expected


@pytest.mark.parametrize("value", ["2024-03-01", 5, True, [START, END]])
def test_range_that_is_no_object__is_609(main: ApiUser, family: Family, value: object) -> None:
    answer = create(main, family, filter={"createdAt": value})
    assert answer.error() == ("609", "Invalid value specified for attribute 'createdAt'")


@pytest.mark.parametrize(
    "text",
    [
        "yesterday",
        "2024-13-01T00:00:00Z",
        "2024-02-30T00:00:00Z",
        "2024-03-01T25:00:00Z",
        "2024-03-01T00:00:60Z",
        "2024-03-01T00:00:00X",
        "2024-03-01T00:00:00+99:00",
        "20240301T000000Z",
        "1709251200",
        "2024-03-01T00:00:00Z; DROP TABLE lead",
        "2024-03-\u06601T00:00:00Z",
        "0000-01-01T00:00:00Z",
    ],
)
def test_range_end_that_is_no_instant__is_1001(main: ApiUser, family: Family, text: str) -> None:
    expected = ("1001", f"Invalid value '{text}'. Required of type 'DateTime'")
    for ends in ({"startAt": text, "endAt": END}, {"startAt": START, "endAt": text}):
        assert create(main, family, filter={"createdAt": ends}).error() == expected


@pytest.mark.parametrize(("value", "shown"), [(5, "5"), (True, "true"), (1.5, "1.5")])
def test_range_end_that_is_no_text__is_1001(
    main: ApiUser, family: Family, value: object, shown: str
) -> None:
    answer = create(main, family, filter={"createdAt": {"startAt": value, "endAt": END}})
    assert answer.error() == ("1001", f"Invalid value '{shown}'. Required of type 'DateTime'")


def test_reversed_range__is_1003(main: ApiUser, family: Family) -> None:
    ends = {"startAt": "2024-03-01T00:00:01Z", "endAt": "2024-03-01T00:00:00Z"}
    expected = ("1003", "startAt must not be after endAt")
    assert create(main, family, filter={"createdAt": ends}).error() == expected


def test_range_of_exactly_31_days__is_taken(main: ApiUser, family: Family) -> None:
    ends = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-04-01T00:00:00Z"}
    assert create(main, family, filter={"createdAt": ends}).job()["status"] == "Created"


@pytest.mark.parametrize("end", ["2024-04-01T00:00:01Z", "2025-03-01T00:00:00Z"])
def test_range_over_31_days__is_1003(main: ApiUser, family: Family, end: str) -> None:
    ends = {"startAt": "2024-03-01T00:00:00Z", "endAt": end}
    expected = ("1003", "Date range must not exceed 31 days")
    assert create(main, family, filter={"createdAt": ends}).error() == expected


def test_range_of_31_days_across_offsets__is_measured_in_utc(main: ApiUser, family: Family) -> None:
    ends = {"startAt": "2024-03-01T00:00:00-05:00", "endAt": "2024-04-01T00:00:00-04:00"}
    assert create(main, family, filter={"createdAt": ends}).job()["status"] == "Created"


def test_range_in_the_future__is_taken(main: ApiUser, family: Family) -> None:
    ends = {"startAt": "2999-01-01T00:00:00Z", "endAt": "2999-01-02T00:00:00Z"}
    assert create(main, family, filter={"createdAt": ends}).job()["status"] == "Created"


def test_range_long_ago__is_taken(main: ApiUser, family: Family) -> None:
    ends = {"startAt": "0001-01-01T00:00:00Z", "endAt": "0001-01-02T00:00:00Z"}
    assert create(main, family, filter={"createdAt": ends}).job()["status"] == "Created"


def test_refused_create__makes_nothing(main: ApiUser, family: Family) -> None:
    bad_bodies: list[dict[str, object]] = [
        {"format": "XML"},
        {"fields": ["foo"]},
        {"filter": None},
        {"filter": {"createdAt": {"startAt": END, "endAt": START}}},
    ]
    for members in bad_bodies:
        before = len(main.list(family, (("batchSize", "300"),)).jobs())
        assert create(main, family, **members).envelope()["success"] is False
        assert len(main.list(family, (("batchSize", "300"),)).jobs()) == before
