"""The subscription's own activity types: made, changed, approved, deleted (contract section 7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.own_types import EXTERNAL, definition, post, result

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser


def described(user: ApiUser, api_name: str, *, draft: bool = False) -> dict[str, Any]:
    path = f"{EXTERNAL}/type/{api_name}/describe.json{'?draft=true' if draft else ''}"
    return result(user.call("GET", path))[0]


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


def test_api_name_of_another_type__is_the_one_refused(
    main: ApiUser, approved: dict[str, Any]
) -> None:
    name = approved["apiName"].upper()
    expected = ("1003", f"Activity type '{name}' already exists")
    assert post(main, "/type", definition(name, name="Another name")).error() == expected


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
            ("1003", "Attribute 'points' already exists"),
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
