"""What smaller clients send and read (contract sections 9.6 and 11): one section a client."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, cast

import pytest

from tests.support.client_calls import FORM, JSON, ClientCalls
from tests.support.server import running_server
from tests.support.world import MARCH, TEST_LIST

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from tests.support.answers import Answer, Job
    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

NO_ASSETS = ["No assets found for the given search criteria."]
LEADS_EXPORT = {"format": "CSV", "fields": ["id"], "filter": {"createdAt": MARCH}}


@pytest.fixture(scope="module")
def client(server: Server, world: World) -> ClientCalls:
    calls = ClientCalls(server, world.main)
    calls.sign_in()
    return calls


@pytest.fixture(scope="module")
def legacy(make_world: Callable[[], World]) -> Iterator[ClientCalls]:
    """A client that presents its token as a parameter, on a server that still takes it."""
    world = make_world()
    with running_server(world.home, "--accept-token-parameter") as server:
        calls = ClientCalls(server, world.main)
        calls.sign_in()
        yield calls


# The Ruby gem mrkt.


def test_mrkt__reads_all_members_of_the_token(server: Server, world: World) -> None:
    granted = ClientCalls(server, world.main).sign_in("&partner_id=335b1c91511b8d5cb6bb")
    assert set(granted) == {"access_token", "token_type", "expires_in", "scope"}


def test_mrkt__parses_what_is_declared_as_json(client: ClientCalls) -> None:
    answer = client.send("GET", "/rest/v1/lead/1.json")
    media_type = answer.headers["Content-Type"].split(";")[0]
    assert media_type.endswith("json")


def test_mrkt__makes_an_error_of_the_number_of_a_code(client: ClientCalls) -> None:
    assert client.send("GET", "/rest/v1/lead/99.json").error() == ("1004", "Lead '99' not found")


def test_mrkt__asks_for_fields_by_comma_and_deletes_with_a_body(client: ClientCalls) -> None:
    query = "filterType=email&filterValues=ada@example.com,bob@example.com&fields=email,id"
    members = client.read("GET", f"/rest/v1/leads.json?{query}")
    assert {one["id"] for one in members["result"]} == {1, 2}
    body = {"input": [{"id": 99}]}
    (skipped,) = client.read("DELETE", "/rest/v1/leads.json", body, content_type=JSON)["result"]
    assert skipped["reasons"][0]["code"] == "1004"


# The connector hull-marketo.


def test_hull__sends_a_content_type_and_a_trailing_slash_with_a_get(client: ClientCalls) -> None:
    query = "filterType=id&filterValues=1&fields=id"
    members = client.read("GET", f"/rest/v1/leads.json/?{query}", content_type=JSON)
    assert members["result"] == [{"id": 1}]


def test_hull__creates_many_jobs_and_enqueues_until_it_is_refused(
    client: ClientCalls, home: Home
) -> None:
    # Its offsets are those of moment().format().
    window = {"startAt": "2024-03-01T01:00:00+01:00", "endAt": "2024-03-31T23:59:59+01:00"}
    body = {"format": "CSV", "fields": ["id"], "filter": {"createdAt": window}}
    ids = [create(client, body)["exportId"] for _ in range(36)]
    home.set("processing_slots", 1)
    answers = [enqueue(client, export_id) for export_id in ids]
    refused = [answer.error() for answer in answers if not answer.envelope()["success"]]
    assert all(code == "1029" for code, _ in refused)
    listed = cast("list[Job]", client.read("GET", "/bulk/v1/leads/export.json")["result"])
    for job in listed:
        if job["status"] not in {"Completed", "Cancelled"}:
            cancelled = client.send("POST", f"/bulk/v1/leads/export/{job['exportId']}/cancel.json")
            # One that has completed meanwhile is refused; Failed and Cancelled ones never are.
            assert cancelled.envelope()["success"] or cancelled.error()[0] == "1003"


def test_hull__cancels_failed_and_cancelled_jobs_without_an_error(client: ClientCalls) -> None:
    job = create(client, LEADS_EXPORT)
    target = f"/bulk/v1/leads/export/{job['exportId']}/cancel.json"
    for _ in range(2):
        assert client.read("POST", target)["result"][0]["status"] == "Cancelled"


def create(client: ClientCalls, body: object, more: str = "") -> Job:
    target = f"/bulk/v1/leads/export/create.json{more}"
    (job,) = cast("list[Job]", client.read("POST", target, body, content_type=JSON)["result"])
    return job


def enqueue(client: ClientCalls, export_id: str) -> Answer:
    return client.send("POST", f"/bulk/v1/leads/export/{export_id}/enqueue.json")


# Keboola's processor code.


def test_keboola__presents_its_token_in_the_query(legacy: ClientCalls) -> None:
    window = {"startAt": "2024-03-01", "endAt": "2024-03-31"}
    token = f"?access_token={legacy.token}"
    body = {"filter": {"createdAt": window, "activityTypeIds": ["2", "13"]}}
    target = f"/bulk/v1/activities/export/create.json{token}"
    made = legacy.read("POST", target, body, content_type=JSON, is_signed=False)
    base = f"/bulk/v1/activities/export/{made['result'][0]['exportId']}"
    assert legacy.read("POST", f"{base}/enqueue.json{token}", is_signed=False)["success"]

    def status() -> Job:
        members = legacy.read("GET", f"{base}/status.json{token}", is_signed=False)
        return cast("Job", members["result"][0])

    done = legacy.poll(status)
    assert done["numberOfRecords"] == 5
    file = legacy.send("GET", f"{base}/file.json{token}", is_signed=False)
    assert len(file.content) == done["fileSize"]


def test_keboola__sends_an_empty_text_for_no_activity_types(client: ClientCalls) -> None:
    body = {"filter": {"createdAt": MARCH, "activityTypeIds": [""]}}
    target = "/bulk/v1/activities/export/create.json"
    assert client.read("POST", target, body, content_type=JSON)["result"]


def test_keboola__that_sends_two_filters_is_refused(client: ClientCalls) -> None:
    body = {"fields": ["id"], "filter": {"createdAt": MARCH, "updatedAt": MARCH}}
    answer = client.send("POST", "/bulk/v1/leads/export/create.json", body, content_type=JSON)
    assert answer.error() == ("1003", "Only one filter type may be specified")


# Meltano's mkto_export.


def test_meltano__signs_posts_by_header_and_gets_by_query(legacy: ClientCalls) -> None:
    job = create(legacy, LEADS_EXPORT)
    enqueue(legacy, job["exportId"])
    token = f"access_token={legacy.token}"
    query = f"{token}&status=Created,Queued,Processing,Completed&batchSize=10"
    target = f"/bulk/v1/leads/export.json?{query}"
    members = legacy.read("GET", target, is_signed=False)
    assert job["exportId"] in {one["exportId"] for one in members["result"]}


# RudderStack's transformer and server.


def test_rudder__reads_the_fields_of_describe2(client: ClientCalls) -> None:
    (described,) = client.read("GET", "/rest/v1/leads/describe2.json")["result"]
    assert {"email", "firstName"} <= {field["name"] for field in described["fields"]}


MULTIPART = "multipart/form-data; boundary=rudder"


def rudder_form(token: str, content: str) -> str:
    fields = "".join(
        f'--rudder\r\nContent-Disposition: form-data; name="{name}"\r\n\r\n{value}\r\n'
        for name, value in (("format", "csv"), ("access_token", token))
    )
    return (
        f'{fields}--rudder\r\nContent-Disposition: form-data; name="file"; '
        f'filename="marketo_bulk_upload.csv"\r\nContent-Type: text/csv\r\n\r\n{content}'
        "\r\n--rudder--\r\n"
    )


def test_rudder__imports_with_the_token_in_the_form(legacy: ClientCalls) -> None:
    form = rudder_form(legacy.token, "email,leadScore\nr@example.com,5\nbad@example.com,five\n")
    (batch,) = legacy.read(
        "POST", "/bulk/v1/leads.json", form, content_type=MULTIPART, is_signed=False
    )["result"]
    path = f"/bulk/v1/leads/batch/{batch['batchId']}"

    def status() -> Job:
        return cast("Job", legacy.read("GET", f"{path}.json")["result"][0])

    done = cast("dict[str, object]", legacy.poll(status, "Complete"))
    assert (done["numOfLeadsProcessed"], done["numOfRowsFailed"]) == (1, 1)
    failures = legacy.send("GET", f"{path}/failures.json")
    # It splits at line feeds, and takes the last cell for the reason.
    lines = failures.text.split("\n")
    assert lines[0] == "email,leadScore,Import Failure Reason"
    assert lines[1].startswith("bad@example.com,five,")


# grouparoo.


def test_grouparoo__finds_no_list_by_name_without_a_result(client: ClientCalls) -> None:
    members = client.read("GET", "/rest/asset/v1/staticList/byName.json?name=nobody")
    assert "result" not in members
    (found,) = client.read("GET", "/rest/asset/v1/staticList/byName.json?name=Test%20list")[
        "result"
    ]
    assert found["id"] == TEST_LIST


def test_grouparoo__removes_members_by_query(client: ClientCalls) -> None:
    target = f"/rest/v1/lists/{TEST_LIST}/leads.json?id=2&id=7"
    members = client.read("DELETE", target, content_type=JSON)
    assert [one["reasons"] for one in members["result"]] == [
        [{"code": "1015", "message": "Lead not in list"}]
    ] * 2


def test_grouparoo__reads_members_by_a_form(client: ClientCalls) -> None:
    target = f"/rest/v1/lists/{TEST_LIST}/leads.json"
    form = f"listId={TEST_LIST}&_method=GET"
    members = client.read("POST", target, form, content_type=FORM)
    assert {1, 3, 5} <= {one["id"] for one in members["result"]}


# amp-labs connectors, bb-io, the Smartling SDK.


def test_amp_labs__takes_a_missing_asset_for_code_610(client: ClientCalls) -> None:
    body = client.send("GET", "/rest/asset/v1/program/9999.json").envelope()
    assert body["success"] is False
    assert body["errors"] == [{"code": "610", "message": "Requested resource not found"}]


@pytest.mark.parametrize("path", ["programs", "forms", "staticLists", "smartLists"])
def test_asset_pages_past_the_end__are_a_warning_without_a_result(
    client: ClientCalls, path: str
) -> None:
    members = client.read("GET", f"/rest/asset/v1/{path}.json?offset=200&maxReturn=200")
    assert "result" not in members
    assert members["warnings"] == NO_ASSETS


def test_bb_io__browses_a_folder_given_as_json(client: ClientCalls) -> None:
    folder = "%7B%22id%22%3A1001%2C%22type%22%3A%22Program%22%7D"
    target = f"/rest/asset/v1/staticLists.json?folder={folder}&offset=0&maxReturn=200"
    assert {one["id"] for one in client.read("GET", target)["result"]} == {1016, 1020}


# Scripts of curl and pandas.


def test_script__downloads_with_a_token_in_the_query(legacy: ClientCalls) -> None:
    job = create(legacy, LEADS_EXPORT)
    enqueue(legacy, job["exportId"])
    base = f"/bulk/v1/leads/export/{job['exportId']}"
    legacy.poll(lambda: cast("Job", legacy.read("GET", f"{base}/status.json")["result"][0]))
    file = legacy.send("GET", f"{base}/file.json?access_token={legacy.token}", is_signed=False)
    rows = list(csv.DictReader(io.StringIO(file.text)))
    assert [row["id"] for row in rows] == ["1", "2", "3", "7", "4"]


def test_token_in_the_query__is_refused_unless_it_is_switched_on(client: ClientCalls) -> None:
    target = f"/bulk/v1/leads/export.json?access_token={client.token}"
    assert client.send("GET", target, is_signed=False).error()[0] == "601"
