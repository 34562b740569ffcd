"""Sync Leads: actions, look-up, outcomes in order, and what the log is told (section 7.1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api_user import ApiUser
from tests.support.lead_calls import (
    JSON,
    Record,
    last_guid,
    lead,
    logged_since,
    records,
    skipped,
    sync,
    synced_ids,
)
from tests.support.world import add_custom_fields

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

OWN_FIELDS = (
    ("ownText", "string"),
    ("ownNumber", "integer"),
    ("ownFlag", "boolean"),
    ("ownFloat", "float"),
    ("ownDate", "date"),
    ("ownMoment", "datetime"),
    ("ownPercent", "percent"),
    ("ownScore", "score"),
)


@pytest.fixture(scope="module")
def user(main: ApiUser, world: World) -> ApiUser:
    add_custom_fields(world.home, OWN_FIELDS)
    return main


@pytest.fixture(scope="module")
def reader(server: Server, world: World) -> Iterator[ApiUser]:
    credentials = world.home.create_service("reader@example.com", "Read-Only Lead")
    with ApiUser(server.base_url, credentials) as user:
        yield user


def test_create_or_update__creates_updates_and_keeps_the_order(user: ApiUser) -> None:
    answer = sync(
        user,
        {"email": "order-1@example.com", "firstName": "One"},
        {"email": "ADA@example.com", "title": "Countess"},
        {"email": "order-2@example.com"},
        {"email": "Order-1@example.com", "firstName": "Again"},
    )
    first, second, third, again = records(answer)
    assert list(answer.envelope()) == ["requestId", "result", "success"]
    assert [one["status"] for one in (first, second, third, again)] == [
        "created",
        "updated",
        "created",
        "updated",
    ]
    assert second == {"id": 1, "status": "updated"}
    assert again["id"] == first["id"]
    assert lead(user, int(str(first["id"])))["firstName"] == "Again"


def test_new_lead__has_defaults_and_is_told_once(user: ApiUser, home: Home) -> None:
    before = last_guid(home)
    answer = sync(
        user,
        {
            "email": "new@example.com",
            "firstName": "Nora",
            "lastName": "New",
            "leadSource": "Web",
            "ownScore": 3,
        },
    )
    (lead_id,) = [int(str(one["id"])) for one in records(answer)]
    ((logged_lead, type_id, value_id, value, attributes),) = logged_since(home, before)
    created_at = str(lead(user, lead_id)["createdAt"])
    assert (logged_lead, type_id, value_id, value) == (lead_id, 12, lead_id, "Nora New")
    assert attributes == {
        "Created Date": created_at[:10],
        "Source Type": "Web service API",
        "Lead Source": "Web",
        "API Method Name": "syncLead",
        "Modifying User": "main@example.com",
        "Request Id": answer.envelope()["requestId"],
    }
    found = lead(user, lead_id, "mktoName", "unsubscribed", "personType", "originalSourceType")
    assert found == {
        "id": lead_id,
        "mktoName": "Nora New",
        "unsubscribed": False,
        "personType": "contact",
        "originalSourceType": "Web service API",
    }


def test_changed_fields__are_told_one_by_one(user: ApiUser, home: Home) -> None:
    (lead_id,) = synced_ids(user, {"email": "changing@example.com", "firstName": "Old"})
    before = last_guid(home)
    answer = sync(
        user,
        {
            "email": "changing@example.com",
            "firstName": "New",
            "unsubscribed": True,
            "ownMoment": "2023-01-26T20:46:00+02:00",
            "leadScore": 10,
            "phone": None,
        },
    )
    call = {
        "API Method Name": "syncLead",
        "Modifying User": "main@example.com",
        "Request Id": answer.envelope()["requestId"],
        "Reason": "Web service API",
        "Source": "Web service API",
    }
    score = {"Change Value": "+10", "New Value": 10, "Old Value": 0, "Reason": "Web service API"}
    logged = {(one[1], one[3]): (one[2], one[4]) for one in logged_since(home, before, [lead_id])}
    own_id = logged[13, "ownMoment"][0]
    assert logged == {
        (13, "First Name"): (53, {"Old Value": "Old", "New Value": "New", **call}),
        (13, "Unsubscribed"): (79, {"Old Value": "False", "New Value": "True", **call}),
        (13, "ownMoment"): (own_id, {"New Value": "2023-01-26 18:46:00", **call}),
        (13, "Lead Score"): (146, {"New Value": "10", **call}),
        (22, "Lead Score"): (146, score),
    }


def test_own_score__is_told_as_a_score_with_its_sign(user: ApiUser, home: Home) -> None:
    (lead_id,) = synced_ids(user, {"email": "score@example.com", "ownScore": 12})
    before = last_guid(home)
    sync(user, {"email": "score@example.com", "ownScore": 5})
    (_, second) = logged_since(home, before, [lead_id])
    assert second[1] == 22
    assert second[4]["Change Value"] == "-7"


def test_same_values__change_nothing_and_tell_nothing(user: ApiUser, home: Home) -> None:
    record: Record = {"email": "same@example.com", "firstName": "Same", "ownNumber": 4}
    (lead_id,) = synced_ids(user, record)
    before, held = last_guid(home), lead(user, lead_id)
    assert records(sync(user, {**record, "ownNumber": "4"})) == [
        {"id": lead_id, "status": "updated"}
    ]
    assert logged_since(home, before) == []
    assert lead(user, lead_id) == held


def test_watermark__moves_with_any_field_and_updated_at_with_standard_ones(
    user: ApiUser, home: Home
) -> None:
    (lead_id,) = synced_ids(user, {"email": "moves@example.com"})
    past = "2024-01-01T00:00:00Z"
    home.change("UPDATE lead SET updatedAt = ?, changed_at = ? WHERE id = ?", past, past, lead_id)
    sync(user, {"email": "moves@example.com", "ownText": "own"})
    with home.sql() as connection:
        query = "SELECT updatedAt, changed_at FROM lead WHERE id = ?"
        shown, watermark = connection.execute(query, (lead_id,)).fetchone()
    assert shown == past
    assert watermark > past
    sync(user, {"email": "moves@example.com", "title": "standard"})
    assert str(lead(user, lead_id)["updatedAt"]) > past


def test_null_and_empty__clear_a_field(user: ApiUser) -> None:
    (lead_id,) = synced_ids(
        user, {"email": "clear@example.com", "title": "x", "city": "y", "ownText": "z"}
    )
    sync(user, {"email": "clear@example.com", "title": None, "city": "", "ownText": None})
    assert lead(user, lead_id, "title", "city", "ownText") == {
        "id": lead_id,
        "title": None,
        "city": None,
        "ownText": None,
    }


def test_create_only__refuses_a_lead_that_is_there(user: ApiUser) -> None:
    answer = sync(
        user, {"email": "ada@example.com"}, {"email": "only@example.com"}, action="createOnly"
    )
    existing, created = records(answer)
    assert existing == skipped("1005", "Lead already exists", id=1)
    assert created["status"] == "created"


def test_update_only__refuses_a_lead_that_is_not_there(user: ApiUser) -> None:
    answer = sync(
        user,
        {"email": "nobody@example.com"},
        {"email": "bob@example.com", "title": "Builder"},
        action="updateOnly",
    )
    assert records(answer) == [skipped("1004", "Lead not found"), {"id": 2, "status": "updated"}]


def test_create_duplicate__always_creates(user: ApiUser) -> None:
    twin: Record = {"email": "twin@example.com"}
    first, second = synced_ids(user, twin, twin, action="createDuplicate")
    assert first != second
    assert records(sync(user, twin)) == [skipped("1007", "Multiple leads match lookup criteria")]
    assert records(sync(user, {}, action="createDuplicate", lookupField="id"))[0]["status"] == (
        "created"
    )


@pytest.mark.parametrize("action", ["createOrUpdate", "updateOnly"])
def test_lookup_by_id__updates_and_never_creates(user: ApiUser, action: str) -> None:
    answer = sync(
        user,
        {"id": 3, "title": action},
        {"id": "3", "city": "Alexandria"},
        {"id": 99_999, "title": "x"},
        lookupField="id",
        action=action,
    )
    assert records(answer) == [
        {"id": 3, "status": "updated"},
        {"id": 3, "status": "updated"},
        skipped("1004", "Lead not found"),
    ]


@pytest.mark.parametrize(
    ("action", "lookup"),
    [
        ("createOnly", "email"),
        ("createOnly", "id"),
        ("createDuplicate", "id"),
        ("createOrUpdate", "email"),
    ],
)
def test_id__is_not_allowed_when_a_lead_may_be_created(
    user: ApiUser, action: str, lookup: str
) -> None:
    answer = sync(user, {"id": 1, "email": "ada@example.com"}, action=action, lookupField=lookup)
    message = f"Field 'id' is not allowed when action is '{action}'"
    assert records(answer) == [skipped("1003", message)]


@pytest.mark.parametrize(
    ("lookup", "value"), [("ownText", "Key-1"), ("ownNumber", 70_001), ("cookies", "id:1&token:2")]
)
def test_lookup_by_other_fields__finds_the_same_lead_again(
    user: ApiUser, lookup: str, value: object
) -> None:
    (lead_id,) = synced_ids(user, {lookup: value, "title": "a"}, lookupField=lookup)
    again = synced_ids(user, {lookup: value, "title": "b"}, lookupField=lookup)
    assert again == [lead_id]
    assert lead(user, lead_id, "title")["title"] == "b"


def test_lookup_by_cookie__is_by_cookies(user: ApiUser) -> None:
    (lead_id,) = synced_ids(user, {"cookie": "id:7"}, lookupField="cookie")
    assert synced_ids(user, {"cookies": "id:7"}, lookupField="cookie") == [lead_id]


def test_lookup_in_a_batch__sees_what_earlier_records_did(user: ApiUser) -> None:
    first, second, third = synced_ids(
        user,
        {"email": "chain-1@example.com", "ownText": "chained"},
        {"email": "chain-1@example.com", "ownText": "moved"},
        {"email": "chain-2@example.com"},
    )
    assert first == second != third


@pytest.mark.parametrize(
    ("record", "code", "message"),
    [
        ({"email": "b@example.com", "foo": 1}, "1006", "Field 'foo' not found"),
        ({"email": "b@example.com", "FirstName": "x"}, "1006", "Field 'FirstName' not found"),
        ({"email": "b@example.com", "createdAt": "x"}, "1003", "Field 'createdAt' is read only"),
        ({"email": "b@example.com", "mktoName": "x"}, "1003", "Field 'mktoName' is read only"),
        ({"firstName": "x"}, "1003", "Value for lookup field 'email' not found"),
        ({"email": None}, "1003", "Value for lookup field 'email' not found"),
        ({"email": "  "}, "1003", "Invalid value for field 'email' and value '  '"),
        ({"email": "nonsense"}, "1003", "Invalid value for field 'email' and value 'nonsense'"),
        ({"email": "b@example.com", "leadPartitionId": 2}, "1010", "Partition update not allowed"),
        *(
            (
                {"email": "b@example.com", name: value},
                "1003",
                f"Invalid value for field '{name}' and value '{shown}'",
            )
            for name, value, shown in (
                ("ownFlag", "other", "other"),
                ("ownNumber", "14.1", "14.1"),
                ("ownNumber", 14.1, "14.1"),
                ("ownNumber", 2**63, str(2**63)),
                ("ownFloat", "14c", "14c"),
                ("ownMoment", "yesterday", "yesterday"),
                ("ownDate", "2024-02-30", "2024-02-30"),
                ("ownPercent", "100%", "100%"),
                ("firstName", ["x"], '["x"]'),
                ("firstName", {"x": 1}, '{"x":1}'),
                ("sicCode", "9" * 41, "9" * 41),
            )
        ),
    ],
)
def test_bad_record__is_skipped_alone(
    user: ApiUser, record: Record, code: str, message: str
) -> None:
    good: Record = {"email": "beside@example.com"}
    outcomes = records(sync(user, good, record, good))
    assert outcomes[1] == skipped(code, message)
    assert [one["status"] for one in (outcomes[0], outcomes[2])] != ["skipped", "skipped"]


def test_refused_record__leaves_its_lead_as_it_was(user: ApiUser, home: Home) -> None:
    before, held = last_guid(home), lead(user, 4)
    sync(user, {"email": "dan@example.com", "firstName": "Changed", "ownNumber": "x"})
    assert lead(user, 4) == held
    assert logged_since(home, before) == []


def test_values__are_kept_as_they_were_meant(user: ApiUser) -> None:
    text = 'comma, "quote" \t tab\nline 😀 \u2028 =1+1'
    (lead_id,) = synced_ids(
        user,
        {
            "email": "kept@example.com",
            "ownText": text,
            "ownFlag": "TRUE",
            "ownDate": "2024-02-29T23:00:00-05:00",
            "ownMoment": "2024-02-29",
            "ownNumber": 14.0,
            "firstName": 42,
            "lastName": "nul\0and\r\nbreak",
        },
    )
    found = lead(
        user, lead_id, "ownText", "ownFlag", "ownDate", "ownMoment", "ownNumber", "firstName",
        "lastName",
    )  # fmt: skip
    assert found == {
        "id": lead_id,
        "ownText": text,
        "ownFlag": True,
        "ownDate": "2024-02-29",
        "ownMoment": "2024-02-29T00:00:00Z",
        "ownNumber": 14,
        "firstName": "42",
        "lastName": "nuland\nbreak",
    }


def test_decimals__lose_no_digit(user: ApiUser) -> None:
    body = b'{"input":[{"email":"digits@example.com","annualRevenue":12345678901234567890.125}]}'
    answer = user.call("POST", "/rest/v1/leads.json", headers=JSON, content=body)
    (outcome,) = records(answer)
    shown = user.call("GET", f"/rest/v1/lead/{outcome['id']}.json?fields=annualRevenue")
    assert b'"annualRevenue":12345678901234567890.125' in shown.content


def test_asynchronous_call__is_answered_when_done(user: ApiUser) -> None:
    assert records(sync(user, {"email": "async@example.com"}, asyncProcessing=True))[0][
        "status"
    ] == ("created")


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"", ("609", "Invalid JSON")),
        (b"[]", ("609", "Invalid JSON")),
        (b'{"input":[{"email":"\xff@x"}]}', ("609", "Invalid JSON")),
        (b'{"input":[{"email":"\\ud800@x.org"}]}', ("609", "Invalid JSON")),
        (b"{}", ("1002", "Missing value for the required parameter 'input'")),
        (b'{"input":null}', ("1002", "Missing value for the required parameter 'input'")),
        (b'{"input":{}}', ("609", "Invalid value specified for attribute 'input'")),
        (b'{"input":[1]}', ("609", "Invalid value specified for attribute 'input'")),
        (
            b'{"input":[],"action":"upsert"}',
            ("1003", "Invalid value 'upsert' for parameter 'action'"),
        ),
        (b'{"input":[],"action":1}', ("609", "Invalid value specified for attribute 'action'")),
        (
            b'{"input":[],"lookupField":"title"}',
            ("1011", "Lookup field 'title' not supported"),
        ),
        (b'{"input":[],"lookupField":"nope"}', ("1011", "Lookup field 'nope' not supported")),
        (b'{"input":[],"partitionName":"No"}', ("1008", "Access denied to partition 'No'")),
    ],
)
def test_bad_call__is_refused_as_a_whole(
    user: ApiUser, body: bytes, expected: tuple[str, str]
) -> None:
    answer = user.call("POST", "/rest/v1/leads.json", headers=JSON, content=body)
    assert answer.error() == expected


def test_the_default_partition__may_be_named(user: ApiUser) -> None:
    assert synced_ids(user, {"email": "ada@example.com"}, partitionName="Default") == [1]


def test_three_hundred_records__are_taken_and_one_more_is_not(user: ApiUser, home: Home) -> None:
    many: list[Record] = [{"email": f"many-{number}@example.com"} for number in range(301)]
    before = last_guid(home)
    assert sync(user, *many).error() == ("1003", "input must not hold more than 300 values")
    assert logged_since(home, before) == []
    assert len(set(synced_ids(user, *many[:300]))) == 300
    assert len(logged_since(home, before)) == 300


def test_body_over_a_megabyte__is_too_large(user: ApiUser) -> None:
    content = b'{"input":[{"email":"' + b"x" * (1024 * 1024) + b'"}]}'
    answer = user.call("POST", "/rest/v1/leads.json", headers=JSON, content=content)
    assert answer.status == 413


def test_other_content_type__is_refused(user: ApiUser) -> None:
    answer = user.call("POST", "/rest/v1/leads.json", content=b'{"input":[]}')
    assert answer.error() == ("612", "Invalid Content Type")


def test_reading_permission__is_not_enough_to_write(reader: ApiUser) -> None:
    assert sync(reader, {"email": "x@example.com"}).error() == ("603", "Access denied")
    assert records(reader.call("GET", "/rest/v1/lead/1.json"))[0]["id"] == 1


def test_synced_lead__is_in_the_next_export(user: ApiUser) -> None:
    (lead_id,) = synced_ids(user, {"email": "exported@example.com", "ownText": "here"})
    moment = str(lead(user, lead_id)["createdAt"])
    body: dict[str, Any] = {
        "fields": ["id", "ownText"],
        "filter": {"updatedAt": {"startAt": moment, "endAt": "2099-01-01T00:00:00Z"}},
    }
    body["filter"]["updatedAt"]["endAt"] = moment[:10] + "T23:59:59Z"
    assert f"{lead_id},here\n" in user.export("leads", body).text
