"""Lead changes, deleted leads and activity types (contract sections 6.2 and 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.contract.test_activity_pages import all_pages, get, guids, token
from tests.support.world import TEST_LIST

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser
    from tests.support.home import Home


def test_lead_change__names_the_field_as_the_api_does(main: ApiUser) -> None:
    items = all_pages(main, "/leadchanges", fields="firstName")
    assert items[1:] == [
        {
            "id": 106,
            "marketoGUID": "106",
            "leadId": 3,
            "activityDate": "2024-03-03T00:00:00Z",
            "activityTypeId": 13,
            "fields": [{"id": 53, "name": "firstName", "newValue": "B", "oldValue": "A"}],
            "attributes": [{"name": "Lead ID", "value": 3}],
        }
    ]


def test_new_lead__has_no_fields_whatever_fields_are_asked_for(main: ApiUser) -> None:
    assert all_pages(main, "/leadchanges", fields="country") == [
        {
            "id": 101,
            "marketoGUID": "101",
            "leadId": 1,
            "activityDate": "2024-03-01T00:00:00Z",
            "activityTypeId": 12,
            "fields": [],
            "attributes": [{"name": "Source Type", "value": "API"}],
        }
    ]


def test_lead_changes__are_of_any_of_the_fields_in_any_letter_case(main: ApiUser) -> None:
    items = all_pages(main, "/leadchanges", fields="FIRSTNAME,leadScore")
    assert guids(items) == [101, 106, 107]
    assert items[2]["fields"] == [
        {"id": 146, "name": "leadScore", "newValue": "9", "oldValue": None}
    ]


def test_lead_changes__restrict_to_leads_and_lists(main: ApiUser) -> None:
    assert guids(all_pages(main, "/leadchanges", fields="firstName", leadIds="1")) == [101]
    listed = all_pages(main, "/leadchanges", fields="firstName", listId=str(TEST_LIST))
    assert guids(listed) == [101, 106]


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ("", ("1002", "Missing value for the required parameter 'fields'")),
        ("firstName,foo", ("1006", "Field 'foo' not found")),
    ],
)
def test_lead_changes_of_no_or_unknown_fields__are_refused(
    main: ApiUser, fields: str, error: tuple[str, str]
) -> None:
    answer = get(main, "/leadchanges", nextPageToken=token(main), fields=fields)
    assert answer.error() == error


def test_deleted_lead__names_the_lead(main: ApiUser) -> None:
    assert all_pages(main, "/deletedleads") == [
        {
            "id": 115,
            "marketoGUID": "115",
            "leadId": 4,
            "activityDate": "2024-03-09T00:00:00Z",
            "activityTypeId": 37,
            "primaryAttributeValueId": 4,
            "primaryAttributeValue": "Dan",
            "attributes": [],
        }
    ]


@pytest.mark.parametrize("path", ["/leadchanges", "/deletedleads"])
def test_pages_of_changes_without_a_token__are_refused(main: ApiUser, path: str) -> None:
    error = ("1002", "Missing value for the required parameter 'nextPageToken'")
    assert get(main, path, fields="firstName").error() == error


def test_types__are_all_there_by_id(main: ApiUser) -> None:
    envelope = get(main, "/types", offset="0", maxReturn="20").envelope()
    assert list(envelope) == ["requestId", "result", "success"]
    types = cast("list[dict[str, Any]]", envelope["result"])
    ids = [one["id"] for one in types]
    assert ids == sorted(ids)
    assert {1, 2, 12, 13, 37, 104} <= set(ids)


def test_type__has_what_clients_read(main: ApiUser) -> None:
    types = {one["id"]: one for one in cast("Any", get(main, "/types").envelope()["result"])}
    assert list(types[2]) == ["id", "name", "description", "primaryAttribute", "attributes"]
    assert types[2]["primaryAttribute"] == {"name": "Webform ID", "dataType": "integer"}
    assert types[2]["attributes"][0] == {"name": "Client IP Address", "dataType": "string"}
    assert "primaryAttribute" not in types[12]
    assert all({"id", "name", "description", "attributes"} <= set(one) for one in types.values())


def test_own_type__is_listed_with_the_others(main: ApiUser, home: Home) -> None:
    home.command("activity-type", "create", "Play Game", "--id", "100500")
    types = {one["id"]: one for one in cast("Any", get(main, "/types").envelope()["result"])}
    assert types[100500]["name"] == "Play Game"
