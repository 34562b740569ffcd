"""Section 4: the bytes of a result file."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

import pytest

from tests.support.world import World, add_custom_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from tests.support.api_user import ApiUser
    from tests.support.home import Home

#: Two days that hold nothing but the rows of this module.
TEXT_DAY = {"startAt": "2022-01-01T00:00:00Z", "endAt": "2022-01-01T23:59:59Z"}
TYPES_DAY = {"startAt": "2022-01-02T00:00:00Z", "endAt": "2022-01-02T23:59:59Z"}
EMPTY_DAY = {"startAt": "2022-01-09T00:00:00Z", "endAt": "2022-01-09T00:00:00Z"}

#: Text as it is loaded, and the cell of a CSV, TSV and SSV file that it must come out as.
TEXTS: tuple[tuple[str, str, str, str], ...] = (
    ("plain", "plain", "plain", "plain"),
    ("a,b", '"a,b"', "a,b", "a,b"),
    ("a\tb", "a\tb", '"a\tb"', "a\tb"),
    ("a b", "a b", "a b", '"a b"'),
    ('say "hi"', '"say ""hi"""', '"say ""hi"""', '"say ""hi"""'),
    ('"', '""""', '""""', '""""'),
    ("two\nlines", '"two\nlines"', '"two\nlines"', '"two\nlines"'),
    ("two\r\nlines", '"two\nlines"', '"two\nlines"', '"two\nlines"'),
    ("two\rlines", '"two\nlines"', '"two\nlines"', '"two\nlines"'),
    ("nul\0byte", "nulbyte", "nulbyte", "nulbyte"),
    ("", "null", "null", "null"),
    ("null", "null", "null", "null"),
    ("NULL", "NULL", "NULL", "NULL"),
    ("#hash", "#hash", "#hash", "#hash"),
    ("semi;colon", "semi;colon", "semi;colon", "semi;colon"),
    ("'single'", "'single'", "'single'", "'single'"),
    ("back\\slash", "back\\slash", "back\\slash", "back\\slash"),
    ("Zoë→𝄞", "Zoë→𝄞", "Zoë→𝄞", "Zoë→𝄞"),
    ("\ufeffmark", "\ufeffmark", "\ufeffmark", "\ufeffmark"),
    (
        "line\u2028separator\x85",
        "line\u2028separator\x85",
        "line\u2028separator\x85",
        "line\u2028separator\x85",
    ),
    ("=1+1", "=1+1", "=1+1", "=1+1"),
    ("007", "007", "007", "007"),
)
TYPES_LEAD: dict[str, object] = {
    "id": 900,
    "createdAt": "2022-01-02T10:20:30Z",
    "updatedAt": "2022-01-03T00:00:00Z",
    "firstName": "Typed",
    "dateOfBirth": "1999-12-31",
    "mktoAcquisitionDate": "2021-06-30T22:00:00Z",
    "unsubscribed": True,
    "doNotCall": False,
    "leadScore": -7,
    "numberOfEmployees": 0,
    "annualRevenue": 1200000.50,
    "urgency": 0.1,
    "cookies": "id:1,id:2",
    "visits": 3,
    "isVip": True,
    "discount": 12.0,
    "petName": "Rex",
}
CUSTOM_FIELDS = (
    ("visits", "integer"),
    ("isVip", "boolean"),
    ("discount", "percent"),
    ("petName", "string"),
    ("vipSince", "date"),
    ("amount", "currency"),
)


@pytest.fixture(scope="module")
def world(make_world: Callable[[], World]) -> World:
    """The world, a lead for each awkward text, and one of every data type."""
    world = make_world()
    add_custom_fields(world.home, CUSTOM_FIELDS)
    texts: list[dict[str, object]] = [
        {"id": 800 + number, "createdAt": "2022-01-01T00:00:00Z", "firstName": text}
        for number, (text, *_) in enumerate(TEXTS)
    ]
    world.home.load("leads", [*texts, TYPES_LEAD])
    world.home.load("activities", ATTRIBUTE_ROWS)
    return world


def activity(guid: int, attributes: dict[str, object], **others: object) -> dict[str, object]:
    return {
        "marketoGUID": str(guid),
        "leadId": 1,
        "activityDate": f"2022-02-01T00:00:{guid - 700:02}Z",
        "activityTypeId": 104,
        "attributes": attributes,
        **others,
    }


