"""Static lists made, renamed and deleted through the asset API (contract sections 6.9 and 7.3)."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any, cast
from urllib.parse import urlencode

import pytest

from tests.support.api_user import ApiUser
from tests.support.world import GERMANS, TEST_LIST

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.home import Home
    from tests.support.server import Server

BASE = "/rest/asset/v1"
FOLDER = '{"id": 1, "type": "Folder"}'
PROGRAM = "{'id': 1001, 'type': Program}"
FORM = {"Content-Type": "application/x-www-form-urlencoded"}
GERMAN = {"field": "country", "operator": "is", "values": ["Germany"]}


def post(user: ApiUser, path: str, **fields: str) -> Answer:
    content = urlencode(fields).encode()
    return user.call("POST", f"{BASE}/{path}.json", headers=FORM, content=content)


def changed(answer: Answer) -> dict[str, Any]:
    body = answer.envelope()
    assert list(body) == ["success", "errors", "requestId", "warnings", "result"], body
    (item,) = cast("list[dict[str, Any]]", body["result"])
    return item


def test_create__makes_a_list_that_every_look_up_finds(main: ApiUser) -> None:
    made = changed(post(main, "staticLists", name="Made", folder=PROGRAM, description="By API"))
    assert (made["name"], made["description"]) == ("Made", "By API")
    assert made["folder"] == {"id": 1001, "type": "Program"}
    assert made["createdAt"] == made["updatedAt"]
    found = main.call("GET", f"{BASE}/staticList/{made['id']}.json").envelope()
    assert found["result"] == [made]
    listed = main.call("GET", f"/rest/v1/lists/{made['id']}.json").envelope()
    (record,) = cast("list[dict[str, Any]]", listed["result"])
    assert record["programName"] == "API Test Program"
    assert record["createdAt"] + "+0000" == made["createdAt"]


def test_create__takes_its_parameters_from_the_query_too(main: ApiUser) -> None:
    query = urlencode({"name": "By query", "folder": FOLDER})
    made = changed(main.call("POST", f"{BASE}/staticLists.json?{query}"))
    assert made["folder"] == {"id": 1, "type": "Folder"}


@pytest.mark.parametrize(
    ("fields", "error"),
    [
        ({"folder": FOLDER}, ("701", "name cannot be blank")),
        ({"folder": FOLDER, "name": " "}, ("701", "name cannot be blank")),
        ({"name": "x"}, ("701", "folder cannot be blank")),
        ({"folder": "{'id': 9, 'type': Folder}", "name": "x"}, ("710", "Parent folder not found")),
        ({"folder": "{'id': 9, 'type': Program}", "name": "x"}, ("710", "Parent folder not found")),
        (
            {"folder": FOLDER, "name": "Test list"},
            ("709", "An asset with the name 'Test list' already exists"),
        ),
    ],
)
def test_create__refused_makes_nothing(
    main: ApiUser, fields: dict[str, str], error: tuple[str, str]
) -> None:
    before = main.call("GET", "/rest/v1/lists.json").envelope()["result"]
    assert post(main, "staticLists", **fields).asset_error() == error
    assert main.call("GET", "/rest/v1/lists.json").envelope()["result"] == before


def test_create__of_a_name_that_another_program_has_is_fine(main: ApiUser) -> None:
    made = changed(post(main, "staticLists", name="Members", folder=FOLDER))
    assert made["name"] == "Members"


def test_create__with_a_name_too_long_is_1001(main: ApiUser) -> None:
    code, _ = post(main, "staticLists", name="x" * 256, folder=FOLDER).asset_error()
    assert code == "1001"


def test_json_body__is_612(main: ApiUser) -> None:
    body = {"name": "x", "folder": FOLDER}
    answer = main.call("POST", f"{BASE}/staticLists.json", json=body)
    assert answer.asset_error() == ("612", "Invalid Content Type")


def test_update__changes_what_it_names_and_the_date(main: ApiUser, home: Home) -> None:
    made = changed(post(main, "staticLists", name="Before", folder=FOLDER, description="Old"))
    home.change("UPDATE static_list SET created_at = 0, updated_at = 0 WHERE id = ?", made["id"])
    renamed = changed(post(main, f"staticList/{made['id']}", name="After"))
    assert (renamed["name"], renamed["description"]) == ("After", "Old")
    assert renamed["createdAt"] == "1970-01-01T00:00:00Z+0000" < renamed["updatedAt"]
    cleared = changed(post(main, f"staticList/{made['id']}", description=""))
    assert "description" not in cleared
    assert cleared["name"] == "After"


def test_update__that_changes_nothing_keeps_the_date(main: ApiUser) -> None:
    same = changed(post(main, "staticList/1018", name="Twin"))
    assert same["updatedAt"] == "1970-01-01T00:00:00Z+0000"


def test_update__to_a_taken_name_is_709(main: ApiUser) -> None:
    answer = post(main, "staticList/1018", name="Test list")
    assert answer.asset_error() == ("709", "An asset with the name 'Test list' already exists")


def test_delete__takes_list_and_members_away(main: ApiUser) -> None:
    made = changed(post(main, "staticLists", name="Short-lived", folder=FOLDER))
    path = f"/rest/v1/lists/{made['id']}"
    main.call("POST", f"{path}/leads.json", json={"input": [{"id": 1}]})
    assert changed(post(main, f"staticList/{made['id']}/delete")) == {"id": made["id"]}
    assert main.call("GET", f"{path}.json").error() == ("1013", "Object not found")
    answer = post(main, f"staticList/{made['id']}/delete")
    assert answer.asset_error() == ("610", "Requested resource not found")


def test_delete__of_a_list_that_a_smart_list_asks_for_is_709(main: ApiUser) -> None:
    answer = post(main, f"staticList/{TEST_LIST}/delete")
    assert answer.asset_error() == ("709", "The asset is in use by other assets")
    assert main.call("GET", f"/rest/v1/lists/{TEST_LIST}.json").envelope()["success"] is True


@pytest.mark.parametrize("path", ["staticList/9999", "staticList/9999/delete", "staticList/x"])
def test_unknown_list__is_610(main: ApiUser, path: str) -> None:
    assert post(main, path, name="x").asset_error() == ("610", "Requested resource not found")


def test_delete__of_a_list_deep_in_the_rule_of_a_new_smart_list_is_709(
    main: ApiUser, home: Home
) -> None:
    made = changed(post(main, "staticLists", name="Asked for", folder=FOLDER))
    rule = json.dumps({"any": [GERMAN, {"all": [GERMAN, {"list": made["id"], "isMember": False}]}]})
    home.command("smart-list", "create", "Outside", "--rule", rule)
    answer = post(main, f"staticList/{made['id']}/delete")
    assert answer.asset_error() == ("709", "The asset is in use by other assets")


def test_smart_list__is_no_static_list(main: ApiUser) -> None:
    answer = post(main, f"staticList/{GERMANS}/delete")
    assert answer.asset_error() == ("610", "Requested resource not found")


def test_changes__want_the_permission_to_write_assets(server: Server, home: Home) -> None:
    reader = home.create_service("assets@example.com", "Read-Only Assets")
    with ApiUser(server.base_url, reader) as user:
        assert user.call("GET", f"{BASE}/staticList/1018.json").envelope()["success"] is True
        for path in ("staticLists", "staticList/1018", "staticList/1018/delete"):
            answer = post(user, path, name="x", folder=FOLDER)
            assert answer.asset_error() == ("603", "Access denied")
        assert user.call("GET", "/rest/v1/lists.json").error() == ("603", "Access denied")
        assert user.call("GET", "/rest/v1/campaigns.json").error() == ("603", "Access denied")
