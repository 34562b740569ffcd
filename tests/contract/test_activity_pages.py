"""Reading the activity log forwards (contract sections 6.3, 6.4 and 9.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.support.world import TEST_LIST

if TYPE_CHECKING:
    from tests.support.answers import Answer
    from tests.support.api_user import ApiUser
    from tests.support.home import Home

SINCE = "2024-03-01T00:00:00Z"

#: Of the hand-written world, but for types 12 and 37.
USUAL_TYPES = "1,2,13,22,24,25,104"


def token(user: ApiUser, since: str = SINCE) -> str:
    answer = get(user, "/pagingtoken", sinceDatetime=since)
    return str(answer.envelope()["nextPageToken"])


def get(user: ApiUser, path: str, **parameters: str) -> Answer:
    return user.call("GET", f"/rest/v1/activities{path}.json", parameters=tuple(parameters.items()))


def page(user: ApiUser, path: str = "", **parameters: str) -> dict[str, Any]:
    """The envelope of a page; it has every member that clients read."""
    envelope = get(user, path, **parameters).envelope()
    assert list(envelope) == ["requestId", "result", "success", "nextPageToken", "moreResult"]
    assert isinstance(envelope["moreResult"], bool)
    return envelope


def all_pages(user: ApiUser, path: str = "", **parameters: str) -> list[dict[str, Any]]:
    """The items of every page, as marketorestpython reads them (section 9.3)."""
    items: list[dict[str, Any]] = []
    parameters = {"nextPageToken": token(user), **parameters}
    while True:
        envelope = page(user, path, **parameters)
        items += envelope["result"]
        parameters["nextPageToken"] = envelope["nextPageToken"]
        if envelope["moreResult"] is False:
            return items


def guids(items: list[dict[str, Any]]) -> list[int]:
    return [item["id"] for item in items]


# Paging tokens.


def test_paging_token__is_the_whole_answer(main: ApiUser) -> None:
    envelope = get(main, "/pagingtoken", sinceDatetime="2014-10-06T13:22:17-08:00").envelope()
    assert list(envelope) == ["requestId", "success", "nextPageToken"]
    assert str(envelope["nextPageToken"]).rstrip("=").isalnum()


@pytest.mark.parametrize("name", ["sinceDateTime", "sincedatetime", "SINCEDATETIME"])
def test_paging_token__takes_its_parameter_in_any_letter_case(main: ApiUser, name: str) -> None:
    assert get(main, "/pagingtoken", **{name: SINCE}).envelope()["nextPageToken"] == token(main)


@pytest.mark.parametrize(
    "text", ["2024-03-01", "2024-03-01T01:00:00+01:00", "2024-03-01T00:00:00.999Z"]
)
def test_paging_token__is_the_same_for_every_spelling_of_a_second(main: ApiUser, text: str) -> None:
    assert token(main, text) == token(main)


def test_paging_token_without_a_moment__is_refused(main: ApiUser) -> None:
    error = ("1002", "Missing value for the required parameter 'sinceDatetime'")
    assert get(main, "/pagingtoken").error() == error
    assert get(main, "/pagingtoken", sinceDatetime="").error() == error


def test_paging_token_of_no_moment__is_refused(main: ApiUser) -> None:
    answer = get(main, "/pagingtoken", sinceDatetime="yesterday")
    assert answer.error() == ("1001", "Invalid value 'yesterday'. Required of type 'DateTime'")


@pytest.mark.parametrize(
    "text", ["x", "GIYDAOBNGEYC2MBW", "MFRGG===", "2024-03-01", "-1", "NBSWY3DPFQQHO33SNRSCC==="]
)
def test_foreign_paging_token__is_refused(main: ApiUser, text: str) -> None:
    answer = get(main, "", nextPageToken=text, activityTypeIds="1")
    assert answer.error() == ("1003", "Invalid paging token")


def test_paging_token_of_another_call__is_refused(main: ApiUser) -> None:
    for _ in range(2):
        main.created(
            "leads",
            {
                "fields": ["id"],
                "filter": {"createdAt": {"startAt": SINCE, "endAt": "2024-03-02T00:00:00Z"}},
            },
        )
    other = main.list("leads", (("batchSize", "1"),)).next_page_token()
    assert other is not None
    answer = get(main, "", nextPageToken=other, activityTypeIds="1")
    assert answer.error() == ("1003", "Invalid paging token")


# Activities.


def test_activity__has_every_member_that_has_a_value(main: ApiUser) -> None:
    items = all_pages(main, activityTypeIds="104")
    assert items == [
        {
            "id": 112,
            "marketoGUID": "112",
            "leadId": 2,
            "activityDate": "2024-03-07T00:00:00Z",
            "activityTypeId": 104,
            "campaignId": 8497,
            "primaryAttributeValueId": 1010,
            "primaryAttributeValue": "API Test Program 10",
            "attributes": [
                {"name": "New Status", "value": "Member"},
                {"name": "Success", "value": False},
                {"name": "New Status ID", "value": 21},
            ],
        },
        {
            "id": 113,
            "marketoGUID": "113",
            "leadId": 2,
            "activityDate": "2024-03-07T00:00:00Z",
            "activityTypeId": 104,
            "primaryAttributeValueId": 1012,
            "primaryAttributeValue": "Child",
            "attributes": [],
        },
    ]


def test_activities__are_in_order_of_date_and_guid(main: ApiUser) -> None:
    items = all_pages(main, activityTypeIds=USUAL_TYPES)
    assert guids(items) == [104, 105, *range(106, 115), 116, 117, 118]


@pytest.mark.parametrize("size", ["1", "2", "5", "300", "301"])
def test_pages__have_every_activity_once(main: ApiUser, size: str) -> None:
    items = all_pages(main, activityTypeIds=USUAL_TYPES, batchSize=size)
    assert guids(items) == [104, 105, *range(106, 115), 116, 117, 118]


def test_page__has_no_more_than_asked_for_and_says_so(main: ApiUser) -> None:
    envelope = page(main, nextPageToken=token(main), activityTypeIds="1", batchSize="2")
    assert guids(envelope["result"]) == [116, 117]
    assert envelope["moreResult"] is True
    last = page(main, nextPageToken=envelope["nextPageToken"], activityTypeIds="1", batchSize="2")
    assert guids(last["result"]) == [118]
    assert last["moreResult"] is False


def test_page_behind_the_last__is_empty_with_a_token(main: ApiUser) -> None:
    end = page(main, nextPageToken=token(main), activityTypeIds="1")["nextPageToken"]
    envelope = page(main, nextPageToken=end, activityTypeIds="1")
    assert (envelope["result"], envelope["moreResult"]) == ([], False)
    assert envelope["nextPageToken"] == end


def test_page__begins_with_the_second_of_the_moment(main: ApiUser) -> None:
    at = token(main, "2024-03-31T23:59:59Z")
    assert guids(page(main, nextPageToken=at, activityTypeIds="1")["result"]) == [117, 118]
    later = token(main, "2024-04-01T00:00:01Z")
    assert page(main, nextPageToken=later, activityTypeIds="1")["result"] == []


@pytest.mark.parametrize(
    "parameters",
    [
        (("activityTypeIds", "1,2"),),
        (("activityTypeIds", "1"), ("activityTypeIds", "2")),
        (("activityTypeIds", " 1 ,,2,"),),
    ],
)
def test_types__come_with_commas_or_repeated(
    main: ApiUser, parameters: tuple[tuple[str, str], ...]
) -> None:
    answer = main.call(
        "GET",
        "/rest/v1/activities.json",
        parameters=(("nextPageToken", token(main)), *parameters),
    )
    result = cast("list[dict[str, Any]]", answer.envelope()["result"])
    assert guids(result) == [104, 105, 114, 116, 117, 118]


def test_token__may_be_sent_raw_or_encoded(main: ApiUser) -> None:
    raw = token(main)
    for text in (raw, raw.replace("=", "%3D")):
        path = f"/rest/v1/activities.json?nextPageToken={text}&activityTypeIds=1"
        result = cast("list[dict[str, Any]]", main.call("GET", path).envelope()["result"])
        assert guids(result) == [116, 117, 118]


def test_post_that_is_a_get__is_the_same_call(main: ApiUser) -> None:
    answer = main.call(
        "POST",
        "/rest/v1/activities.json",
        content=f"_method=GET&nextPageToken={token(main)}&activityTypeIds=1".encode(),
        headers={"Content-Type": "application/x-www-form-urlencoded"},
    )
    assert guids(cast("list[dict[str, Any]]", answer.envelope()["result"])) == [116, 117, 118]


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        ({"activityTypeIds": ""}, ("1002", "activityTypeIds")),
        ({"activityTypeIds": "1", "nextPageToken": ""}, ("1002", "nextPageToken")),
    ],
)
def test_activities_without_a_required_parameter__are_refused(
    main: ApiUser, parameters: dict[str, str], error: tuple[str, str]
) -> None:
    answer = get(main, "", **{"nextPageToken": token(main), **parameters})
    code, name = error
    assert answer.error() == (code, f"Missing value for the required parameter '{name}'")


@pytest.mark.parametrize(
    ("parameters", "error"),
    [
        (
            {"activityTypeIds": "1,2,3,6,7,8,9,10,11,12,13"},
            ("1003", "activityTypeIds must not hold more than 10 values"),
        ),
        (
            {"activityTypeIds": "1", "leadIds": ",".join(str(one) for one in range(1, 32))},
            ("1003", "leadIds must not hold more than 30 values"),
        ),
        ({"activityTypeIds": "1,99999"}, ("1003", "Invalid activity type id: 99999")),
        ({"activityTypeIds": "a"}, ("1001", "Invalid value 'a'. Required of type 'Integer'")),
        (
            {"activityTypeIds": "1", "leadIds": "b"},
            ("1001", "Invalid value 'b'. Required of type 'Integer'"),
        ),
        ({"activityTypeIds": "1", "listId": "999"}, ("1013", "Object not found")),
        (
            {"activityTypeIds": "1", "batchSize": "0"},
            ("1001", "Invalid value '0'. Required of type 'Positive Integer'"),
        ),
    ],
)
def test_parameters_that_break_a_rule__are_refused(
    main: ApiUser, parameters: dict[str, str], error: tuple[str, str]
) -> None:
    assert get(main, "", nextPageToken=token(main), **parameters).error() == error


def test_ten_types_and_thirty_leads__are_taken(main: ApiUser) -> None:
    leads = ",".join(str(one) for one in range(1, 31))
    items = all_pages(main, activityTypeIds="1,2,3,6,7,8,9,10,11,13", leadIds=leads)
    assert guids(items) == [104, 105, 106, 107, 114, 116, 117, 118]


def test_lead_ids__restrict(main: ApiUser) -> None:
    assert guids(all_pages(main, activityTypeIds="2", leadIds="2,999")) == [105, 114]


def test_list__restricts_to_its_leads(main: ApiUser) -> None:
    items = all_pages(main, activityTypeIds="2,13", listId=str(TEST_LIST))
    assert guids(items) == [104, 106, 107]


def test_list_and_leads__restrict_together(main: ApiUser) -> None:
    items = all_pages(main, activityTypeIds="2,13", listId=str(TEST_LIST), leadIds="1,2")
    assert guids(items) == [104]


def test_empty_list__has_no_activities(main: ApiUser) -> None:
    assert all_pages(main, activityTypeIds="2,13", listId="1022") == []


def test_list_of_ten_thousand_leads__is_refused(main: ApiUser, home: Home) -> None:
    with home.sql() as connection:
        connection.executemany(
            "INSERT INTO lead (subscription_id, id, createdAt, updatedAt, changed_at, custom)"
            " VALUES (1, ?, '2024-01-01T00:00:00Z', '2024-01-01T00:00:00Z',"
            " '2024-01-01T00:00:00Z', '{}')",
            [(number,) for number in range(50_000, 60_000)],
        )
        connection.execute(
            "INSERT INTO static_list (subscription_id, id, name, created_at, updated_at)"
            " VALUES (1, 5000, 'Large list', 0, 0)"
        )
        connection.executemany(
            "INSERT INTO static_list_member (subscription_id, list_id, lead_id, added_at)"
            " VALUES (1, 5000, ?, 0)",
            [(number,) for number in range(50_000, 60_000)],
        )
    wanted = {"nextPageToken": token(main), "activityTypeIds": "1", "listId": "5000"}
    assert get(main, "", **wanted).error() == ("1003", "The list has 10000 leads or more")
    home.change("DELETE FROM static_list_member WHERE list_id = 5000 AND lead_id = 50000")
    assert get(main, "", **wanted).envelope()["result"] == []


def test_asset_ids__restrict(main: ApiUser) -> None:
    assert guids(all_pages(main, activityTypeIds="2", assetIds="1006,1008")) == [104, 114]
