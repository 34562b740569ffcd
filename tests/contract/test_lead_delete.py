"""Delete Leads, in every way that clients ask for it (contract section 7.2)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.lead_calls import (
    JSON,
    Record,
    last_guid,
    logged_since,
    records,
    skipped,
    sync,
    synced_ids,
)
from tests.support.world import TEST_LIST

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser
    from tests.support.home import Home

NOT_FOUND = ("1004", "Lead not found")


@pytest.mark.parametrize("method", ["POST", "DELETE"])
def test_delete__by_body_by_query_and_by_both(main: ApiUser, method: str) -> None:
    path = "/rest/v1/leads/delete.json" if method == "POST" else "/rest/v1/leads.json"
    first, second, third, fourth = synced_ids(
        main, *(Record(email=f"{method}-{number}@example.com") for number in range(4))
    )
    in_body = main.call(method, path, json={"input": [{"id": first}]})
    assert records(in_body) == [{"id": first, "status": "deleted"}]
    in_query = main.call(method, f"{path}?id={second}&id={third}", headers=JSON)
    assert records(in_query) == [
        {"id": second, "status": "deleted"},
        {"id": third, "status": "deleted"},
    ]
    in_both = main.call(method, f"{path}?id={second}", json={"input": [{"id": str(fourth)}]})
    assert records(in_both) == [
        skipped(*NOT_FOUND, id=second),
        {"id": fourth, "status": "deleted"},
    ]


def test_deleted_lead__is_gone_with_its_memberships_and_told(main: ApiUser, home: Home) -> None:
    (lead_id,) = synced_ids(
        main, {"email": "gone@example.com", "firstName": "Gone", "lastName": "Girl"}
    )
    records(main.call("POST", f"/rest/v1/lists/{TEST_LIST}/leads.json?id={lead_id}", headers=JSON))
    home.change(
        "INSERT INTO program_member (subscription_id, program_id, lead_id, id, status_name,"
        " reached_success, acquired_by, is_exhausted, member_since, updated_at)"
        " VALUES (1, 1001, ?, 1, 'Sent', false, false, false, 0, 0)",
        lead_id,
    )
    before = last_guid(home)
    main.call("DELETE", "/rest/v1/leads.json", json={"input": [{"id": lead_id}]})
    assert logged_since(home, before) == [(lead_id, 37, lead_id, "Gone Girl", {})]
    answer = main.call("GET", f"/rest/v1/lead/{lead_id}.json")
    assert answer.error() == ("1004", f"Lead '{lead_id}' not found")
    with home.sql() as connection:
        for table in ("static_list_member", "program_member"):
            query = f"SELECT count(*) FROM {table} WHERE lead_id = ?"
            assert connection.execute(query, (lead_id,)).fetchone() == (0,)


def test_id_of_a_deleted_lead__is_never_given_again(main: ApiUser, home: Home) -> None:
    with home.sql() as connection:
        connection.execute(
            "INSERT INTO lead (subscription_id, id, createdAt, updatedAt, changed_at, custom)"
            " VALUES (1, 500000, '', '', '', '{}')"
        )
    records(main.call("DELETE", "/rest/v1/leads.json?id=500000", headers=JSON))
    (lead_id,) = synced_ids(main, {"email": "after@example.com"})
    assert lead_id == 500_001


def test_same_id_twice__is_deleted_once(main: ApiUser, home: Home) -> None:
    (lead_id,) = synced_ids(main, {"email": "twice@example.com"})
    before = last_guid(home)
    answer = main.call("DELETE", f"/rest/v1/leads.json?id={lead_id},{lead_id}", headers=JSON)
    assert records(answer) == [
        {"id": lead_id, "status": "deleted"},
        skipped(*NOT_FOUND, id=lead_id),
    ]
    assert len(logged_since(home, before)) == 1


@pytest.mark.parametrize(
    ("query", "body", "expected"),
    [
        ("", b"", ("1002", "Missing value for the required parameter 'id'")),
        ("", b'{"input":[]}', ("1002", "Missing value for the required parameter 'id'")),
        ("", b'{"input":[{}]}', ("1002", "Missing value for the required parameter 'id'")),
        ("", b'{"input":[{"id":"x"}]}', ("1001", "Invalid value 'x'. Required of type 'Integer'")),
        (
            "",
            b'{"input":[{"id":true}]}',
            ("1001", "Invalid value 'true'. Required of type 'Integer'"),
        ),
        ("?id=-1", b"", ("1001", "Invalid value '-1'. Required of type 'Integer'")),
        ("", b"{", ("609", "Invalid JSON")),
        ("", b'{"input":1}', ("609", "Invalid value specified for attribute 'input'")),
        (
            "?id=" + ",".join(map(str, range(1, 302))),
            b"",
            ("1003", "id must not hold more than 300 values"),
        ),
    ],
)
def test_bad_call__deletes_nothing(
    main: ApiUser, home: Home, query: str, body: bytes, expected: tuple[str, str]
) -> None:
    before = last_guid(home)
    answer = main.call("DELETE", f"/rest/v1/leads.json{query}", headers=JSON, content=body)
    assert answer.error() == expected
    assert last_guid(home) == before


def test_other_content_type__is_refused_even_without_a_body(main: ApiUser) -> None:
    assert main.call("DELETE", "/rest/v1/leads.json?id=1").error() == (
        "612",
        "Invalid Content Type",
    )


def test_deleted_address__is_free_again(main: ApiUser) -> None:
    (first,) = synced_ids(main, {"email": "free@example.com"})
    main.call("DELETE", f"/rest/v1/leads.json?id={first}", headers=JSON)
    assert records(sync(main, {"email": "free@example.com"}))[0]["status"] == "created"
