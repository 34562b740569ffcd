"""Members of programs: looked at, moved, changed, taken out, and told to the log (7.6, 6.11, 6.12)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.api_user import ApiUser
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.answers import Answer
    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

PROGRAM = 1010
STATUSES = [
    {"name": "Not in Program", "step": 0, "id": 20},
    {"name": "Invited", "step": 10, "id": 21},
    {"name": "Declined", "step": 20, "id": 22},
    {"name": "Registered", "step": 20, "id": 23},
    {"name": "Attended", "step": 30, "success": True, "id": 24},
]
MEMBERS = f"/rest/v1/programs/{PROGRAM}/members"
OLD_STATUS = f"/rest/v1/leads/programs/{PROGRAM}/status.json"
PAST = {"code": "1037", "message": "Lead skipped because it is already in or past this status"}
NO_LEAD = {"code": "1004", "message": "Lead not found"}
NO_MEMBER = {"code": "1037", "message": "Lead not in program"}


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    """A server that leaves activities where these tests look for them."""
    environment = {"TAILRACE_SETTLE_SECONDS": "86400"}
    with running_server(world.home, environment=environment) as running:
        yield running


@pytest.fixture(scope="module", autouse=True)
def channel(home: Home) -> None:
    with home.sql() as connection:
        connection.execute(
            "INSERT INTO channel (subscription_id, id, name, applicable_program_type, statuses,"
            " created_at, updated_at) VALUES (1, 4001, 'Event', 'event', ?, 0, 0)",
            (json.dumps(STATUSES),),
        )
        connection.execute("UPDATE program SET channel = 'Event' WHERE id = ?", (PROGRAM,))
        connection.execute("UPDATE lead SET acquisitionProgramId = ? WHERE id = 2", (PROGRAM,))


@pytest.fixture(autouse=True)
def nobody(home: Home) -> None:
    """Every test begins without members and without activities that wait to be settled."""
    with home.sql() as connection:
        connection.execute("DELETE FROM program_member")
        connection.execute("DELETE FROM hot_activity")


def result(answer: Answer) -> list[dict[str, Any]]:
    body = answer.envelope()
    assert body["success"] is True, body
    assert list(body)[:3] == ["requestId", "result", "success"]
    return cast("list[dict[str, Any]]", body["result"])


def move(user: ApiUser, status: str, *leads: object) -> list[dict[str, Any]]:
    body = {"statusName": status, "input": [{"leadId": one} for one in leads]}
    return result(user.call("POST", f"{MEMBERS}/status.json", json=body))


def found(user: ApiUser, path: str, **parameters: str) -> list[dict[str, Any]]:
    return result(user.call("GET", path, parameters=tuple(parameters.items())))


def told(home: Home) -> list[tuple[int, int, dict[str, Any]]]:
    """Lead, type and attributes of the activities written, in order."""
    with home.sql() as connection:
        rows = connection.execute(
            "SELECT lead_id, activity_type_id, attributes, primary_value_id, primary_value"
            " FROM hot_activity ORDER BY guid"
        ).fetchall()
    assert {row[3:] for row in rows} <= {(PROGRAM, "API Test Program 10")}
    return [(row[0], row[1], json.loads(row[2])) for row in rows]


def test_status__makes_members_and_moves_them(main: ApiUser, home: Home) -> None:
    assert move(main, "Invited", 1, 2) == [
        {"seq": 0, "status": "created", "leadId": 1},
        {"seq": 1, "status": "created", "leadId": 2},
    ]
    assert move(main, "attended", 2) == [{"seq": 0, "status": "updated", "leadId": 2}]
    first, second, third = told(home)
    member_id = first[2].pop("Program Member ID")
    assert first == (
        1,
        104,
        {
            "Acquired By": False,
            "New Status": "Invited",
            "New Status ID": 21,
            "Old Status": "Not in Program",
            "Old Status ID": 20,
            "Reason": "Web service API",
            "Success": False,
        },
    )
    assert second[2]["Acquired By"] is True
    assert second[2]["Program Member ID"] == member_id + 1 == third[2]["Program Member ID"]
    assert (third[2]["Old Status"], third[2]["New Status"]) == ("Invited", "Attended")
    assert (third[2]["Success"], "Reached Success Date" in third[2]) == (True, True)


def test_status__in_or_past_it_is_skipped(main: ApiUser, home: Home) -> None:
    move(main, "Registered", 1)
    for status in ("Registered", "Invited", "Not in Program"):
        assert move(main, status, 1) == [
            {"seq": 0, "status": "skipped", "leadId": 1, "reasons": [PAST]}
        ]
    # Another status of the same step is no step back.
    assert move(main, "Declined", 1)[0]["status"] == "updated"
    assert move(main, "Not in Program", 2)[0]["reasons"] == [PAST]
    assert len(told(home)) == 2


def test_records__are_judged_one_by_one_in_order(main: ApiUser, home: Home) -> None:
    assert move(main, "Invited", 1, 999, "2", "x", None, 1, True) == [
        {"seq": 0, "status": "created", "leadId": 1},
        {"seq": 1, "status": "skipped", "leadId": 999, "reasons": [NO_LEAD]},
        {"seq": 2, "status": "created", "leadId": 2},
        {
            "seq": 3,
            "status": "skipped",
            "reasons": [
                {"code": "1001", "message": "Invalid value 'x'. Required of type 'Integer'"}
            ],
        },
        {
            "seq": 4,
            "status": "skipped",
            "reasons": [
                {
                    "code": "1002",
                    "message": "Missing value for the required parameter 'leadId'",
                }
            ],
        },
        {"seq": 5, "status": "skipped", "leadId": 1, "reasons": [PAST]},
        {
            "seq": 6,
            "status": "skipped",
            "reasons": [
                {"code": "1001", "message": "Invalid value 'true'. Required of type 'Integer'"}
            ],
        },
    ]
    assert [lead for lead, *_ in told(home)] == [1, 2]


@pytest.mark.parametrize(
    ("path", "body", "error"),
    [
        (f"{MEMBERS}/status.json", {"statusName": "No Such", "input": [{"leadId": 1}]},
         ("1025", "Program status not found")),
        (OLD_STATUS, {"status": "No Such", "input": [{"id": 1}]},
         ("1025", "Program status not found")),
        (f"{MEMBERS}/status.json", {"input": [{"leadId": 1}]},
         ("1002", "Missing value for the required parameter 'statusName'")),
        (f"{MEMBERS}/status.json", {"statusName": "Invited"},
         ("1002", "Missing value for the required parameter 'input'")),
        (f"{MEMBERS}/status.json", {"statusName": "Invited", "input": {"leadId": 1}},
         ("609", "Invalid value specified for attribute 'input'")),
        (f"{MEMBERS}/status.json", {"statusName": "Invited", "input": [1]},
         ("609", "Invalid value specified for attribute 'input'")),
        (f"{MEMBERS}/status.json", [], ("609", "Invalid JSON")),
        (f"{MEMBERS}/status.json", {"statusName": "Invited", "input": [{"leadId": 1}] * 301},
         ("1003", "input must not hold more than 300 values")),
        ("/rest/v1/programs/9999/members/status.json",
         {"statusName": "Invited", "input": [{"leadId": 1}]}, ("1013", "Object not found")),
        ("/rest/v1/programs/x/members.json", {"input": [{"leadId": 1}]},
         ("1013", "Object not found")),
        ("/rest/v1/programs/9999/members/delete.json", {"input": [{"leadId": 1}]},
         ("1013", "Object not found")),
        (f"{MEMBERS}.json", {}, ("1002", "Missing value for the required parameter 'input'")),
    ],
)  # fmt: skip
def test_call_refused_as_a_whole__changes_nothing(
    main: ApiUser, home: Home, path: str, body: object, error: tuple[str, str]
) -> None:
    assert main.call("POST", path, json=body).error() == error
    assert told(home) == []


def test_data__is_changed_for_members_alone(main: ApiUser, home: Home) -> None:
    move(main, "Invited", 1)
    records = [
        {"leadId": 1, "registrationCode": "x", "webinarUrl": "https://example.com"},
        {"leadId": 2, "registrationCode": "x"},
        {"leadId": 999, "registrationCode": "x"},
        {"leadId": 1, "registrationCode": "x"},
        {"leadId": 1, "webinarUrl": None},
        {"leadId": 1, "statusName": "Attended"},
        {"leadId": 1, "colour": "red"},
        {"leadId": 1, "registrationCode": "x" * 101},
        {"leadId": 1, "registrationCode": 5},
    ]
    outcomes = result(main.call("POST", f"{MEMBERS}.json", json={"input": records}))
    assert [(one["seq"], one["status"], one["leadId"]) for one in outcomes] == [
        (place, status, cast("int", records[place]["leadId"]))
        for place, status in enumerate(
            ("updated", "skipped", "skipped", "updated", "updated", *["skipped"] * 4)
        )
    ]
    reasons = [one["reasons"][0] for one in outcomes if "reasons" in one]
    assert reasons[0] == {"code": "1013", "message": "Membership not found"}
    assert reasons[1] == NO_LEAD
    assert reasons[2] == {"code": "1003", "message": "Field 'statusName' is read only"}
    assert reasons[3] == {"code": "1006", "message": "Field 'colour' not found"}
    assert [one["code"] for one in reasons[4:]] == ["1003", "1003"]
    assert told(home)[1:] == [
        (1, 123, {"Attribute Name": "registrationCode", "New Value": "x",
                  "Source": "Web service API"}),
        (1, 123, {"Attribute Name": "webinarUrl", "New Value": "https://example.com",
                  "Source": "Web service API"}),
        (1, 123, {"Attribute Name": "webinarUrl", "Old Value": "https://example.com",
                  "Source": "Web service API"}),
    ]  # fmt: skip
    (member,) = found(
        main, f"{MEMBERS}.json", filterType="leadId", filterValues="1", fields="registrationCode"
    )
    assert member == {"seq": 0, "leadId": 1, "registrationCode": "x"}


def test_values_of_a_member__are_told_with_its_next_status(main: ApiUser, home: Home) -> None:
    move(main, "Invited", 1)
    body = {"input": [{"leadId": 1, "registrationCode": "x"}]}
    main.call("POST", f"{MEMBERS}.json", json=body)
    move(main, "Registered", 1)
    assert told(home)[-1][2]["Registration Code"] == "x"


def test_delete__takes_members_out_and_tells_it(main: ApiUser, home: Home) -> None:
    move(main, "Attended", 1)
    body = {"input": [{"leadId": one} for one in (1, 2, 999, 1)]}
    assert result(main.call("POST", f"{MEMBERS}/delete.json", json=body)) == [
        {"seq": 0, "status": "deleted", "leadId": 1},
        {"seq": 1, "status": "skipped", "leadId": 2, "reasons": [NO_MEMBER]},
        {"seq": 2, "status": "skipped", "leadId": 999, "reasons": [NO_LEAD]},
        {"seq": 3, "status": "skipped", "leadId": 1, "reasons": [NO_MEMBER]},
    ]
    lead, type_id, attributes = told(home)[-1]
    assert (lead, type_id) == (1, 104)
    assert (attributes["Old Status"], attributes["New Status"]) == ("Attended", "Not in Program")
    assert attributes["Success"] is False
    assert found(main, f"{MEMBERS}.json", filterType="leadId", filterValues="1") == []
    # Who comes back begins anew.
    assert move(main, "Invited", 1)[0]["status"] == "created"


def test_old_status_call__moves_members_and_makes_none(main: ApiUser, home: Home) -> None:
    move(main, "Invited", 1)
    body = {"status": "registered", "input": [{"id": 1}, {"id": 2}, {"id": 999}, {"id": 1}]}
    assert result(main.call("POST", OLD_STATUS, json=body)) == [
        {"id": 1, "status": "Registered"},
        {"id": 2, "status": "skipped", "reasons": [NO_MEMBER]},
        {"id": 999, "status": "skipped", "reasons": [NO_LEAD]},
        {"id": 1, "status": "skipped", "reasons": [PAST]},
    ]
    assert [lead for lead, *_ in told(home)] == [1, 1]


def test_members__are_shown_with_default_fields(main: ApiUser) -> None:
    move(main, "Attended", 1, 2)
    answer = main.call("GET", f"{MEMBERS}.json?filterType=statusName&filterValues=ATTENDED")
    assert answer.envelope()["moreResult"] is False
    first, second = result(answer)
    assert first.keys() == second.keys()
    assert list(first) == [
        "seq",
        "leadId",
        "reachedSuccess",
        "programId",
        "acquiredBy",
        "membershipDate",
    ]
    assert (second["seq"], second["leadId"], second["acquiredBy"]) == (1, 2, True)
    assert (second["reachedSuccess"], second["programId"]) == (True, PROGRAM)


def test_members__show_fields_of_their_own_and_of_their_lead(main: ApiUser) -> None:
    move(main, "Attended", 1)
    fields = "statusName,email,leadScore,program,reachedSuccessDate,updatedAt,webinarUrl"
    (member,) = found(
        main, f"{MEMBERS}.json", filterType="reachedSuccess", filterValues="true", fields=fields
    )
    assert list(member) == ["seq", "leadId", *fields.split(",")]
    assert member["program"] == "API Test Program 10"
    assert (member["email"], member["leadScore"]) == ("ada@example.com", 10)
    assert member["reachedSuccessDate"] == member["updatedAt"] > "2026"
    assert member["webinarUrl"] is None


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"filterType": "leadId", "filterValues": "3,1,99"}, [1, 3]),
        ({"filterType": "statusName", "filterValues": "Invited,No Such"}, [1, 2]),
        ({"filterType": "reachedSuccess", "filterValues": "false"}, [1, 2]),
        ({"filterType": "reachedSuccess", "filterValues": "true,false"}, [1, 2, 3]),
    ],
)
def test_members__are_found_by(
    main: ApiUser, parameters: dict[str, str], expected: list[int]
) -> None:
    move(main, "Invited", 1, 2)
    move(main, "Attended", 3)
    members = found(main, f"{MEMBERS}.json", **parameters)
    assert [one["leadId"] for one in members] == expected


def test_members__are_found_by_their_last_change(main: ApiUser, home: Home) -> None:
    move(main, "Invited", 1, 2)
    # 2024-03-08T00:00:00.25Z: the last second of the range, with a fraction.
    home.change("UPDATE program_member SET updated_at = 1709856000250000 WHERE lead_id = 2")
    dates = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-03-08T00:00:00Z"}
    members = found(main, f"{MEMBERS}.json", filterType="updatedAt", **dates)
    assert [one["leadId"] for one in members] == [2]


@pytest.mark.parametrize(
    ("query", "error"),
    [
        ("", ("1002", "Missing value for the required parameter 'filterType'")),
        ("?filterType=leadId", ("1002", "Missing value for the required parameter 'filterValues'")),
        ("?filterType=colour&filterValues=1", ("1011", "Lookup field 'colour' not supported")),
        ("?filterType=leadId&filterValues=x",
         ("1001", "Invalid value 'x'. Required of type 'Integer'")),
        ("?filterType=reachedSuccess&filterValues=x",
         ("1001", "Invalid value 'x'. Required of type 'boolean'")),
        ("?filterType=updatedAt&startAt=2024-01-01",
         ("1002", "Missing value for the required parameter 'endAt'")),
        ("?filterType=updatedAt&startAt=2024-01-01&endAt=2024-01-08T00:00:01Z",
         ("1003", "Date range must not exceed 7 days")),
        ("?filterType=updatedAt&startAt=2024-01-02&endAt=2024-01-01",
         ("1003", "startAt must not be after endAt")),
        ("?filterType=leadId&filterValues=1&fields=colour", ("1006", "Field 'colour' not found")),
    ],
)  # fmt: skip
def test_bad_filters__are_told(main: ApiUser, query: str, error: tuple[str, str]) -> None:
    assert main.call("GET", f"{MEMBERS}.json{query}").error() == error


def test_301_filter_values__are_1003(main: ApiUser) -> None:
    values = ",".join(map(str, range(301)))
    answer = main.call("GET", f"{MEMBERS}.json?filterType=leadId&filterValues={values}")
    assert answer.error() == ("1003", "filterValues must not hold more than 300 values")


def test_pages__carry_a_token_until_the_last(main: ApiUser) -> None:
    move(main, "Invited", 1, 2, 3)
    base = f"{MEMBERS}.json?filterType=statusName&filterValues=Invited&batchSize=2"
    first = main.call("GET", base).envelope()
    assert (first["moreResult"], [one["leadId"] for one in _list(first)]) == (True, [1, 2])
    second = main.call("GET", f"{base}&nextPageToken={first['nextPageToken']}").envelope()
    assert (second["moreResult"], [one["leadId"] for one in _list(second)]) == (False, [3])
    assert "nextPageToken" not in second


def _list(body: dict[str, object]) -> list[dict[str, Any]]:
    return cast("list[dict[str, Any]]", body["result"])


def test_leads_of_program__carry_their_membership(main: ApiUser) -> None:
    move(main, "Attended", 2, 1)
    path = f"/rest/v1/leads/programs/{PROGRAM}.json"
    answer = main.call("GET", f"{path}?fields=email,leadScore&batchSize=1")
    (lead,) = result(answer)
    assert list(lead) == ["id", "email", "leadScore", "membership"]
    assert (lead["id"], lead["email"]) == (1, "ada@example.com")
    membership = lead["membership"]
    assert list(membership) == [
        "id",
        "progressionStatus",
        "progressionStatusType",
        "isExhausted",
        "acquiredBy",
        "reachedSuccess",
        "membershipDate",
        "updatedAt",
    ]
    assert membership["progressionStatus"] == membership["progressionStatusType"] == "Attended"
    token = answer.envelope()["nextPageToken"]
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = main.call(
        "POST", path, headers=form, content=f"_method=GET&nextPageToken={token}".encode()
    )
    (lead,) = result(answer)
    assert "nextPageToken" not in answer.envelope()
    assert (lead["id"], lead["membership"]["acquiredBy"]) == (2, True)
    assert {"email", "updatedAt", "createdAt", "lastName", "firstName", "id"} < lead.keys()
    assert main.call("GET", "/rest/v1/leads/programs/9.json").error() == (
        "1013",
        "Object not found",
    )


def test_describe__names_every_field(main: ApiUser) -> None:
    (described,) = found(main, "/rest/v1/programs/members/describe.json")
    assert list(described) == [
        "name",
        "description",
        "createdAt",
        "updatedAt",
        "dedupeFields",
        "searchableFields",
        "fields",
    ]
    assert described["name"] == "API Program Membership"
    assert described["dedupeFields"] == ["leadId", "programId"]
    assert described["searchableFields"] == [["leadId"], ["reachedSuccess"], ["statusName"]]
    by_name = {one["name"]: one for one in described["fields"]}
    assert len(by_name) == 19
    assert by_name["statusName"] == {
        "name": "statusName",
        "displayName": "statusName",
        "dataType": "string",
        "updateable": False,
        "crmManaged": False,
        "length": 255,
    }
    assert [name for name, one in by_name.items() if one["updateable"]] == [
        "registrationCode",
        "webinarUrl",
    ]
    (brief,) = found(main, "/rest/v1/program/members/describe.json")
    assert list(brief) == ["name", "fields"]
    assert brief["fields"] == described["fields"]


def test_every_described_field__may_be_asked_for(main: ApiUser) -> None:
    move(main, "Invited", 1)
    (described,) = found(main, "/rest/v1/programs/members/describe.json")
    names = [one["name"] for one in described["fields"]]
    (member,) = found(
        main, f"{MEMBERS}.json", filterType="leadId", filterValues="1", fields=",".join(names)
    )
    assert set(names) | {"seq"} == set(member)


def test_change__wants_json_and_the_permission(server: Server, main: ApiUser, home: Home) -> None:
    answer = main.call("POST", f"{MEMBERS}/status.json", content=b"{}")
    assert answer.error() == ("612", "Invalid Content Type")
    reader = home.create_service("members@example.com", "Read-Only Lead")
    with ApiUser(server.base_url, reader) as user:
        assert found(user, "/rest/v1/program/members/describe.json")
        for path in (f"{MEMBERS}/status.json", f"{MEMBERS}.json", f"{MEMBERS}/delete.json"):
            answer = user.call("POST", path, json={"input": [{"leadId": 1}]})
            assert answer.error() == ("603", "Access denied")


def test_program_without_a_known_channel__has_the_usual_statuses(main: ApiUser) -> None:
    body = {"statusName": "Member", "input": [{"leadId": 1}]}
    answer = main.call("POST", "/rest/v1/programs/1011/members/status.json", json=body)
    assert result(answer) == [{"seq": 0, "status": "created", "leadId": 1}]
    membership = found(main, "/rest/v1/leads/1/programMembership.json")
    assert [(one["id"], one["progressionStatus"]) for one in membership] == [(1011, "Member")]