#: Attributes as loaded, and the JSON object of the export: typed, without empty ones.
ATTRIBUTES: tuple[tuple[dict[str, object], dict[str, object]], ...] = (
    ({}, {}),
    ({"Reason": None, "Old Status": ""}, {}),
    (
        {"Reason": "x", "Program Member ID": 3240303, "Acquired By": True, "Success": False},
        {"Reason": "x", "Program Member ID": 3240303, "Acquired By": True, "Success": False},
    ),
    ({"Reason": 'a "b", c\n\t\\'}, {"Reason": 'a "b", c\n\t\\'}),
    ({"New Status ID": "21", "Success": "true"}, {"New Status ID": 21, "Success": True}),
    ({"Reason": 5}, {"Reason": "5"}),
    ({"Reason": "Zoë→𝄞"}, {"Reason": "Zoë→𝄞"}),
)
ATTRIBUTE_ROWS = [activity(700 + n, given) for n, (given, _) in enumerate(ATTRIBUTES)]
ATTRIBUTE_DAY = {"startAt": "2022-02-01T00:00:00Z", "endAt": "2022-02-01T23:59:59Z"}


def text_body(file_format: str, *fields: str) -> dict[str, object]:
    return {
        "format": file_format,
        "fields": list(fields),
        "filter": {"createdAt": TEXT_DAY},
    }


def typed_cells(user: ApiUser, *fields: str) -> list[str]:
    """The cells of the one lead of every data type; none of them needs quoting."""
    done = user.export("leads", {"fields": list(fields), "filter": {"createdAt": TYPES_DAY}})
    head, row, end = done.text.split("\n")
    assert (head, end) == (",".join(fields), "")
    return row.split(",")


# Lines, header and quoting.


@pytest.mark.parametrize(
    ("file_format", "delimiter", "column"), [("CSV", ",", 1), ("TSV", "\t", 2), ("SSV", " ", 3)]
)
def test_file__has_exactly_these_bytes(
    main: ApiUser, file_format: str, delimiter: str, column: int
) -> None:
    done = main.export("leads", text_body(file_format, "id", "firstName"))
    lines = [delimiter.join((str(800 + number), text[column])) for number, text in enumerate(TEXTS)]
    expected = "".join(f"{line}\n" for line in (delimiter.join(("id", "firstName")), *lines))
    assert done.content == expected.encode()
    assert done.job["numberOfRecords"] == len(TEXTS)


def test_ssv_delimiter__is_a_semicolon_where_set(main: ApiUser, home: Home) -> None:
    with home.setting("ssv_delimiter", ";"):
        done = main.export("leads", text_body("SSV", "id", "firstName"))
    lines = done.text.split("\n")
    assert lines[:2] == ["id;firstName", "800;plain"]
    assert "803;a b" in lines
    assert '814;"semi;colon"' in done.text


@pytest.mark.parametrize(
    ("file_format", "name", "cell"),
    [
        ("CSV", "First, please", '"First, please"'),
        ("CSV", "First\tname", "First\tname"),
        ("CSV", 'The "first"', '"The ""first"""'),
        ("CSV", "two\r\nlines", '"two\nlines"'),
        ("TSV", "First\tname", '"First\tname"'),
        ("TSV", "First, please", "First, please"),
        ("SSV", "First Name", '"First Name"'),
        # Readers skip blank lines, and would take the first row for the header.
        ("CSV", "", '""'),
        ("TSV", "\0", '""'),
    ],
)
def test_header_cell__is_quoted_only_when_it_must_be(
    main: ApiUser, file_format: str, name: str, cell: str
) -> None:
    body = {**text_body(file_format, "firstName"), "columnHeaderNames": {"firstName": name}}
    assert main.export("leads", body).text.startswith(f"{cell}\nplain\n")


def test_columns__are_in_request_order(main: ApiUser) -> None:
    fields = ("lastName", "id", "email", "firstName")
    done = main.export("leads", text_body("CSV", *fields))
    assert done.text.startswith("lastName,id,email,firstName\nnull,800,null,plain\n")


@pytest.mark.parametrize("field", ["petName", "vipSince", "amount", "email", "sfdcId"])
def test_value_that_was_never_set__is_null(main: ApiUser, field: str) -> None:
    done = main.export("leads", text_body("CSV", "id", field))
    assert done.text.split("\n")[1] == "800,null"


@pytest.mark.parametrize("file_format", ["CSV", "TSV", "SSV"])
def test_export_without_rows__is_completed_and_has_its_header(
    main: ApiUser, file_format: str
) -> None:
    body = {"format": file_format, "filter": {"createdAt": EMPTY_DAY}}
    leads = main.export("leads", {**body, "fields": ["firstName"]})
    assert (leads.content, leads.job["numberOfRecords"]) == (b"firstName\n", 0)
    activities = main.export("activities", {**body, "fields": ["leadId"]})
    assert (activities.content, activities.job["numberOfRecords"]) == (b"leadId\n", 0)
    assert main.file("leads", leads.job["exportId"], "bytes=0-0").status == 206


