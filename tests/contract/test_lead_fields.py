"""What a lead consists of: described, listed, extended (contract section 6.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import pytest

from tests.support.lead_calls import Record, records, skipped, synced_ids
from tests.support.world import add_custom_fields

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser
    from tests.support.world import World

FIELDS_PATH = "/rest/v1/leads/schema/fields.json"


@pytest.fixture(scope="module", autouse=True)
def own_fields(world: World) -> None:
    add_custom_fields(world.home, [("plan", "string"), ("points", "score"), ("fee", "currency")])


def by_name(found: list[Record], name: str) -> Record:
    (one,) = [one for one in found if one["name"] == name]
    return one


def test_describe__has_ids_types_and_both_names(main: ApiUser) -> None:
    found = records(main.call("GET", "/rest/v1/leads/describe.json"))
    by_id = {one["id"]: one for one in found}
    assert by_id[4] == {
        "id": 4,
        "displayName": "Company Name",
        "dataType": "string",
        "length": 255,
        "rest": {"name": "company", "readOnly": False},
        "soap": {"name": "Company", "readOnly": False},
    }
    assert by_id[131] == {
        "id": 131,
        "displayName": "Updated At",
        "dataType": "datetime",
        "rest": {"name": "updatedAt", "readOnly": True},
    }
    own = {cast("dict[str, object]", one["rest"])["name"]: one for one in found if "rest" in one}
    assert own["points"]["dataType"] == "integer"
    assert [one["id"] for one in found] == sorted(cast("list[int]", list(by_id)))


def test_field_that_is_not_exported__has_no_rest_name(main: ApiUser, world: World) -> None:
    """Clients ask an export for every field that has one."""

    def ecids() -> Record:
        found = records(main.call("GET", "/rest/v1/leads/describe.json"))
        (one,) = [one for one in found if one["displayName"] == "ECIDs"]
        return one

    assert "rest" not in ecids()
    with world.home.setting("audience_sharing", "true"):
        assert ecids()["rest"] == {"name": "ecids", "readOnly": True}


def test_describe_again__says_what_leads_are_looked_up_by(main: ApiUser) -> None:
    answer = main.call("GET", "/rest/v1/leads/describe2.json")
    (description,) = records(answer)
    assert description["name"] == "API Lead"
    searchable = cast("list[list[str]]", description["searchableFields"])
    assert searchable[:3] == [["email"], ["id"], ["cookies"]]
    assert ["plan"] in searchable
    assert ["fee"] not in searchable
    fields = cast("list[Record]", description["fields"])
    assert by_name(fields, "email") == {
        "name": "email",
        "displayName": "Email Address",
        "dataType": "email",
        "updateable": True,
        "crmManaged": False,
        "length": 255,
    }
    assert by_name(fields, "createdAt")["updateable"] is False


def test_schema_fields__come_in_pages(main: ApiUser) -> None:
    found: list[Record] = []
    token: str | None = None
    while True:
        more = () if token is None else (("nextPageToken", token),)
        answer = main.call("GET", FIELDS_PATH, parameters=(("batchSize", "40"), *more))
        page = records(answer)
        found += page
        token = answer.next_page_token()
        assert answer.envelope()["moreResult"] is (token is not None)
        if token is None:
            break
        assert len(page) == 40
    described = records(main.call("GET", "/rest/v1/leads/describe.json"))
    assert len({str(one["name"]) for one in found}) == len(found) == len(described)
    assert by_name(found, "points") == {
        "displayName": "points",
        "name": "points",
        "description": None,
        "dataType": "score",
        "isHidden": False,
        "isHtmlEncodingInEmail": True,
        "isSensitive": False,
        "isCustom": True,
        "isApiCreated": False,
    }


def test_schema_field__is_found_by_name(main: ApiUser) -> None:
    (found,) = records(main.call("GET", "/rest/v1/leads/schema/fields/email.json"))
    assert (found["name"], found["length"], found["isCustom"]) == ("email", 255, False)
    answer = main.call("GET", "/rest/v1/leads/schema/fields/nope.json")
    assert answer.error() == ("1006", "Field 'nope' not found")


def test_created_field__can_be_written_and_looked_up_by(main: ApiUser) -> None:
    body = {
        "input": [
            {
                "displayName": "Loyalty Number",
                "name": "loyaltyNumber",
                "dataType": "string",
                "description": "of the card",
                "isHidden": True,
            }
        ]
    }
    answer = main.call("POST", FIELDS_PATH, json=body)
    assert records(answer) == [{"name": "loyaltyNumber", "status": "created"}]
    (found,) = records(main.call("GET", "/rest/v1/leads/schema/fields/loyaltyNumber.json"))
    assert found == {
        "displayName": "Loyalty Number",
        "name": "loyaltyNumber",
        "description": "of the card",
        "dataType": "string",
        "isHidden": True,
        "isHtmlEncodingInEmail": True,
        "isSensitive": False,
        "isCustom": True,
        "isApiCreated": True,
        "length": 255,
    }
    ids = synced_ids(main, {"loyaltyNumber": "A-1"}, lookupField="loyaltyNumber")
    again = main.call(
        "GET", "/rest/v1/leads.json?filterType=loyaltyNumber&filterValues=a-1&fields=loyaltyNumber"
    )
    assert records(again) == [{"id": ids[0], "loyaltyNumber": "A-1"}]


@pytest.mark.parametrize(
    ("record", "name", "code", "message"),
    [
        (
            {"displayName": "P", "name": "PLAN", "dataType": "string"},
            "PLAN",
            "1003",
            "Field 'PLAN' already exists",
        ),
        (
            {"displayName": "P", "name": "email", "dataType": "string"},
            "email",
            "1003",
            "Field 'email' already exists",
        ),
        (
            {"displayName": "P", "name": "a b", "dataType": "string"},
            "a b",
            "1003",
            "Invalid value for field 'name' and value 'a b'",
        ),
        (
            {"displayName": "P", "name": "p", "dataType": "array"},
            "p",
            "1003",
            "Invalid value for field 'dataType' and value 'array'",
        ),
        (
            {"name": "p", "dataType": "string"},
            "p",
            "1002",
            "Missing value for the required parameter 'displayName'",
        ),
        (
            {"displayName": "P", "dataType": "string"},
            None,
            "1002",
            "Missing value for the required parameter 'name'",
        ),
    ],
)
def test_bad_field__is_skipped_alone(
    main: ApiUser, record: Record, name: str | None, code: str, message: str
) -> None:
    answer = main.call("POST", FIELDS_PATH, json={"input": [record]})
    assert records(answer) == [skipped(code, message, name=name)]


def test_more_than_a_hundred_fields__are_refused(main: ApiUser) -> None:
    fields = [{"displayName": "F", "name": f"f{n}", "dataType": "string"} for n in range(101)]
    answer = main.call("POST", FIELDS_PATH, json={"input": fields})
    assert answer.error() == ("1003", "input must not hold more than 100 values")
    outcomes = records(main.call("POST", FIELDS_PATH, json={"input": fields[:100]}))
    created = [one for one in outcomes if one["status"] == "created"]
    # One was created through the API by another test, or will be.
    assert len(created) in (99, 100)
    message = "At most 100 fields can be created through the API"
    more = [{"displayName": "G", "name": "gg", "dataType": "string"}] * 2
    last = records(main.call("POST", FIELDS_PATH, json={"input": more}))[-1]
    assert last == skipped("1003", message, name="gg")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        ("[]", ("609", "Invalid JSON")),
        ("{}", ("1002", "Missing value for the required parameter 'input'")),
        ('{"input":{}}', ("609", "Invalid value specified for attribute 'input'")),
        ('{"input":["x"]}', ("609", "Invalid value specified for attribute 'input'")),
    ],
)
def test_bad_call__is_refused(main: ApiUser, body: str, expected: tuple[str, str]) -> None:
    headers = {"Content-Type": "application/json"}
    answer = main.call("POST", FIELDS_PATH, headers=headers, content=body.encode())
    assert answer.error() == expected


def test_partitions__are_one(main: ApiUser) -> None:
    (partition,) = records(main.call("GET", "/rest/v1/leads/partitions.json"))
    assert (partition["id"], partition["name"]) == (1, "Default")
    assert isinstance(partition["description"], str)
