"""Activities of the subscription's own types, told to the log (contract section 7.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.contract.test_activity_pages import all_pages
from tests.support.api_user import ApiUser
from tests.support.own_types import EXTERNAL, definition, post, result

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.server import Server


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
