"""What tap-marketo 2.9.4 sends and reads (contract sections 9.1 and 11), byte by byte."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.answers import assert_text_404
from tests.support.client_calls import JSON, ClientCalls
from tests.support.world import LEADS

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

NO_ASSETS = "No assets found for the given search criteria."
ACTIVITY_FIELDS = [
    "marketoGUID",
    "leadId",
    "activityDate",
    "activityTypeId",
    "campaignId",
    "primaryAttributeValue",
    "primaryAttributeValueId",
    "attributes",
]
MARCH = {"startAt": "2024-03-01T00:00:00+00:00", "endAt": "2024-03-31T23:59:59+00:00"}


@pytest.fixture(scope="module")
def tap(server: Server, world: World) -> ClientCalls:
    calls = ClientCalls(
        server,
        world.main,
        {
            "User-Agent": "Singer.io/tap-marketo",
            "Accept-Encoding": "gzip, deflate",
            "Accept": "*/*",
        },
    )
    granted = calls.sign_in()
    assert isinstance(granted["expires_in"], int)
    return calls


def test_usage__is_asked_first(tap: ClientCalls) -> None:
    members = tap.read("GET", "/rest/v1/stats/usage.json")
    assert isinstance(members["result"][0]["total"], int)
    assert members["result"][0]["total"] >= 1


def test_bad_secret__is_told_by_status_and_error(server: Server, world: World) -> None:
    calls = ClientCalls(server, world.main)
    wrong = calls.identity_form.replace(world.main.client_secret, "wrong")
    answer = calls.send("GET", f"/identity/oauth/token?{wrong}", is_signed=False)
    assert answer.status == 401
    assert answer.plain_json()["error"] == "invalid_client"


def test_probe__is_created_and_cancelled_at_once(tap: ClientCalls) -> None:
    yesterday = (datetime.now(UTC) - timedelta(days=1)).replace(microsecond=0)
    window = {
        "startAt": yesterday.isoformat(),
        "endAt": (yesterday + timedelta(seconds=1)).isoformat(),
    }
    assert window["startAt"].endswith("+00:00")
    payload = {"format": "CSV", "fields": ["id"], "filter": {"updatedAt": window}}
    created = tap.read("POST", "/bulk/v1/leads/export/create.json", payload, content_type=JSON)
    assert "errors" not in created
    export_id = created["result"][0]["exportId"]
    # No body, no content type.
    cancelled = tap.send("POST", f"/bulk/v1/leads/export/{export_id}/cancel.json").envelope()
    assert cancelled["success"] is True


def test_probe__where_updated_at_is_off_is_1035(tap: ClientCalls, home: Home) -> None:
    payload = {"format": "CSV", "fields": ["id"], "filter": {"updatedAt": MARCH}}
    with home.setting("lead_filter_updated_at", "false"):
        answer = tap.send("POST", "/bulk/v1/leads/export/create.json", payload, content_type=JSON)
    assert answer.error()[0] == "1035"


def test_activities__from_create_to_rows(tap: ClientCalls) -> None:
    payload = {
        "format": "CSV",
        "fields": ACTIVITY_FIELDS,
        "filter": {"createdAt": MARCH, "activityTypeIds": [104]},
    }
    created = tap.read("POST", "/bulk/v1/activities/export/create.json", payload, content_type=JSON)
    base = f"/bulk/v1/activities/export/{created['result'][0]['exportId']}"
    assert tap.read("GET", f"{base}/status.json")["result"][0]["status"] == "Created"
    assert tap.read("POST", f"{base}/enqueue.json")["success"] is True
    tap.poll(lambda: tap.read("GET", f"{base}/status.json")["result"][0])
    # Which exports are there, and is the file?
    states = "status=Created&status=Queued&status=Processing&status=Completed"
    existing = tap.read("GET", f"/bulk/v1/activities/export.json?{states}")["result"]
    found = {one["exportId"]: one["status"] for one in existing}
    assert found[created["result"][0]["exportId"]] == "Completed"
    probe = tap.send("GET", f"{base}/file.json", headers={"Range": "bytes=0-0"})
    assert (probe.status, len(probe.content)) == (206, 1)
    file = tap.send("GET", f"{base}/file.json")
    assert "application/json" not in file.headers["Content-Type"]
    rows = list(csv.DictReader(io.StringIO(file.content.decode("utf-8"))))
    assert list(rows[0]) == ACTIVITY_FIELDS
    attributes = [json.loads(row["attributes"]) for row in rows]
    assert [type(one) for one in attributes] == [dict] * 2
    assert {row["leadId"] for row in rows} == {"2"}
    # A download that broke off goes on from the byte that was read last.
    rest = tap.send("GET", f"{base}/file.json", headers={"Range": "bytes=20-"})
    assert (rest.status, rest.content) == (206, file.content[20:])


def test_file_that_is_gone__is_404(tap: ClientCalls) -> None:
    missing = "/bulk/v1/leads/export/00000000-0000-4000-8000-000000000000/file.json"
    assert_text_404(tap.send("GET", missing, headers={"Range": "bytes=0-0"}))


def test_export_without_rows__has_a_header(tap: ClientCalls) -> None:
    empty = {"startAt": "2001-01-01T00:00:00+00:00", "endAt": "2001-01-02T00:00:00+00:00"}
    payload = {"format": "CSV", "fields": ["id", "email"], "filter": {"updatedAt": empty}}
    created = tap.read("POST", "/bulk/v1/leads/export/create.json", payload, content_type=JSON)
    base = f"/bulk/v1/leads/export/{created['result'][0]['exportId']}"
    tap.read("POST", f"{base}/enqueue.json")
    tap.poll(lambda: tap.read("GET", f"{base}/status.json")["result"][0])
    assert tap.send("GET", f"{base}/file.json").content == b"id,email\n"


def test_describe__names_every_field_by_rest(tap: ClientCalls) -> None:
    fields = tap.read("GET", "/rest/v1/leads/describe.json")["result"]
    readable = [field for field in fields if "rest" in field]
    assert {"id", "createdAt", "updatedAt"} <= {field["rest"]["name"] for field in readable}
    assert all(field["displayName"] and field["dataType"] for field in fields)


def test_activity_types__have_names_and_typed_attributes(tap: ClientCalls) -> None:
    types = tap.read("GET", "/rest/v1/activities/types.json")["result"]
    by_id = {one["id"]: one for one in types}
    assert by_id[2]["primaryAttribute"]["name"] == "Webform ID"
    assert "primaryAttribute" not in by_id[12]
    assert all(
        attribute["name"] and attribute["dataType"]
        for one in types
        for attribute in one["attributes"]
    )


def test_programs__are_read_until_the_warning(tap: ClientCalls) -> None:
    found: list[int] = []
    for offset in (0, 200, 400):
        query = (
            f"maxReturn=200&offset={offset}&earliestUpdatedAt=1969-01-01T00%3A00%3A00Z"
            "&latestUpdatedAt=2026-11-22T01%3A44%3A45.835074%2B00%3A00"
        )
        members = tap.read("GET", f"/rest/asset/v1/programs.json?{query}")
        if NO_ASSETS in members["warnings"]:
            break
        found += [one["id"] for one in members["result"]]
        assert all(one["updatedAt"] for one in members["result"])
    assert sorted(found) == [1001, 1002, 1010, 1011, 1012]
    assert offset == 200


def test_programs__with_a_reversed_range_are_701(tap: ClientCalls) -> None:
    query = (
        "maxReturn=200&offset=0&earliestUpdatedAt=2026-01-02T00%3A00%3A00Z"
        "&latestUpdatedAt=2026-01-01T00%3A00%3A00.000001%2B00%3A00"
    )
    body = tap.send("GET", f"/rest/asset/v1/programs.json?{query}").envelope()
    assert body["errors"] == [
        {"code": "701", "message": "End date should always be after start date"}
    ]


@pytest.mark.parametrize("kind", ["lists", "campaigns"])
def test_lists_and_campaigns__are_read_while_there_is_a_token(
    tap: ClientCalls, home: Home, kind: str
) -> None:
    pages: list[list[object]] = []
    more = ""
    while True:
        members = tap.read("GET", f"/rest/v1/{kind}.json?batchSize=3{more}")
        assert isinstance(members["result"], list)
        pages.append(members["result"])
        if "nextPageToken" not in members:
            break
        more = f"&nextPageToken={members['nextPageToken']}"
        assert len(pages) < 10
    assert [len(page) for page in pages] == ([3, 3, 2] if kind == "lists" else [0])


def test_every_lead__is_there_by_updated_at(tap: ClientCalls) -> None:
    window = {"startAt": "2024-03-01T00:00:00+00:00", "endAt": "2024-03-31T00:00:00+00:00"}
    payload = {"format": "CSV", "fields": ["updatedAt", "id"], "filter": {"updatedAt": window}}
    created = tap.read("POST", "/bulk/v1/leads/export/create.json", payload, content_type=JSON)
    base = f"/bulk/v1/leads/export/{created['result'][0]['exportId']}"
    tap.read("POST", f"{base}/enqueue.json")
    tap.poll(lambda: tap.read("GET", f"{base}/status.json")["result"][0])
    rows = list(csv.reader(tap.send("GET", f"{base}/file.json").text.splitlines()))
    assert rows[0] == ["updatedAt", "id"]
    expected = {str(lead["id"]) for lead in LEADS if str(lead["updatedAt"]) < "2024-03-31"}
    assert {row[1] for row in rows[1:]} == expected - {"6"}