# Data types of leads.


@pytest.mark.parametrize(
    ("field", "cell"),
    [
        ("id", "900"),
        ("createdAt", "2022-01-02T10:20:30Z"),
        ("updatedAt", "2022-01-03T00:00:00Z"),
        ("dateOfBirth", "1999-12-31"),
        ("mktoAcquisitionDate", "2021-06-30T22:00:00Z"),
        ("unsubscribed", "true"),
        ("doNotCall", "false"),
        ("leadScore", "-7"),
        ("numberOfEmployees", "0"),
        ("annualRevenue", "1200000.5"),
        ("urgency", "0.1"),
        ("visits", "3"),
        ("isVip", "true"),
        ("discount", "12"),
        ("petName", "Rex"),
    ],
)
def test_lead_value__is_written_by_its_data_type(main: ApiUser, field: str, cell: str) -> None:
    assert typed_cells(main, field) == [cell]


def test_several_cookies__are_one_quoted_cell(main: ApiUser) -> None:
    body = {"fields": ["cookies"], "filter": {"createdAt": TYPES_DAY}}
    assert main.export("leads", body).text == 'cookies\n"id:1,id:2"\n'


def test_boolean_that_was_never_set__has_its_default(main: ApiUser) -> None:
    # Contract section 8.2, from a live instance.
    fields = ("emailInvalid", "unsubscribed", "doNotCall", "isLead", "isAnonymous")
    row = main.export("leads", text_body("CSV", *fields)).text.split("\n")[1]
    assert row == "false,false,false,true,false"


def test_email_suspended_that_was_never_set__is_null(main: ApiUser) -> None:
    row = main.export("leads", text_body("CSV", "emailSuspended")).text.split("\n")[1]
    assert row == "null"


@pytest.mark.parametrize("format_name", ["CSV", "TSV"])
def test_numbers_and_instants__are_never_quoted(main: ApiUser, format_name: str) -> None:
    fields = ["createdAt", "leadScore", "annualRevenue", "unsubscribed", "dateOfBirth"]
    body = {"format": format_name, "fields": fields, "filter": {"createdAt": TYPES_DAY}}
    assert '"' not in main.export("leads", body).text


# Activities.


def test_attributes__are_typed_json_objects_without_empty_members(main: ApiUser) -> None:
    body = {"fields": ["attributes"], "filter": {"createdAt": ATTRIBUTE_DAY}}
    # A JSON text cannot hold a raw line break, so every line is one record.
    head, *rows, end = main.export("activities", body).text.split("\n")
    assert (head, end) == ("attributes", "")
    cells = [row[1:-1].replace('""', '"') if row.startswith('"') else row for row in rows]
    assert [json.loads(cell) for cell in cells] == [expected for _, expected in ATTRIBUTES]
    assert cells[0] == "{}"
    # 1 and True are equal in Python, but not on the wire.
    assert json.dumps(json.loads(cells[2])) == json.dumps(ATTRIBUTES[2][1])
    assert json.dumps(json.loads(cells[4])) == json.dumps(ATTRIBUTES[4][1])


def test_activity_row__is_exactly_this(main: ApiUser) -> None:
    day = {"startAt": "2024-03-07T00:00:00Z", "endAt": "2024-03-07T00:00:00Z"}
    done = main.export("activities", {"filter": {"createdAt": day}})
    head, first, second, end = done.text.split("\n")
    assert head == (
        "marketoGUID,leadId,activityDate,activityTypeId,campaignId,"
        "primaryAttributeValueId,primaryAttributeValue,attributes"
    )
    start = "112,2,2024-03-07T00:00:00Z,104,8497,1010,API Test Program 10,"
    assert first.startswith(start)
    attributes = json.loads(first[len(start) + 1 : -1].replace('""', '"'))
    assert attributes == {"New Status": "Member", "Success": False, "New Status ID": 21}
    assert second == "113,2,2024-03-07T00:00:00Z,104,null,1012,Child,{}"
    assert end == ""


def test_action_result__is_written_on_request_only(main: ApiUser) -> None:
    days = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-03-31T23:59:59Z"}
    body = {"fields": ["marketoGUID", "actionResult"], "filter": {"createdAt": days}}
    lines = main.export("activities", body).text.split("\n")
    assert [line for line in lines if line.partition(",")[0] in {"112", "113", "116", "117"}] == [
        "112,succeeded",
        "113,skipped",
        "116,null",
        "117,failed",
    ]
