"""The subscription's own activity types, and activities of them (contract section 7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.contract.test_activity_pages import all_pages
from tests.support.api_user import ApiUser

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.home import Home
    from tests.support.server import Server

EXTERNAL = "/rest/v1/activities/external"


def post(user: ApiUser, path: str, body: object = None) -> Answer:
    """A POST of JSON; without a body it is declared as JSON all the same."""
    return user.call(
        "POST",
        f"{EXTERNAL}{path}.json",
        json=body,
        headers={"Content-Type": "application/json"},
    )


def result(answer: Answer) -> list[dict[str, Any]]:
    envelope = answer.envelope()
    assert list(envelope) == ["requestId", "result", "success"], envelope
    return cast("list[dict[str, Any]]", envelope["result"])


def definition(api_name: str, **members: object) -> dict[str, object]:
    return {
        "apiName": api_name,
        "name": f"Type {api_name}",
        "triggerName": "Does it",
        "filterName": "Did it",
        "primaryAttribute": {"apiName": "gift", "name": "Gift", "dataType": "string"},
        **members,
    }


def described(user: ApiUser, api_name: str, *, draft: bool = False) -> dict[str, Any]:
    path = f"{EXTERNAL}/type/{api_name}/describe.json{'?draft=true' if draft else ''}"
    return result(user.call("GET", path))[0]


@pytest.fixture
def approved(main: ApiUser, request: pytest.FixtureRequest) -> Any:
    """An approved type with two attributes; it is deleted after the test."""
    api_name = f"type{abs(hash(request.node.name))}"
    (made,) = result(post(main, "/type", definition(api_name)))
    attributes = [
        {"apiName": "uRL", "name": "Page URL", "dataType": "link"},
        {"apiName": "points", "name": "Points", "dataType": "integer"},
    ]
    result(post(main, f"/type/{api_name}/attributes/create", {"attributes": attributes}))
    result(post(main, f"/type/{api_name}/approve"))
    yield made
    post(main, f"/type/{api_name}/delete")


# Types.


def test_new_type__is_a_draft_with_an_id_of_its_own(main: ApiUser) -> None:
    (made,) = result(post(main, "/type", definition("giveaway", description="Who got what")))
    assert made["id"] >= 100_001
    instants = {name: made.pop(name) for name in ("createdAt", "updatedAt")}
    assert all(value.endswith("Z") for value in instants.values())
    assert made == {
        "id": made["id"],
        "apiName": "giveaway",
        "name": "Type giveaway",
        "description": "Who got what",
        "triggerName": "Does it",
        "filterName": "Did it",
        "status": "draft",
        "primaryAttribute": {
            "apiName": "gift",
            "name": "Gift",
            "dataType": "string",
            "isPrimary": True,
        },
        "attributes": [],
    }
    (deleted,) = result(post(main, "/type/giveaway/delete"))
    assert deleted["status"] == "deleted"
    path = f"{EXTERNAL}/type/giveaway/describe.json"
    assert main.call("GET", path).error() == ("1013", "Object not found")
    (next_one,) = result(post(main, "/type", definition("giveaway")))
    assert next_one["id"] == made["id"] + 1
    post(main, "/type/giveaway/delete")


def test_type__counts_once_it_is_approved(main: ApiUser, approved: dict[str, Any]) -> None:
    name = approved["apiName"]
    assert described(main, name)["status"] == "approved"
    types = {one["id"]: one for one in result(main.call("GET", "/rest/v1/activities/types.json"))}
    assert types[approved["id"]] == {
        "id": approved["id"],
        "apiName": name,
        "name": f"Type {name}",
        "description": "",
        "primaryAttribute": {"name": "Gift", "apiName": "gift", "dataType": "string"},
        "attributes": [
            {"name": "Page URL", "apiName": "uRL", "dataType": "link"},
            {"name": "Points", "apiName": "points", "dataType": "integer"},
        ],
    }


def test_changes_of_an_approved_type__wait_in_its_draft(
    main: ApiUser, approved: dict[str, Any]
) -> None:
    name = approved["apiName"]
    (changed,) = result(post(main, f"/type/{name}", {"description": "New"}))
    assert (changed["status"], changed["description"]) == ("approved with draft", "New")
    assert described(main, name)["description"] == ""
    assert described(main, name, draft=True)["description"] == "New"
    (left,) = result(post(main, f"/type/{name}/discardDraft"))
    assert (left["status"], left["description"]) == ("approved", "")
    result(post(main, f"/type/{name}", {"description": "Newer"}))
    result(post(main, f"/type/{name}/approve"))
    assert described(main, name)["description"] == "Newer"


def test_attributes__are_added_changed_and_taken_away(
    main: ApiUser, approved: dict[str, Any]
) -> None:
    path = f"/type/{approved['apiName']}/attributes"
    more = {"attributes": [{"apiName": "shop", "name": "Shop", "dataType": "string"}]}
    (added,) = result(post(main, f"{path}/create", more))
    assert [one["apiName"] for one in added["attributes"]] == ["uRL", "points", "shop"]
    change = {"attributes": [{"apiName": "SHOP", "name": "Store", "dataType": "text"}]}
    (changed,) = result(post(main, f"{path}/update", change))
    assert changed["attributes"][2] == {"apiName": "SHOP", "name": "Store", "dataType": "text"}
    (left,) = result(post(main, f"{path}/delete", {"attributes": [{"apiName": "points"}]}))
    assert [one["apiName"] for one in left["attributes"]] == ["uRL", "SHOP"]


def test_another_primary_attribute__takes_the_place_of_the_first(
    main: ApiUser, approved: dict[str, Any]
) -> None:
    path = f"/type/{approved['apiName']}/attributes"
    primary = {"apiName": "points", "isPrimary": True}
    (changed,) = result(post(main, f"{path}/update", {"attributes": [primary]}))
    assert changed["primaryAttribute"]["apiName"] == "points"
    assert [one["apiName"] for one in changed["attributes"]] == ["uRL", "gift"]


def test_types__are_listed(main: ApiUser, approved: dict[str, Any]) -> None:
    listed = result(main.call("GET", f"{EXTERNAL}/types.json"))
    assert approved["apiName"] in [one["apiName"] for one in listed]


@pytest.mark.parametrize("missing", ["apiName", "name", "triggerName", "primaryAttribute"])
def test_type_without_a_required_member__is_refused(main: ApiUser, missing: str) -> None:
    body = {name: value for name, value in definition("half").items() if name != missing}
    error = ("1002", f"Missing value for the required parameter '{missing}'")
    assert post(main, "/type", body).error() == error


@pytest.mark.parametrize(
    ("members", "error"),
    [
        ({"apiName": "a b"}, ("1003", "Invalid value 'a b' for parameter 'apiName'")),
        ({"apiName": "123"}, ("1003", "Invalid value '123' for parameter 'apiName'")),
        ({"name": 5}, ("609", "Invalid value specified for attribute 'name'")),
        (
            {"primaryAttribute": "x"},
            ("609", "Invalid value specified for attribute 'primaryAttribute'"),
        ),
        (
            {"primaryAttribute": {"apiName": "a", "name": "A", "dataType": "score"}},
            ("1003", "Invalid value 'score' for parameter 'dataType'"),
        ),
        ({"name": "New Lead"}, ("1003", "Activity type 'New Lead' already exists")),
    ],
)
def test_type_that_breaks_a_rule__is_refused(
    main: ApiUser, members: dict[str, object], error: tuple[str, str]
) -> None:
    assert post(main, "/type", definition("broken", **members)).error() == error


def test_name_of_another_type__is_refused(main: ApiUser, approved: dict[str, Any]) -> None:
    name = approved["apiName"].upper()
    expected = ("1003", f"Activity type 'Type {name}' already exists")
    assert post(main, "/type", definition(name)).error() == expected


def test_eleventh_type__is_refused(main: ApiUser) -> None:
    count = len(result(main.call("GET", f"{EXTERNAL}/types.json")))
    names = [f"many{number}" for number in range(10 - count)]
    for name in names:
        result(post(main, "/type", definition(name)))
    error = ("1027", "At most 10 custom activity types are allowed")
    assert post(main, "/type", definition("eleventh")).error() == error
    for name in names:
        result(post(main, f"/type/{name}/delete"))


def test_21st_attribute__is_refused(main: ApiUser, approved: dict[str, Any]) -> None:
    attributes = [{"apiName": f"a{one}", "name": f"A {one}"} for one in range(19)]
    path = f"/type/{approved['apiName']}/attributes/create"
    error = ("1028", "At most 20 attributes are allowed per activity type")
    assert post(main, path, {"attributes": attributes}).error() == error
    assert len(result(post(main, path, {"attributes": attributes[1:]}))[0]["attributes"]) == 20


@pytest.mark.parametrize(
    ("word", "attribute", "error"),
    [
        (
            "create",
            {"apiName": "points", "name": "Other"},
            ("1003", "Attribute 'Other' already exists"),
        ),
        ("update", {"apiName": "nothing"}, ("1006", "Field 'nothing' not found")),
        ("delete", {"apiName": "nothing"}, ("1006", "Field 'nothing' not found")),
        (
            "delete",
            {"apiName": "gift"},
            ("1003", "Invalid value 'gift' for parameter 'attributes'"),
        ),
        (
            "update",
            {"apiName": "points", "name": "Page URL"},
            ("1003", "Attribute 'Page URL' already exists"),
        ),
    ],
)
def test_change_of_attributes_that_breaks_a_rule__is_refused(
    main: ApiUser,
    approved: dict[str, Any],
    word: str,
    attribute: dict[str, object],
    error: tuple[str, str],
) -> None:
    path = f"/type/{approved['apiName']}/attributes/{word}"
    assert post(main, path, {"attributes": [attribute]}).error() == error


def test_draft_that_is_not_there__cannot_be_approved_or_discarded(
    main: ApiUser, approved: dict[str, Any]
) -> None:
    name = approved["apiName"]
    error = ("1003", f"Activity type '{name}' has no draft to approve or discard")
    assert post(main, f"/type/{name}/approve").error() == error
    assert post(main, f"/type/{name}/discardDraft").error() == error


@pytest.mark.parametrize("word", ["approve", "discardDraft", "delete", "attributes/create"])
def test_unknown_type__is_not_found(main: ApiUser, word: str) -> None:
    assert post(main, f"/type/unknown/{word}", {}).error() == ("1013", "Object not found")


def test_call_without_the_json_type__is_refused(main: ApiUser) -> None:
    answer = main.call("POST", f"{EXTERNAL}/type/x/approve.json")
    assert answer.error() == ("612", "Invalid Content Type")


# Activities.


def record(approved: dict[str, Any], **members: object) -> dict[str, object]:
    return {
        "leadId": 1,
        "activityDate": "2024-06-26T06:56:35+07:00",
        "activityTypeId": approved["id"],
        "primaryAttributeValue": "Game Giveaway",
        **members,
    }


def add(user: ApiUser, *records: object) -> list[dict[str, Any]]:
    return result(post(user, "", {"input": list(records)}))


def test_activity__is_in_the_log(main: ApiUser, approved: dict[str, Any]) -> None:
    attributes = [
        {"apiName": "uRL", "value": "http://www.example.com/"},
        {"name": "Points", "value": "7"},
    ]
    (added,) = add(main, record(approved, attributes=attributes))
    assert list(added) == ["id", "marketoGUID", "status"]
    assert (added["marketoGUID"], added["status"]) == (str(added["id"]), "added")
    (item,) = all_pages(main, activityTypeIds=str(approved["id"]))
    assert item == {
        "id": added["id"],
        "marketoGUID": added["marketoGUID"],
        "leadId": 1,
        "activityDate": "2024-06-25T23:56:35Z",
        "activityTypeId": approved["id"],
        "primaryAttributeValue": "Game Giveaway",
        "attributes": [
            {"name": "Page URL", "value": "http://www.example.com/"},
            {"name": "Points", "value": 7},
        ],
    }


def test_type__may_be_given_by_its_api_name(main: ApiUser, approved: dict[str, Any]) -> None:
    given = record(approved, apiName=approved["apiName"].upper())
    del given["activityTypeId"]
    assert add(main, given)[0]["status"] == "added"


@pytest.mark.parametrize(
    ("members", "code", "message"),
    [
        ({"leadId": 999_999}, "1004", "Lead not found"),
        ({"leadId": 0}, "1004", "Lead not found"),
        ({"leadId": "x"}, "1001", "Invalid value 'x'. Required of type 'integer'"),
        ({"leadId": None}, "1002", "Missing value for the required parameter 'leadId'"),
        ({"activityDate": None}, "1002", "Missing value for the required parameter 'activityDate'"),
        ({"activityDate": "now"}, "1001", "Invalid value 'now'. Required of type 'DateTime'"),
        ({"activityTypeId": 99_999}, "1003", "Invalid activity type id: 99999"),
        ({"activityTypeId": 1}, "1003", "Activity type 1 is not a custom activity type"),
        (
            {"activityTypeId": None, "apiName": "no"},
            "1003",
            "Invalid value 'no' for parameter 'apiName'",
        ),
        (
            {"primaryAttributeValue": ""},
            "1002",
            "Missing value for the required parameter 'primaryAttributeValue'",
        ),
        (
            {"attributes": [{"apiName": "foo", "value": 1}]},
            "1006",
            "Field 'foo' not found",
        ),
        (
            {"attributes": [{"apiName": "points", "value": "many"}]},
            "1003",
            "Invalid attributes: attribute 'Points' is not integer: \"many\"",
        ),
        (
            {"attributes": {"points": 1}},
            "609",
            "Invalid value specified for attribute 'attributes'",
        ),
        (
            {"attributes": [{"apiName": "uRL", "value": "x" * 65_536}]},
            "1049",
            "The attributes must not be longer than 65536 bytes",
        ),
    ],
)
def test_record_that_breaks_a_rule__is_skipped_alone(
    main: ApiUser, approved: dict[str, Any], members: dict[str, object], code: str, message: str
) -> None:
    outcomes = add(main, record(approved), record(approved, **members), record(approved))
    assert [one["status"] for one in outcomes] == ["added", "skipped", "added"]
    assert outcomes[1] == {"status": "skipped", "errors": [{"code": code, "message": message}]}


def test_type_that_is_a_draft__takes_no_records(main: ApiUser) -> None:
    (draft,) = result(post(main, "/type", definition("onlyDraft")))
    (skipped,) = add(main, record(draft))
    message = f"Invalid activity type id: {draft['id']}"
    assert skipped["errors"] == [{"code": "1003", "message": message}]
    post(main, "/type/onlyDraft/delete")


_NOTHING: dict[str, object] = {}


@pytest.mark.parametrize(
    ("body", "error"),
    [
        (_NOTHING, ("1002", "Missing value for the required parameter 'input'")),
        ({"input": _NOTHING}, ("609", "Invalid value specified for attribute 'input'")),
        ({"input": [1]}, ("609", "Invalid value specified for attribute 'input'")),
        ({"input": [_NOTHING] * 301}, ("1003", "input must not hold more than 300 values")),
        ([], ("609", "Invalid JSON")),
    ],
)
def test_call_that_breaks_a_rule__is_refused(
    main: ApiUser, body: object, error: tuple[str, str]
) -> None:
    assert post(main, "", body).error() == error


def test_each_call__wants_its_permission(server: Server, home: Home) -> None:
    reader = home.create_service("metadata-reader@example.com", "Read-Only Activity Metadata")
    writer = home.create_service("activity-writer@example.com", "Read-Write Activity")
    with ApiUser(server.base_url, reader) as user:
        result(user.call("GET", f"{EXTERNAL}/types.json"))
        assert post(user, "/type", definition("x")).error() == ("603", "Access denied")
        assert post(user, "", {"input": []}).error() == ("603", "Access denied")
    with ApiUser(server.base_url, writer) as user:
        assert add(user) == []
        assert user.call("GET", f"{EXTERNAL}/types.json").error() == ("603", "Access denied")
