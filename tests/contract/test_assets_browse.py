"""The asset API, read: by id, by name, by page, and what "nothing" looks like (section 6.9)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.answers import Answer

if TYPE_CHECKING:
    from tests.support.api_user import ApiUser
    from tests.support.home import Home

BASE = "/rest/asset/v1"
EPOCH = "1970-01-01T00:00:00Z+0000"
NOTHING = "No assets found for the given search criteria."
KINDS = ("program", "staticList", "smartList", "form", "smartCampaign")
LISTS = ("programs", "staticLists", "smartLists", "forms", "smartCampaigns")

CAMPAIGN = 3001
CHANNEL = 4001

PROGRAM = {
    "id": 1002,
    "name": "123",
    "description": "",
    "createdAt": EPOCH,
    "updatedAt": EPOCH,
    "url": "https://app.tailrace.invalid/#PG1002A1",
    "type": "Default",
    "channel": "Web",
    "folder": {"type": "Program", "value": 1001, "folderName": "API Test Program"},
    "status": "",
    "workspace": "Default",
    "headStart": False,
}
STATIC_LIST = {
    "id": 1017,
    "name": "Test list",
    "createdAt": EPOCH,
    "updatedAt": EPOCH,
    "folder": {"id": 1, "type": "Folder"},
    "computedUrl": "https://app.tailrace.invalid/#ST1017A1",
}
SMART_LIST = {
    "id": 2003,
    "name": "Scored",
    "createdAt": EPOCH,
    "updatedAt": EPOCH,
    "url": "https://app.tailrace.invalid/#SL2003A1",
    "folder": {"id": 1001, "type": "Program"},
    "workspace": "Default",
}
FORM = {
    "id": 1007,
    "name": "Email Unsubscribe Form",
    "description": "",
    "createdAt": EPOCH,
    "updatedAt": EPOCH,
    "url": "https://app.tailrace.invalid/#FO1007B2",
    "status": "approved",
    "folder": {"type": "Folder", "value": 1, "folderName": "Default"},
    "theme": "simple",
    "language": "English",
    "locale": "en_US",
    "progressiveProfiling": False,
    "labelPosition": "left",
    "fontFamily": "Helvetica",
    "fontSize": "13px",
    "knownVisitor": {"type": "form", "template": None},
    "thankYouList": [{"followupType": "none", "followupValue": None, "default": True}],
    "buttonLocation": 120,
    "buttonLabel": "Submit",
    "waitingLabel": "Please Wait",
}


@pytest.fixture(scope="module", autouse=True)
def assets(home: Home) -> None:
    """A campaign, a channel, a form with fields, and programs with tags, costs and dates."""
    with home.sql() as connection:
        connection.execute(
            "INSERT INTO campaign (subscription_id, id, name, description, program_id, type,"
            " is_active, created_at, updated_at)"
            " VALUES (1, ?, 'Nightly', 'Runs at night', 1001, 'trigger', true, 0, 0)",
            (CAMPAIGN,),
        )
        connection.execute(
            "INSERT INTO channel (subscription_id, id, name, applicable_program_type, statuses,"
            " created_at, updated_at) VALUES (1, ?, 'Blog', 'program', ?, 0, 0)",
            (
                CHANNEL,
                '[{"name":"Not in Program","step":0,"id":5},'
                '{"name":"Influenced","step":30,"success":true,"id":6}]',
            ),
        )
        connection.execute(
            "UPDATE form SET fields = ? WHERE id = 1008", ('["email","firstName","gone"]',)
        )
        connection.execute(
            "UPDATE program SET tags = ?, costs = ?, type = 'Engagement', status = 'on',"
            " created_at = ?, updated_at = ?, description = 'Ten' WHERE id = 1010",
            (
                '[{"tagType":"Region","tagValue":"EMEA"}]',
                '[{"startDate":"2015-01-01","cost":500,"note":"Booth"}]',
                # 2020-01-01T00:00:00.5Z and 2021-01-01T00:00:00.5Z.
                1_577_836_800_500_000,
                1_609_459_200_500_000,
            ),
        )


def asked(user: ApiUser, path: str, **parameters: str) -> dict[str, Any]:
    """The envelope of a GET."""
    pairs = tuple(parameters.items())
    return user.call("GET", f"{BASE}/{path}.json", parameters=pairs).envelope()


def found(user: ApiUser, path: str, **parameters: str) -> list[dict[str, Any]]:
    """The result of a GET that finds something."""
    body = asked(user, path, **parameters)
    assert list(body) == ["success", "errors", "requestId", "warnings", "result"]
    assert (body["success"], body["errors"], body["warnings"]) == (True, [], [])
    return cast("list[dict[str, Any]]", body["result"])


def ids(user: ApiUser, path: str, **parameters: str) -> list[int]:
    return [one["id"] for one in found(user, path, **parameters)]


def assert_nothing(user: ApiUser, path: str, **parameters: str) -> None:
    body = asked(user, path, **parameters)
    assert list(body) == ["success", "errors", "requestId", "warnings"]
    assert (body["success"], body["errors"], body["warnings"]) == (True, [], [NOTHING])


@pytest.mark.parametrize(
    ("path", "expected"),
    [
        ("program/1002", PROGRAM | {"tags": None, "costs": None}),
        ("staticList/1017", STATIC_LIST),
        ("smartList/2003", SMART_LIST),
        ("form/1007", FORM),
    ],
)
def test_by_id__has_every_member_in_order(
    main: ApiUser, path: str, expected: dict[str, object]
) -> None:
    (item,) = found(main, path)
    assert item == expected
    assert list(item) == list(expected)


def test_program__of_a_type_has_its_address_tags_and_costs(main: ApiUser) -> None:
    (program,) = found(main, "program/1010")
    assert program["url"].endswith("#NP1010A1")
    assert (program["status"], program["description"]) == ("on", "Ten")
    assert program["folder"] == {"type": "Folder", "value": 1, "folderName": "Default"}
    assert program["createdAt"] == "2020-01-01T00:00:00Z+0000"
    assert program["tags"] == [{"tagType": "Region", "tagValue": "EMEA"}]
    assert program["costs"] == [{"startDate": "2015-01-01", "cost": 500, "note": "Booth"}]


def test_program_by_name__tells_tags_and_costs_where_asked(main: ApiUser) -> None:
    name = "API Test Program 10"
    (program,) = found(main, "program/byName", name=name)
    assert (program["tags"], program["costs"]) == (None, None)
    (program,) = found(main, "program/byName", name=name, includeTags="true", includeCosts="true")
    assert program["tags"]
    assert program["costs"]


def test_programs__are_browsed_without_tags_and_costs(main: ApiUser) -> None:
    programs = found(main, "programs")
    assert [one["id"] for one in programs] == [1001, 1002, 1010, 1011, 1012]
    assert programs[1] == PROGRAM


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", ["99999", "0", "abc", "99999999999999999999"])
def test_unknown_id__is_610(main: ApiUser, kind: str, number: str) -> None:
    answer = main.call("GET", f"{BASE}/{kind}/{number}.json")
    assert answer.asset_error() == ("610", "Requested resource not found")


@pytest.mark.parametrize("kind", [*KINDS, "channel"])
def test_unknown_name__is_a_warning_without_result(main: ApiUser, kind: str) -> None:
    assert_nothing(main, f"{kind}/byName", name="no such name")


@pytest.mark.parametrize("kind", [*KINDS, "channel"])
@pytest.mark.parametrize("query", ["", "?name=", "?name=%20"])
def test_blank_name__is_701(main: ApiUser, kind: str, query: str) -> None:
    answer = main.call("GET", f"{BASE}/{kind}/byName.json{query}")
    assert answer.asset_error() == ("701", "name cannot be blank")


def test_name__is_exact(main: ApiUser) -> None:
    assert ids(main, "staticList/byName", name="Test list") == [1017]
    assert_nothing(main, "staticList/byName", name="test list")
    assert_nothing(main, "staticList/byName", name="Test")


def test_name_of_two_lists__finds_both(main: ApiUser) -> None:
    assert ids(main, "staticList/byName", name="Members") == [1020, 1021]
    assert ids(main, "smartList/byName", name="Twin") == [2004, 2005]


def test_path_of_name__is_no_id(main: ApiUser) -> None:
    assert ids(main, "form/byName", name="airbyte", status="approved") == [1006]
    assert_nothing(main, "form/byName", name="airbyte", status="draft")
    assert_nothing(main, "form/byName", name="airbyte", folder='{"id":1,"type":"Folder"}')


def test_form_of_another_status__is_610(main: ApiUser) -> None:
    assert ids(main, "form/1006", status="approved") == [1006]
    answer = main.call("GET", f"{BASE}/form/1006.json?status=draft")
    assert answer.asset_error() == ("610", "Requested resource not found")
    assert_nothing(main, "forms", status="draft")


def test_fields_of_form__are_its_lead_fields_by_row(main: ApiUser) -> None:
    fields = found(main, "form/1008/fields")
    assert [(one["id"], one["label"], one["rowNumber"]) for one in fields] == [
        ("Email", "Email Address:", 0),
        ("FirstName", "First Name:", 1),
    ]
    assert fields[0]["dataType"] == "email"
    assert fields[0]["visibilityRules"] == {"ruleType": "alwaysShow"}
    assert_nothing(main, "form/1007/fields")


@pytest.mark.parametrize("path", LISTS)
def test_pages__follow_each_other_until_nothing_is_left(main: ApiUser, path: str) -> None:
    every = ids(main, path)
    assert every == sorted(every)
    paged: list[int] = []
    for offset in range(len(every)):
        paged += ids(main, path, offset=str(offset), maxReturn="1")
    assert paged == every
    assert_nothing(main, path, offset=str(len(every)))


@pytest.mark.parametrize("path", [*LISTS, "channels"])
@pytest.mark.parametrize(
    ("query", "message"),
    [
        ("?maxReturn=x", "Invalid value 'x'. Required of type 'Integer'"),
        ("?maxReturn=0", "Invalid value '0'. Required of type 'Positive Integer'"),
        ("?offset=-1", "Invalid value '-1'. Required of type 'Non-negative Integer'"),
    ],
)
def test_window_of_the_wrong_type__is_1001(
    main: ApiUser, path: str, query: str, message: str
) -> None:
    assert main.call("GET", f"{BASE}/{path}.json{query}").asset_error() == ("1001", message)


@pytest.mark.parametrize("path", LISTS)
def test_dates__are_inclusive_and_mean_created_or_updated(main: ApiUser, path: str) -> None:
    start = "1970-01-01T00:00:00Z"
    assert found(main, path, earliestUpdatedAt=start, latestUpdatedAt=start)
    assert_nothing(main, path, latestUpdatedAt="1969-12-31T23:59:59Z")
    assert_nothing(main, path, earliestUpdatedAt="2030-01-01T00:00:00+00:00")


@pytest.mark.parametrize(
    ("earliest", "latest"),
    [
        # Created then, updated then, each within its second.
        ("2020-01-01T00:00:00Z", "2020-01-01T00:00:00Z"),
        ("2021-01-01T00:00:00+00:00", "2021-01-01T00:00:00.835074+00:00"),
        ("2021-01-01T00:00:00Z+0000", "2021-01-01T00:00:00Z 0000"),
        ("2019-12-31", "2020-01-02"),
    ],
)
def test_program__is_found_by_either_date(main: ApiUser, earliest: str, latest: str) -> None:
    dates = {"earliestUpdatedAt": earliest, "latestUpdatedAt": latest}
    assert ids(main, "programs", **dates) == [1010]


@pytest.mark.parametrize("path", LISTS)
def test_dates__reversed_are_701_and_bad_are_704(main: ApiUser, path: str) -> None:
    url = f"{BASE}/{path}.json"
    reversed_dates = "?earliestUpdatedAt=2024-01-02&latestUpdatedAt=2024-01-01"
    assert main.call("GET", url + reversed_dates).asset_error() == (
        "701",
        "End date should always be after start date",
    )
    for name in ("earliestUpdatedAt", "latestUpdatedAt"):
        answer = main.call("GET", f"{url}?{name}=yesterday")
        assert answer.asset_error() == ("704", "Invalid date format")


@pytest.mark.parametrize(
    ("parameters", "expected"),
    [
        ({"filterType": "id", "filterValues": "1010,1001"}, [1001, 1010]),
        ({"filterType": "programId", "filterValues": "1012"}, [1012]),
        ({"filterType": "name", "filterValues": "Child,123"}, [1002, 1012]),
        ({"filterType": "folderId", "filterValues": "1001"}, [1002, 1012]),
        ({"filterType": "folderId", "filterValues": "1"}, [1001, 1010, 1011]),
        ({"filterType": "workspace", "filterValues": "default"}, [1001, 1002, 1010, 1011, 1012]),
        ({"status": "on"}, [1010]),
    ],
)
def test_programs__are_filtered(
    main: ApiUser, parameters: dict[str, str], expected: list[int]
) -> None:
    assert ids(main, "programs", **parameters) == expected


@pytest.mark.parametrize(
    "parameters",
    [
        {"filterType": "id", "filterValues": "99999,123456789012345678901234567890"},
        {"filterType": "workspace", "filterValues": "Europe"},
        {"filterType": "folderId", "filterValues": "2"},
        {"status": "locked"},
    ],
)
def test_programs__filtered_away_are_nothing(main: ApiUser, parameters: dict[str, str]) -> None:
    assert_nothing(main, "programs", **parameters)


def test_filter__without_values_is_701_and_unknown_is_1003(main: ApiUser) -> None:
    answer = main.call("GET", f"{BASE}/programs.json?filterType=id")
    assert answer.asset_error() == ("701", "filterValues cannot be blank")
    answer = main.call("GET", f"{BASE}/programs.json?filterType=colour&filterValues=1")
    assert answer.asset_error() == ("1003", "Invalid value 'colour' for parameter 'filterType'")
    answer = main.call("GET", f"{BASE}/programs.json?filterType=id&filterValues=one")
    assert answer.asset_error() == ("1001", "Invalid value 'one'. Required of type 'Integer'")


def test_program_by_tag__wants_type_and_value(main: ApiUser) -> None:
    assert ids(main, "program/byTag", tagType="Region", tagValue="EMEA") == [1010]
    assert_nothing(main, "program/byTag", tagType="Region", tagValue="APAC")
    answer = main.call("GET", f"{BASE}/program/byTag.json?tagType=Region")
    assert answer.asset_error() == ("701", "tagValue cannot be blank")


@pytest.mark.parametrize(
    "folder",
    [
        '{"id":1001,"type":"Program"}',
        "{'id': 1001, 'type': Program}",
        "{id: 1001, type: program}",
        '{"type": "Program", "id": "1001"}',
    ],
)
def test_folder__is_read_leniently(main: ApiUser, folder: str) -> None:
    assert ids(main, "staticLists", folder=folder) == [1016, 1020]
    assert ids(main, "smartLists", folder=folder) == [2003]


def test_folder__is_the_one_that_there_is(main: ApiUser) -> None:
    inside = ids(main, "staticLists", folder="{'id': 1, 'type': Folder}")
    assert inside == [1017, 1018, 1019, 1022, 1023]
    assert ids(main, "staticLists", folder="1") == inside
    assert_nothing(main, "staticLists", folder='{"id":2,"type":"Folder"}')
    assert_nothing(main, "staticLists", folder='{"id":1,"type":"Program"}')


@pytest.mark.parametrize("folder", ["x", "{}", '{"type":"Folder"}', '{"id":1,"type":"Shelf"}'])
def test_folder__that_names_none_is_1001(main: ApiUser, folder: str) -> None:
    answer = main.call("GET", f"{BASE}/forms.json", parameters=(("folder", folder),))
    assert answer.asset_error() == ("1001", f"Invalid value '{folder}'. Required of type 'Folder'")


def test_smart_list__shows_its_rules_where_asked(main: ApiUser) -> None:
    assert "rules" not in found(main, "smartList/2003")[0]
    (item,) = found(main, "smartList/2003", includeRules="true")
    assert item["rules"] == {
        "filterMatchType": "All",
        "triggers": [],
        "filters": [
            {
                "id": 1,
                "name": "Lead Score",
                "ruleTypeId": 146,
                "ruleType": "Lead Attribute",
                "operator": "at least",
                "conditions": [
                    {
                        "activityAttributeId": 146,
                        "activityAttributeName": "Lead Score",
                        "operator": "at least",
                        "values": ["20"],
                        "isPrimary": True,
                    }
                ],
            }
        ],
    }


@pytest.mark.parametrize(
    ("list_id", "match_type", "kinds"),
    [
        (2002, "All", []),
        (2006, "Advanced", ["List Membership", "List Membership", "Lead Attribute"]),
        (2007, "All", ["List Membership"]),
    ],
)
def test_rules__that_are_nested_are_shown_in_order(
    main: ApiUser, list_id: int, match_type: str, kinds: list[str]
) -> None:
    (item,) = found(main, f"smartList/{list_id}", includeRules="1")
    assert item["rules"]["filterMatchType"] == match_type
    assert [one["ruleType"] for one in item["rules"]["filters"]] == kinds


def test_smart_list_of_program__is_the_first_inside(main: ApiUser) -> None:
    assert found(main, "program/1001/smartList") == [SMART_LIST]
    assert_nothing(main, "program/1010/smartList")
    answer = main.call("GET", f"{BASE}/program/9999/smartList.json")
    assert answer.asset_error() == ("610", "Requested resource not found")


def test_smart_list_of_campaign__is_none(main: ApiUser) -> None:
    assert_nothing(main, f"smartCampaign/{CAMPAIGN}/smartList")
    answer = main.call("GET", f"{BASE}/smartCampaign/9999/smartList.json")
    assert answer.asset_error() == ("610", "Requested resource not found")


def test_channel__has_its_statuses_by_step(main: ApiUser) -> None:
    channel = {
        "id": CHANNEL,
        "name": "Blog",
        "applicableProgramType": "program",
        "progressionStatuses": [
            {
                "name": "Not in Program",
                "step": 0,
                "description": None,
                "hidden": False,
                "success": False,
            },
            {
                "name": "Influenced",
                "step": 30,
                "description": None,
                "hidden": False,
                "success": True,
            },
        ],
        "createdAt": EPOCH,
        "updatedAt": EPOCH,
    }
    assert found(main, "channels") == [channel]
    assert found(main, "channel/byName", name="Blog") == [channel]
    assert found(main, "channel/byName", Name="Blog") == [channel]


def test_smart_campaign__is_an_asset_too(main: ApiUser) -> None:
    (item,) = found(main, f"smartCampaign/{CAMPAIGN}")
    assert item["folder"] == {"id": 1001, "type": "Program"}
    assert (item["status"], item["type"], item["isActive"]) == ("Active", "trigger", True)
    assert item["parentProgramId"] == 1001
    assert item["createdAt"] == EPOCH
    assert found(main, "smartCampaigns", isActive="true") == [item]
    assert_nothing(main, "smartCampaigns", isActive="false")


@pytest.mark.parametrize("path", ["segmentation", "emails", "folder/1/tokens"])
def test_kinds_that_there_are_none_of__are_nothing(main: ApiUser, path: str) -> None:
    assert_nothing(main, path)


def test_asset_call_as_post__is_a_get_with_method_in_the_form(main: ApiUser) -> None:
    answer = main.call(
        "POST",
        f"{BASE}/staticLists.json",
        headers={"Content-Type": "application/x-www-form-urlencoded"},
        content=b"_method=GET&maxReturn=2&offset=1",
    )
    result = cast("list[dict[str, Any]]", answer.envelope()["result"])
    assert [one["id"] for one in result] == [1017, 1018]


def test_every_refusal__has_the_form_of_the_asset_api(main: ApiUser) -> None:
    anonymous = Answer.of(main.http.get(f"{BASE}/programs.json"))
    assert anonymous.asset_error() == ("601", "Access token invalid")
    assert main.call("GET", f"{BASE}/nothing.json").asset_error()[0] == "610"
    assert main.call("DELETE", f"{BASE}/programs.json").asset_error()[0] == "605"
    assert main.call("GET", f"{BASE}/programs.json?offset=x").asset_error()[0] == "1001"
    long = main.call("GET", f"{BASE}/programs.json?name={'x' * 9000}")
    assert (long.status, long.plain_json()["warnings"]) == (414, [])
