"""Lists and campaigns of the lead database (contract sections 6.6, 6.7 and 11)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser
    from tests.support.home import Home

EPOCH = "1970-01-01T00:00:00Z"
CAMPAIGNS = range(3001, 3006)


@pytest.fixture(scope="module", autouse=True)
def campaigns(home: Home) -> None:
    """Campaigns: trigger and batch, active or not, one in a program; a list with a description."""
    with home.sql() as connection:
        connection.executemany(
            "INSERT INTO campaign (subscription_id, id, name, description, program_id, type,"
            " is_active, created_at, updated_at) VALUES (1, ?, ?, ?, ?, ?, ?, 0, 0)",
            [
                (3001, "Test Smart Campaign", "Test", 1001, "batch", 0),
                (3002, "Score", None, None, "trigger", 1),
                (3003, "Sleeping", None, None, "trigger", 0),
                (3004, "Nightly", None, 1010, "batch", 1),
                (3005, "Hello, World", None, None, "batch", 0),
            ],
        )
        connection.execute("UPDATE static_list SET description = 'Test' WHERE id = 1016")


def page(user: ApiUser, path: str, **parameters: str) -> dict[str, Any]:
    """The envelope of a GET that succeeds."""
    body = user.call("GET", f"/rest/v1/{path}.json", parameters=tuple(parameters.items()))
    members: dict[str, Any] = body.envelope()
    assert list(members)[:3] == ["requestId", "result", "success"]
    assert members["success"] is True
    assert members.keys() <= {"requestId", "result", "success", "nextPageToken"}
    return members


def ids(user: ApiUser, path: str, **parameters: str) -> list[int]:
    return [one["id"] for one in page(user, path, **parameters)["result"]]


def test_list__has_every_member_in_order(main: ApiUser) -> None:
    (item,) = page(main, "lists", id="1016")["result"]
    expected = {
        "id": 1016,
        "name": "List 1",
        "description": "Test",
        "programName": "API Test Program",
        "workspaceId": 1,
        "workspaceName": "Default",
        "createdAt": EPOCH,
        "updatedAt": EPOCH,
    }
    assert item == expected
    assert list(item) == list(expected)
    assert page(main, "lists/1016")["result"] == [item]


def test_list__outside_a_program_has_no_program_name(main: ApiUser) -> None:
    (item,) = page(main, "lists", name="Test list")["result"]
    assert list(item) == [
        "id",
        "name",
        "workspaceId",
        "workspaceName",
        "createdAt",
        "updatedAt",
    ]


def test_campaign__has_every_member_in_order(main: ApiUser) -> None:
    (item,) = page(main, "campaigns/3001")["result"]
    expected = {
        "id": 3001,
        "name": "Test Smart Campaign",
        "description": "Test",
        "type": "batch",
        "programName": "API Test Program",
        "programId": 1001,
        "workspaceName": "Default",
        "createdAt": EPOCH,
        "updatedAt": EPOCH,
        "active": False,
    }
    assert item == expected
    assert list(item) == list(expected)
    (item,) = page(main, "campaigns", id="3002")["result"]
    assert list(item) == [
        "id",
        "name",
        "type",
        "workspaceName",
        "createdAt",
        "updatedAt",
        "active",
    ]


@pytest.mark.parametrize("path", ["lists", "campaigns"])
def test_unknown_id__is_1013(main: ApiUser, path: str) -> None:
    for number in ("99999", "0", "999999999999999999999"):
        answer = main.call("GET", f"/rest/v1/{path}/{number}.json")
        assert answer.error() == ("1013", "Object not found")
    answer = main.call("GET", f"/rest/v1/{path}/abc.json")
    assert answer.error() == ("1001", "Invalid value 'abc'. Required of type 'Integer'")


@pytest.mark.parametrize("path", ["lists", "campaigns"])
@pytest.mark.parametrize("size", ["1", "2", "3"])
def test_pages__carry_a_token_until_the_last(main: ApiUser, path: str, size: str) -> None:
    every = ids(main, path)
    seen: list[int] = []
    token: str | None = None
    while True:
        parameters = {"batchSize": size} | ({} if token is None else {"nextPageToken": token})
        body = page(main, path, **parameters)
        seen += [one["id"] for one in body["result"]]
        token = cast("str | None", body.get("nextPageToken"))
        if token is None:
            break
        assert len(body["result"]) == int(size)
    assert seen == every == sorted(every)


@pytest.mark.parametrize("path", ["lists", "campaigns"])
def test_no_match__is_an_empty_result(main: ApiUser, path: str) -> None:
    for parameters in ({"name": "none"}, {"id": "7"}, {"workspaceName": "EU"}):
        body = page(main, path, **parameters)
        assert body["result"] == []
        assert "nextPageToken" not in body


@pytest.mark.parametrize("path", ["lists", "campaigns"])
def test_bad_parameters__are_told(main: ApiUser, path: str) -> None:
    url = f"/rest/v1/{path}.json"
    for query, error in (
        ("?id=x", ("1001", "Invalid value 'x'. Required of type 'Integer'")),
        ("?batchSize=0", ("1001", "Invalid value '0'. Required of type 'Positive Integer'")),
        ("?nextPageToken=x", ("1003", "Invalid paging token")),
        ("?nextPageToken=OBXXG2LUNFXW4OTY", ("1003", "Invalid paging token")),
    ):
        assert main.call("GET", url + query).error() == error


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"id": "1017,1016"}, [1016, 1017]),
        ({"name": "Twin"}, [1018, 1019]),
        ({"name": "Twin,Test list"}, [1017, 1018, 1019]),
        ({"programName": "API Test Program"}, [1016, 1020]),
        ({"programName": "API Test Program,API Test Program 10"}, [1016, 1020, 1021]),
        ({"name": "Members", "programName": "API Test Program 10"}, [1021]),
        ({"workspaceName": "Default", "id": "1022"}, [1022]),
    ],
)
def test_lists__are_filtered(
    main: ApiUser, parameters: dict[str, str], expected: list[int]
) -> None:
    assert ids(main, "lists", **parameters) == expected


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"isTriggerable": "true"}, [3002]),
        ({"isTriggerable": "false"}, list(CAMPAIGNS)),
        ({"programName": "API Test Program"}, [3001]),
        # A name may hold a comma itself.
        ({"name": "Hello, World"}, [3005]),
        ({"name": "Score,Nightly"}, [3002, 3004]),
    ],
)
def test_campaigns__are_filtered(
    main: ApiUser, parameters: dict[str, str], expected: list[int]
) -> None:
    assert ids(main, "campaigns", **parameters) == expected


def test_repeated_ids__count_each(main: ApiUser) -> None:
    answer = main.call("GET", "/rest/v1/lists.json?id=1016,1017&id=1018")
    result = cast("list[dict[str, Any]]", answer.envelope()["result"])
    assert [one["id"] for one in result] == [1016, 1017, 1018]


@pytest.mark.parametrize(
    ("path", "content", "expected"),
    [
        # The forms that clients send: `_method` in the query or in the body, which may be empty.
        ("lists.json?_method=GET", b"name=Twin", [1018, 1019]),
        ("lists.json", b"_method=GET&name=Twin", [1018, 1019]),
        ("campaigns.json?_method=GET&id=3001", b"", [3001]),
    ],
)
def test_post__may_be_a_get(main: ApiUser, path: str, content: bytes, expected: list[int]) -> None:
    form = {"Content-Type": "application/x-www-form-urlencoded"}
    answer = main.call("POST", f"/rest/v1/{path}", headers=form, content=content)
    result = cast("list[dict[str, Any]]", answer.envelope()["result"])
    assert [one["id"] for one in result] == expected
