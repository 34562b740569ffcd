"""Looking leads up: by id, by filter, in every way that clients ask (contract section 6.5)."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import urlencode

import pytest

from tests.support.stores import only_with_a_file
from tests.support.world import add_custom_fields

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser
    from tests.support.world import World

DEFAULT_FIELDS = {"id", "email", "firstName", "lastName", "createdAt", "updatedAt"}

Record = dict[str, object]


def records(answer: Answer) -> list[Record]:
    body = answer.envelope()
    assert body["success"] is True, body
    return cast("list[Record]", body["result"])


def ids(answer: Answer) -> list[object]:
    return [one["id"] for one in records(answer)]


def by_filter(user: ApiUser, **parameters: str) -> Answer:
    return user.call("GET", "/rest/v1/leads.json", parameters=tuple(parameters.items()))


def test_lead_by_id__has_the_default_fields(main: ApiUser) -> None:
    answer = main.call("GET", "/rest/v1/lead/1.json")
    assert records(answer) == [
        {
            "id": 1,
            "email": "ada@example.com",
            "firstName": "Ada",
            "lastName": "Lovelace",
            "createdAt": "2024-03-01T00:00:00Z",
            "updatedAt": "2024-03-20T00:00:00Z",
        }
    ]
    assert list(answer.envelope()) == ["requestId", "result", "success"]


def test_lead_by_id__has_the_fields_asked_for_and_null_for_nothing(main: ApiUser) -> None:
    answer = main.call("GET", "/rest/v1/lead/1.json?fields=leadScore,phone&fields=unsubscribed")
    assert records(answer) == [{"id": 1, "leadScore": 10, "phone": None, "unsubscribed": False}]


@pytest.mark.parametrize("lead_id", ["999", "0", "abc", "9" * 40])
def test_unknown_lead__is_named(main: ApiUser, lead_id: str) -> None:
    answer = main.call("GET", f"/rest/v1/lead/{lead_id}.json")
    assert answer.error() == ("1004", f"Lead '{lead_id}' not found")


def test_filter__finds_addresses_in_any_case(main: ApiUser) -> None:
    answer = by_filter(main, filterType="email", filterValues="BOB@example.com,ada@example.com,x@y")
    assert ids(answer) == [1, 2]
    assert set(records(answer)[0]) == DEFAULT_FIELDS


def test_filter__takes_repeated_values(main: ApiUser) -> None:
    answer = main.call(
        "GET", "/rest/v1/leads.json?filterType=id&filterValues=1&filterValues=2,%203"
    )
    assert ids(answer) == [1, 2, 3]


def test_filter_without_match__has_an_empty_result(main: ApiUser) -> None:
    answer = by_filter(main, filterType="email", filterValues="nobody@example.com")
    assert answer.envelope()["result"] == []


def test_filter_as_post__in_the_query_and_in_the_form(main: ApiUser) -> None:
    form = {"filterType": "id", "filterValues": "1,2", "fields": "email"}
    in_form = main.call(
        "POST",
        "/rest/v1/leads.json",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        content=urlencode({**form, "_method": "GET"}).encode(),
    )
    in_query = main.call(
        "POST",
        "/rest/v1/leads.json?_method=GET",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        content=urlencode(form).encode(),
    )
    expected = [{"id": 1, "email": "ada@example.com"}, {"id": 2, "email": "bob@example.com"}]
    assert records(in_form) == records(in_query) == expected


def test_filter_as_post__without_content_type(main: ApiUser) -> None:
    content = b"_method=GET&filterType=id&filterValues=1&fields=email"
    answer = main.call("POST", "/rest/v1/leads.json", content=content)
    assert ids(answer) == [1]


def test_pages__end_without_a_token(main: ApiUser) -> None:
    found: list[object] = []
    token: str | None = None
    while True:
        more = {} if token is None else {"nextPageToken": token}
        answer = by_filter(main, filterType="id", filterValues="1,2,3,4,5", batchSize="2", **more)
        found += ids(answer)
        token = answer.next_page_token()
        if token is None:
            break
    assert found == [1, 2, 3, 4, 5]


def test_foreign_paging_token__is_refused(main: ApiUser) -> None:
    answer = by_filter(main, filterType="id", filterValues="1", nextPageToken="NONSENSE")
    assert answer.error() == ("1003", "Invalid paging token")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"filterValues": "1"}, ("1002", "Missing value for the required parameter 'filterType'")),
        ({"filterType": "id"}, ("1002", "Missing value for the required parameter 'filterValues'")),
        (
            {"filterType": "createdAt", "filterValues": "1"},
            ("1011", "Lookup field 'createdAt' not supported"),
        ),
        (
            {"filterType": "nope", "filterValues": "1"},
            ("1011", "Lookup field 'nope' not supported"),
        ),
        (
            {"filterType": "id", "filterValues": "1", "fields": "email,foo"},
            ("1006", "Field 'foo' not found"),
        ),
        (
            {"filterType": "id", "filterValues": "one"},
            ("1001", "Invalid value 'one'. Required of type 'integer'"),
        ),
        (
            {"filterType": "id", "filterValues": ",".join(map(str, range(1, 302)))},
            ("1003", "filterValues must not hold more than 300 values"),
        ),
        (
            {"filterType": "id", "filterValues": "1", "batchSize": "0"},
            ("1001", "Invalid value '0'. Required of type 'Positive Integer'"),
        ),
    ],
)
def test_bad_filter__is_refused(
    main: ApiUser, parameters: dict[str, str], expected: tuple[str, str]
) -> None:
    assert by_filter(main, **parameters).error() == expected


def test_three_hundred_values__are_taken(main: ApiUser) -> None:
    values = ",".join(map(str, range(1, 301)))
    assert len(ids(by_filter(main, filterType="id", filterValues=values))) == 7


def test_more_than_a_thousand_matches__are_refused(main: ApiUser, world: World) -> None:
    with world.home.sql() as connection:
        connection.executemany(
            "INSERT INTO lead (subscription_id, id, createdAt, updatedAt, changed_at, custom, email,"
            " leadPartitionId) VALUES (1, ?, '', '', '', '{}', 'many@example.com', 1)",
            [(number,) for number in range(10_001, 11_002)],
        )
    try:
        answer = by_filter(main, filterType="email", filterValues="many@example.com")
        assert answer.error() == ("1003", "Too many results match the filter")
        world.home.change("DELETE FROM lead WHERE id = 10001")
        answer = by_filter(main, filterType="email", filterValues="Many@example.com")
        assert len(ids(answer)) == 300
        assert answer.next_page_token() is not None
    finally:
        world.home.change("DELETE FROM lead WHERE id > 10000")


def test_own_fields__are_looked_up_by_and_shown_as_their_type(main: ApiUser, world: World) -> None:
    add_custom_fields(world.home, [("plan", "string"), ("seats", "integer"), ("fee", "currency")])
    custom = '{"plan":"Gold","seats":7,"fee":"12345678901234567890.5"}'
    world.home.change("UPDATE lead SET custom = ? WHERE id = 3", custom)
    for name, value in (("plan", "gOLD"), ("seats", "7")):
        answer = by_filter(main, filterType=name, filterValues=value, fields="plan,seats,fee")
        assert ids(answer) == [3]
        assert b'"plan":"Gold","seats":7,"fee":12345678901234567890.5' in answer.content
    assert by_filter(main, filterType="fee", filterValues="1").error()[0] == "1011"


@only_with_a_file
def test_look_up_by_own_field__uses_an_index(main: ApiUser, world: World) -> None:
    add_custom_fields(world.home, [("tier", "string")])
    assert ids(by_filter(main, filterType="tier", filterValues="x")) == []
    with world.home.sql() as connection:
        plan = connection.execute(
            "EXPLAIN QUERY PLAN SELECT id FROM lead WHERE subscription_id = ?"
            " AND (custom ->> 'tier') COLLATE NOCASE IN (?)",
            (1, "x"),
        ).fetchall()
    assert "ix_lead_custom_1_" in str(plan)


def test_look_up_by_partition__finds_the_leads_of_the_only_one(main: ApiUser) -> None:
    assert ids(by_filter(main, filterType="leadPartitionId", filterValues="2")) == []
    assert len(ids(by_filter(main, filterType="leadPartitionId", filterValues="1"))) == 7


def test_list_membership__pages_with_more_result(main: ApiUser) -> None:
    answer = main.call("GET", "/rest/v1/leads/1/listMembership.json?batchSize=1")
    body = answer.envelope()
    assert list(body) == ["requestId", "result", "success", "nextPageToken", "moreResult"]
    assert body["moreResult"] is True
    assert body["result"] == [
        {"listId": 1017, "createdAt": "1970-01-01T00:00:00Z", "updatedAt": "1970-01-01T00:00:00Z"}
    ]
    token = str(body["nextPageToken"])
    path = "/rest/v1/leads/1/listMembership.json"
    last = main.call("GET", path, parameters=(("batchSize", "1"), ("nextPageToken", token)))
    assert last.envelope()["moreResult"] is False
    assert "nextPageToken" not in last.envelope()
    assert [one["listId"] for one in records(last)] == [1023]


def test_program_membership__has_status_and_times(main: ApiUser, world: World) -> None:
    with world.home.sql() as connection:
        connection.execute(
            "INSERT INTO program_member (subscription_id, program_id, lead_id, id, status_name,"
            " reached_success, acquired_by, is_exhausted, member_since, updated_at)"
            " VALUES (1, 1001, 5, 77, 'Sent', true, false, false, 1000000, 2000000)"
        )
    answer = main.call("GET", "/rest/v1/leads/5/programMembership.json")
    assert records(answer) == [
        {
            "id": 1001,
            "progressionStatus": "Sent",
            "isExhausted": False,
            "acquiredBy": False,
            "reachedSuccess": True,
            "membershipDate": "1970-01-01T00:00:01Z",
            "updatedAt": "1970-01-01T00:00:02Z",
        }
    ]
    assert answer.envelope()["moreResult"] is False


@pytest.mark.parametrize("kind", ["listMembership", "programMembership"])
def test_memberships_of_unknown_lead__are_refused(main: ApiUser, kind: str) -> None:
    answer = main.call("GET", f"/rest/v1/leads/999/{kind}.json")
    assert answer.error() == ("1004", "Lead '999' not found")
