"""Members of static lists: shown, asked about, added, removed (contract sections 6.6 and 7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import urlencode

import pytest

from tests.support.lead_calls import JSON, last_guid, logged_since, records, skipped
from tests.support.world import LIST_MEMBERS, TEST_LIST

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser
    from tests.support.home import Home

NESTED_LIST = 1016
EMPTY_LIST = 1022
#: Both paths that clients write.
PATHS = ("lists", "list")
NOT_FOUND = ("1004", "Lead not found")
FORM = {"Content-Type": "application/x-www-form-urlencoded"}


def ids_of(found: list[dict[str, object]]) -> list[object]:
    return [one["id"] for one in found]


@pytest.mark.parametrize("path", PATHS)
def test_members__are_leads_by_id(main: ApiUser, path: str) -> None:
    answer = main.call("GET", f"/rest/v1/{path}/{TEST_LIST}/leads.json?fields=email,country")
    found = records(answer)
    assert ids_of(found) == sorted(LIST_MEMBERS[TEST_LIST])
    assert found[0] == {"id": 1, "email": "ada@example.com", "country": "Germany"}
    assert list(answer.envelope()) == ["requestId", "result", "success"]


def test_members__by_post_with_the_method_in_the_form_or_the_query(main: ApiUser) -> None:
    in_form = main.call(
        "POST",
        f"/rest/v1/list/{TEST_LIST}/leads.json",
        headers=FORM,
        content=urlencode({"listId": TEST_LIST, "_method": "GET", "fields": "email"}).encode(),
    )
    in_query = main.call("POST", f"/rest/v1/list/{TEST_LIST}/leads.json?_method=GET")
    assert ids_of(records(in_form)) == ids_of(records(in_query)) == [1, 3, 5, 6]
    assert set(records(in_form)[0]) == {"id", "email"}


def test_pages_of_members__end_without_a_token(main: ApiUser) -> None:
    found: list[object] = []
    token: str | None = ""
    while token is not None:
        parameters = {"batchSize": "3"} | ({"nextPageToken": token} if token else {})
        answer = main.call(
            "GET", f"/rest/v1/lists/{TEST_LIST}/leads.json", parameters=tuple(parameters.items())
        )
        found += ids_of(records(answer))
        token = answer.next_page_token()
    assert found == [1, 3, 5, 6]


def test_empty_list__has_an_empty_result(main: ApiUser) -> None:
    answer = main.call("GET", "/rest/v1/lists/1019/leads.json")
    assert answer.envelope()["result"] == []


@pytest.mark.parametrize("path", PATHS)
def test_is_member__tells_of_each_lead(main: ApiUser, path: str) -> None:
    expected = [
        {"id": 1, "status": "memberof"},
        {"id": 2, "status": "notmemberof"},
        skipped(*NOT_FOUND, id=99_999),
    ]
    url = f"/rest/v1/{path}/{TEST_LIST}/leads/ismember.json"
    assert records(main.call("GET", f"{url}?id=1&id=2,99999")) == expected
    body = {"input": [{"id": 1}, {"id": 2}, {"id": 99_999}]}
    assert records(main.call("POST", f"{url}?_method=GET", json=body)) == expected


def test_body_of_a_get__is_never_an_error(main: ApiUser) -> None:
    url = f"/rest/v1/lists/{TEST_LIST}/leads/ismember.json?id=1"
    answer = main.call("GET", url, headers=JSON, content=b"{nonsense")
    assert records(answer) == [{"id": 1, "status": "memberof"}]


@pytest.mark.parametrize("path", PATHS)
def test_add_and_remove__answer_in_order_and_tell_the_log(
    main: ApiUser, home: Home, path: str
) -> None:
    url = f"/rest/v1/{path}/{NESTED_LIST}/leads.json"
    before = last_guid(home)
    added = main.call("POST", f"{url}?id=7", json={"input": [{"id": 99_999}, {"id": 3}, {"id": 3}]})
    assert records(added) == [
        {"id": 7, "status": "added"},
        skipped(*NOT_FOUND, id=99_999),
        {"id": 3, "status": "added"},
        {"id": 3, "status": "added"},
    ]
    removed = main.call("DELETE", f"{url}?id=7&id=3&id=5&id=7&id=99999", headers=JSON)
    assert records(removed) == [
        {"id": 7, "status": "removed"},
        {"id": 3, "status": "removed"},
        skipped("1015", "Lead not in list", id=5),
        skipped("1015", "Lead not in list", id=7),
        skipped(*NOT_FOUND, id=99_999),
    ]
    name, source = "API Test Program.List 1", {"Source": "Web service API"}
    assert logged_since(home, before) == [
        (7, 24, NESTED_LIST, name, source),
        (3, 24, NESTED_LIST, name, source),
        (7, 25, NESTED_LIST, name, source),
        (3, 25, NESTED_LIST, name, source),
    ]


def test_member_added_again__is_called_added_and_told_once(main: ApiUser, home: Home) -> None:
    url = f"/rest/v1/lists/{EMPTY_LIST}/leads.json"
    before = last_guid(home)
    for _ in range(3):
        answer = main.call("POST", url, json={"input": [{"id": 2}]})
        assert records(answer) == [{"id": 2, "status": "added"}]
    assert logged_since(home, before) == [
        (2, 24, EMPTY_LIST, "Empty list", {"Source": "Web service API"})
    ]
    memberships = records(main.call("GET", "/rest/v1/leads/2/listMembership.json"))
    assert [one["listId"] for one in memberships] == [NESTED_LIST, EMPTY_LIST]


@pytest.mark.parametrize("list_id", ["999", "abc"])
@pytest.mark.parametrize(
    ("method", "end"),
    [("GET", ""), ("POST", ""), ("DELETE", ""), ("GET", "/ismember")],
)
def test_unknown_list__is_not_found(main: ApiUser, list_id: str, method: str, end: str) -> None:
    answer = main.call(method, f"/rest/v1/lists/{list_id}/leads{end}.json?id=1", headers=JSON)
    assert answer.error() == ("1013", "Object not found")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_bad_call__changes_nothing(main: ApiUser, home: Home, method: str) -> None:
    url = f"/rest/v1/lists/{TEST_LIST}/leads.json"
    before = last_guid(home)
    none = main.call(method, url, headers=JSON)
    assert none.error() == ("1002", "Missing value for the required parameter 'id'")
    word = main.call(method, f"{url}?id=2&id=x", headers=JSON)
    assert word.error() == ("1001", "Invalid value 'x'. Required of type 'Integer'")
    many = main.call(method, f"{url}?id=" + ",".join(["2"] * 301), headers=JSON)
    assert many.error() == ("1003", "id must not hold more than 300 values")
    assert main.call(method, f"{url}?id=2").error() == ("612", "Invalid Content Type")
    assert last_guid(home) == before


def test_unknown_field_of_members__is_refused(main: ApiUser) -> None:
    answer = main.call("GET", f"/rest/v1/lists/{TEST_LIST}/leads.json?fields=foo")
    assert answer.error() == ("1006", "Field 'foo' not found")
