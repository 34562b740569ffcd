"""What embulk-input-marketo sends and reads (contract sections 9.5 and 11), byte by byte."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.answers import assert_text_404
from tests.support.client_calls import FORM, JSON, ClientCalls
from tests.support.world import TEST_LIST

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

#: Its offsets have no colon.
MARCH = {"startAt": "2024-03-01T00:00:00+0000", "endAt": "2024-03-31T23:59:59+0000"}
JSON_TYPE = "application/json; charset=utf-8"


@pytest.fixture(scope="module")
def embulk(server: Server, world: World) -> ClientCalls:
    calls = ClientCalls(
        server,
        world.main,
        {"User-Agent": "Jetty/9.2.14.v20151106", "Accept-Encoding": "gzip"},
    )
    calls.sign_in("&partner_id=1af6b3a0")
    return calls


def created(embulk: ClientCalls, **members: object) -> str:
    body = {
        "format": "CSV",
        "fields": None,
        "columnHeaderNames": None,
        "filter": {"createdAt": MARCH},
        **members,
    }
    target = "/bulk/v1/activities/export/create.json"
    answer = embulk.read("POST", target, body, content_type=JSON_TYPE)
    assert answer["requestId"]
    return str(answer["result"][0]["exportId"])


def test_bad_secret__is_explained(server: Server, world: World) -> None:
    calls = ClientCalls(server, world.main)
    wrong = calls.identity_form.replace(world.main.client_secret, "wrong")
    answer = calls.send("GET", f"/identity/oauth/token?{wrong}", is_signed=False)
    assert answer.plain_json()["error_description"] == "Bad client credentials"


def test_export__with_nulls_and_without_a_body(embulk: ClientCalls) -> None:
    base = f"/bulk/v1/activities/export/{created(embulk)}"
    # No file yet: plain text, for it takes whatever is not text/csv for an error in JSON.
    assert_text_404(embulk.send("GET", f"{base}/file.json", headers={"Range": "bytes=0-"}))
    assert embulk.read("POST", f"{base}/enqueue.json")["success"] is True
    done = embulk.poll(lambda: embulk.read("GET", f"{base}/status.json")["result"][0])
    whole = embulk.send("GET", f"{base}/file.json", headers={"Range": "bytes=0-"})
    assert whole.status == 206
    assert "text/csv" in whole.headers["Content-Type"]
    assert len(whole.content) == done["fileSize"]
    assert "Content-Encoding" not in whole.headers
    rest = embulk.send("GET", f"{base}/file.json", headers={"Range": "bytes=100-"})
    assert (rest.status, rest.content) == (206, whole.content[100:])


def test_expired_token_on_a_file__is_an_error_in_json(embulk: ClientCalls) -> None:
    base = f"/bulk/v1/activities/export/{created(embulk)}"
    answer = embulk.send("GET", f"{base}/file.json", is_signed=False)
    assert answer.error()[0] == "601"


def test_failed_job__has_a_message(embulk: ClientCalls, home: Home) -> None:
    """Without `errorMsg` it ends with a null pointer."""
    body = {
        "format": "CSV",
        "fields": ["id"],
        "columnHeaderNames": None,
        "filter": {"staticListId": 1022},
    }
    target = "/bulk/v1/leads/export/create.json"
    (job,) = embulk.read("POST", target, body, content_type=JSON_TYPE)["result"]
    home.change("DELETE FROM static_list WHERE id = 1022")
    base = f"/bulk/v1/leads/export/{job['exportId']}"
    embulk.read("POST", f"{base}/enqueue.json")
    failed = embulk.poll(lambda: embulk.read("GET", f"{base}/status.json")["result"][0], "Failed")
    assert failed["errorMsg"] == "List not found"


def test_lead_filter_that_is_off__is_1035(embulk: ClientCalls, home: Home) -> None:
    body = {"format": "CSV", "fields": ["id"], "filter": {"updatedAt": MARCH}}
    with home.setting("lead_filter_updated_at", "false"):
        answer = embulk.send("POST", "/bulk/v1/leads/export/create.json", body, content_type=JSON)
    assert answer.error() == (
        "1035",
        "Unsupported filter type for target subscription: updatedAt",
    )


def test_activity_types__with_an_offset(embulk: ClientCalls) -> None:
    target = "/rest/v1/activities/types.json?offset=0&maxReturn=200"
    assert len(embulk.read("GET", target)["result"]) > 30


@pytest.mark.parametrize("kind", ["lists", "campaigns"])
def test_look_up__is_a_form_with_the_method_in_the_query(embulk: ClientCalls, kind: str) -> None:
    target = f"/rest/v1/{kind}.json?_method=GET"
    members = embulk.read("POST", target, "batchSize=300", content_type=FORM)
    assert len(members["result"]) in {0, 7, 8}
    assert "nextPageToken" not in members


def test_leads_of_a_list__page_by_a_form(embulk: ClientCalls) -> None:
    target = f"/rest/v1/lists/{TEST_LIST}/leads.json?_method=GET"
    form = "fields=id,email&batchSize=2"
    first = embulk.read("POST", target, form, content_type=FORM)
    more = f"{form}&nextPageToken={str(first['nextPageToken']).replace('=', '%3D')}"
    last = embulk.read("POST", target, more, content_type=FORM)
    assert {1, 3, 5} <= {one["id"] for one in (*first["result"], *last["result"])}


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("filterType=id&filterValues=1001%2C1010&offset=0&maxReturn=200", {1001, 1010}),
        ("offset=0&maxReturn=200", {1001, 1002, 1010, 1011, 1012}),
    ],
)
def test_programs__by_id_and_all(embulk: ClientCalls, query: str, expected: set[int]) -> None:
    members = embulk.read("GET", f"/rest/asset/v1/programs.json?{query}")
    assert {one["id"] for one in members["result"]} == expected


def test_programs_by_tag__may_be_none(embulk: ClientCalls) -> None:
    query = "tagType=Region&tagValue=West&offset=0&maxReturn=200"
    members = embulk.read("GET", f"/rest/asset/v1/program/byTag.json?{query}")
    assert members["warnings"] == ["No assets found for the given search criteria."]
