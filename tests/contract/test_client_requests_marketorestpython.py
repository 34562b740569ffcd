"""What marketorestpython 0.5.25 sends and reads (contract sections 9.3 and 11), byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.client_calls import ClientCalls
from tests.support.world import MARCH, TEST_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

JSON = "application/json; charset=utf-8"
FORM = "application/x-www-form-urlencoded; charset=utf-8"


@pytest.fixture(scope="module")
def python(server: Server, world: World) -> ClientCalls:
    calls = ClientCalls(
        server,
        world.main,
        {"User-Agent": "python-requests/2.34.2", "Accept-Encoding": "gzip", "Accept": "*/*"},
    )
    granted = calls.sign_in()
    assert list(granted) == ["access_token", "token_type", "expires_in", "scope"]
    return calls


@pytest.fixture
def spare_lead(python: ClientCalls) -> Iterator[int]:
    """A lead to change and to delete."""
    body = {"input": [{"email": "spare@example.com"}]}
    (item,) = python.read("POST", "/rest/v1/leads.json", body, content_type=JSON)["result"]
    yield item["id"]
    gone = {"input": [{"id": item["id"]}]}
    python.send("DELETE", "/rest/v1/leads.json", gone, content_type=JSON)


def test_export__with_null_fields_from_create_to_file(python: ClientCalls) -> None:
    body = {"fields": None, "format": "CSV", "filter": {"createdAt": MARCH}}
    (job,) = python.read("POST", "/bulk/v1/activities/export/create.json", body, content_type=JSON)[
        "result"
    ]
    base = f"/bulk/v1/activities/export/{job['exportId']}"
    # A content type, and nothing of it.
    queued = python.read(
        "POST", f"{base}/enqueue.json", content_type=JSON, headers={"Content-Length": "0"}
    )
    assert queued["result"][0]["status"] == "Queued"
    done = python.poll(lambda: python.read("GET", f"{base}/status.json")["result"][0])
    file = python.send("GET", f"{base}/file.json")
    assert (file.status, len(file.content)) == (200, done["fileSize"])
    assert file.text.split("\n")[0].startswith("marketoGUID,leadId,activityDate,")
    assert "Content-Encoding" not in file.headers


def test_job_list__always_has_a_result(python: ClientCalls, server: Server, world: World) -> None:
    nobody = ClientCalls(server, world.other)
    nobody.sign_in()
    assert nobody.read("GET", "/bulk/v1/leads/export.json")["result"] == []
    body = {"format": "CSV", "filter": {"createdAt": MARCH}}
    python.read("POST", "/bulk/v1/activities/export/create.json", body, content_type=JSON)
    members = python.read("GET", "/bulk/v1/activities/export.json")
    assert "nextPageToken" not in members
    assert members["result"]


def test_cancel__with_an_empty_body(python: ClientCalls) -> None:
    body = {"fields": ["id"], "format": "CSV", "filter": {"createdAt": MARCH}}
    (job,) = python.read("POST", "/bulk/v1/leads/export/create.json", body, content_type=JSON)[
        "result"
    ]
    target = f"/bulk/v1/leads/export/{job['exportId']}/cancel.json"
    assert python.read("POST", target, content_type=JSON)["result"][0]["status"] == "Cancelled"


def test_retry_without_a_token__is_601(python: ClientCalls) -> None:
    """Its own retries lose the header; 601 makes it sign in again, 600 would end it."""
    answer = python.send("GET", "/rest/v1/leads/describe.json", is_signed=False)
    assert answer.error() == ("601", "Access token invalid")


def test_leads_by_filter__have_the_method_in_the_body(python: ClientCalls) -> None:
    form = "_method=GET&filterValues=ada%40example.com%2Cbob%40example.com&filterType=email"
    members = python.read(
        "POST", "/rest/v1/leads.json", f"{form}&fields=id,email", content_type=FORM
    )
    assert [one["id"] for one in members["result"]] == [1, 2]
    nobody = "_method=GET&filterValues=nobody%40example.com&filterType=email"
    members = python.read("POST", "/rest/v1/leads.json", nobody, content_type=FORM)
    assert members["result"] == []


def test_leads_by_filter__page_by_a_token_in_the_body(python: ClientCalls) -> None:
    form = "_method=GET&filterValues=1%2C2%2C3&filterType=id&batchSize=2"
    first = python.read("POST", "/rest/v1/leads.json", form, content_type=FORM)
    more = f"{form}&nextPageToken={first['nextPageToken'].replace('=', '%3D')}"
    last = python.read("POST", "/rest/v1/leads.json", more, content_type=FORM)
    assert [one["id"] for one in (*first["result"], *last["result"])] == [1, 2, 3]
    assert "nextPageToken" not in last


def test_lead_by_id(python: ClientCalls) -> None:
    (lead,) = python.read("GET", "/rest/v1/lead/1.json?fields=id%2Cemail")["result"]
    assert lead == {"id": 1, "email": "ada@example.com"}
    assert python.send("GET", "/rest/v1/lead/99.json").error() == ("1004", "Lead '99' not found")


def test_leads_of_a_list__have_an_empty_body_and_the_token_in_the_query(
    python: ClientCalls,
) -> None:
    target = f"/rest/v1/list/{TEST_LIST}/leads.json?_method=GET"
    members = python.read("POST", target, content_type=FORM)
    everybody = {one["id"] for one in members["result"]}
    assert {1, 3, 5} <= everybody
    first = python.read("POST", target, "fields=id&batchSize=1", content_type=FORM)
    found = [one["id"] for one in first["result"]]
    while "nextPageToken" in first:
        more = f"{target}&nextPageToken={first['nextPageToken'].replace('=', '%3D')}"
        first = python.read("POST", more, "fields=id&batchSize=1", content_type=FORM)
        found += [one["id"] for one in first["result"]]
    assert (len(found), set(found)) == (len(everybody), everybody)


def test_member_of_list__sends_json_with_the_method_in_the_query(python: ClientCalls) -> None:
    target = f"/rest/v1/lists/{TEST_LIST}/leads/ismember.json?_method=GET"
    body = {"input": [{"id": 1}, {"id": 2}]}
    members = python.read("POST", target, body, content_type=JSON)
    assert members["result"] == [
        {"id": 1, "status": "memberof"},
        {"id": 2, "status": "notmemberof"},
    ]


def test_list_members__are_added_and_removed(python: ClientCalls, spare_lead: int) -> None:
    target = f"/rest/v1/lists/{TEST_LIST}/leads.json"
    body = {"input": [{"id": spare_lead}]}
    added = python.read("POST", target, body, content_type=JSON)
    assert added["result"] == [{"id": spare_lead, "status": "added"}]
    removed = python.read("DELETE", target, body, content_type=JSON)
    assert removed["result"] == [{"id": spare_lead, "status": "removed"}]


def test_sync__takes_a_member_with_a_blank_in_its_name(
    python: ClientCalls, spare_lead: int
) -> None:
    body = {
        "input": [{"email": "spare@example.com", "firstName": "Spare"}],
        "action": "createOrUpdate",
        "lookupField": "email",
        "asyncProcessing ": False,
    }
    members = python.read("POST", "/rest/v1/leads.json", body, content_type=JSON)
    assert members["result"] == [{"id": spare_lead, "status": "updated"}]


def test_delete__is_a_delete_with_a_body(python: ClientCalls, spare_lead: int) -> None:
    body = {"input": [{"id": spare_lead}]}
    members = python.read("DELETE", "/rest/v1/leads.json", body, content_type=JSON)
    assert members["result"] == [{"id": spare_lead, "status": "deleted"}]


def test_campaigns__are_a_post_with_the_method_in_the_query(python: ClientCalls) -> None:
    members = python.read("POST", "/rest/v1/campaigns.json?_method=GET", content_type=FORM)
    assert members["result"] == []
    assert "nextPageToken" not in members


def test_lists__by_their_own_page_size(python: ClientCalls) -> None:
    members = python.read("GET", "/rest/v1/lists.json?batchSize=300")
    assert len(members["result"]) == 8


def test_assets__take_a_folder_that_is_no_json(python: ClientCalls) -> None:
    folder = "%7B%27id%27%3A+1001%2C+%27type%27%3A+Program%7D"
    target = f"/rest/asset/v1/staticLists.json?folder={folder}&maxReturn=20"
    members = python.read("GET", target)
    assert {one["id"] for one in members["result"]} == {1016, 1020}


def test_assets__end_with_a_short_page_or_the_warning(python: ClientCalls) -> None:
    members = python.read("GET", "/rest/asset/v1/programs.json?maxReturn=20&offset=0")
    assert len(members["result"]) == 5
    members = python.read("GET", "/rest/asset/v1/programs.json?maxReturn=20&offset=20")
    assert "result" not in members
    assert members["warnings"] == ["No assets found for the given search criteria."]


def test_static_list__is_made_changed_and_deleted(python: ClientCalls) -> None:
    form = "name=Made+here&folder=%7B%27id%27%3A+1%2C+%27type%27%3A+Folder%7D&description=x"
    (made,) = python.read("POST", "/rest/asset/v1/staticLists.json", form, content_type=FORM)[
        "result"
    ]
    path = f"/rest/asset/v1/staticList/{made['id']}"
    (changed,) = python.read("POST", f"{path}.json", "name=Renamed", content_type=FORM)["result"]
    assert changed["name"] == "Renamed"
    # As the library has it: JSON is declared, and none is sent.
    (gone,) = python.read("POST", f"{path}/delete.json", content_type=JSON)["result"]
    assert gone == {"id": made["id"]}


def test_activities__page_until_more_result_is_false(python: ClientCalls) -> None:
    since = "sinceDatetime=2024-03-01"
    token = python.read("GET", f"/rest/v1/activities/pagingtoken.json?{since}")["nextPageToken"]
    found: list[int] = []
    for _ in range(10):
        query = f"activityTypeIds=2%2C13&nextPageToken={token.replace('=', '%3D')}&batchSize=2"
        members = python.read("GET", f"/rest/v1/activities.json?{query}")
        found += [one["id"] for one in members.get("result", [])]
        token = members["nextPageToken"]
        if members["moreResult"] is False:
            break
    # What was loaded; other tests write activities of their own.
    assert [guid for guid in sorted(found) if guid <= 118] == [104, 105, 106, 107, 114]


@pytest.mark.parametrize("path", ["activities/deletedleads", "activities/leadchanges"])
def test_changes_and_deleted_leads__always_have_a_token(python: ClientCalls, path: str) -> None:
    since = "sinceDatetime=2024-03-01T00:00:00Z"
    token = python.read("GET", f"/rest/v1/activities/pagingtoken.json?{since}")["nextPageToken"]
    query = f"nextPageToken={token.replace('=', '%3D')}&fields=firstName%2ClastName"
    members = python.read("GET", f"/rest/v1/{path}.json?{query}")
    assert members["nextPageToken"]
    assert isinstance(members["moreResult"], bool)


def test_import__names_the_file_by_its_whole_path(python: ClientCalls, home: Home) -> None:
    boundary = "7b2b"
    body = (
        f'--{boundary}\r\nContent-Disposition: form-data; name="file"; '
        'filename="/tmp/work/leads.csv"\r\nContent-Type: text/csv\r\n\r\n'
        f"email,firstName\nimported@example.com,Ida\n\r\n--{boundary}--\r\n"
    )
    members = python.read(
        "POST",
        "/bulk/v1/leads.json?format=csv&lookupField=email",
        body,
        content_type=f"multipart/form-data; boundary={boundary}",
    )
    (batch,) = members["result"]
    assert batch["importId"] == str(batch["batchId"])
    done = python.poll(
        lambda: python.read("GET", f"/bulk/v1/leads/batch/{batch['batchId']}.json")["result"][0],
        "Complete",
    )
    assert {**done}["numOfLeadsProcessed"] == 1


@pytest.mark.parametrize(
    "path",
    [
        "stats/usage",
        "stats/usage/last7days",
        "stats/errors",
        "stats/errors/last7days",
        "leads/describe",
        "leads/describe2",
        "leads/partitions",
        "activities/types",
    ],
)
def test_look_up__has_a_result(python: ClientCalls, path: str) -> None:
    assert python.read("GET", f"/rest/v1/{path}.json")["result"]
