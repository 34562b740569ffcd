"""What airbyte-source-marketo 2.1.3 sends and reads (contract sections 9.2 and 11), byte by byte."""

from __future__ import annotations

import csv
import json
import re
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from tests.support.client_calls import FORM, JSON, ClientCalls
from tests.support.world import MARCH

if TYPE_CHECKING:
    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World

#: The default columns.
NO_FIELDS: list[str] = []

_LISTED_AT = "%Y-%m-%dT%H:%M:%SZ"


@pytest.fixture(scope="module")
def airbyte(server: Server, world: World) -> ClientCalls:
    calls = ClientCalls(
        server,
        world.main,
        {
            "User-Agent": "python-requests/2.34.2",
            "Accept-Encoding": "gzip, deflate",
            "Accept": "*/*",
        },
    )
    calls.sign_in()
    return calls


def create(airbyte: ClientCalls, family: str, body: object) -> str:
    """A job as it creates one: it tries again unless the status is `created`, whatever its case."""
    target = f"/bulk/v1/{family}/export/create.json?batchSize=300"
    (job,) = airbyte.read("POST", target, body, content_type=JSON)["result"]
    assert job["status"].lower() == "created"
    return str(job["exportId"])


def test_streams_of_its_manifest__ask_for_a_token_by_form(
    airbyte: ClientCalls, server: Server, world: World
) -> None:
    """Every process asks several times: the same token is still good."""
    calls = ClientCalls(server, world.main)
    answer = calls.send(
        "POST", "/identity/oauth/token", calls.identity_form, content_type=FORM, is_signed=False
    )
    granted = answer.plain_json()
    assert granted["access_token"] == airbyte.token
    assert isinstance(granted["expires_in"], int)


def test_activities__with_no_fields_mean_the_default_ones(airbyte: ClientCalls) -> None:
    body = {
        "format": "CSV",
        "fields": NO_FIELDS,
        "filter": {"createdAt": MARCH, "activityTypeIds": [2]},
    }
    base = f"/bulk/v1/activities/export/{create(airbyte, 'activities', body)}"
    # Its POST without a body has a length of nought and no content type.
    enqueued = airbyte.read(
        "POST", f"{base}/enqueue.json?batchSize=300", headers={"Content-Length": "0"}
    )
    assert enqueued["result"][0]["status"] == "Queued"
    airbyte.poll(lambda: airbyte.read("GET", f"{base}/status.json?batchSize=300")["result"][0])
    file = airbyte.send("GET", f"{base}/file.json?batchSize=300")
    # It splits at line feeds alone, and every row must have as many cells as the header.
    lines = file.content.decode("utf-8").removesuffix("\n").split("\n")
    rows = list(csv.reader(lines))
    assert all(len(row) == len(rows[0]) == 8 for row in rows)
    assert len(rows) == 4
    for row in rows[1:]:
        assert dict(json.loads(row[rows[0].index("attributes")]).items()) == {}


def test_slices_of_a_year__are_all_created_before_the_first_is_enqueued(
    airbyte: ClientCalls,
) -> None:
    start = datetime(2024, 1, 1, tzinfo=UTC)
    ids: list[str] = []
    for month in range(12):
        begin = start + timedelta(days=30 * month)
        window = {
            "startAt": begin.strftime(_LISTED_AT),
            "endAt": (begin + timedelta(days=30)).strftime(_LISTED_AT),
        }
        body = {"format": "CSV", "fields": ["id", "updatedAt"], "filter": {"updatedAt": window}}
        ids.append(create(airbyte, "leads", body))
    for export_id in ids:
        base = f"/bulk/v1/leads/export/{export_id}"
        assert airbyte.read("POST", f"{base}/enqueue.json?batchSize=300")["success"] is True
        airbyte.poll(lambda base=base: airbyte.read("GET", f"{base}/status.json")["result"][0])  # type: ignore[misc]
        assert airbyte.send("GET", f"{base}/file.json").text.startswith("id,updatedAt\n")


def test_quota__is_told_in_words_that_it_matches_from_the_start(
    airbyte: ClientCalls, home: Home
) -> None:
    day = {"startAt": "2024-03-01T00:00:00Z", "endAt": "2024-03-02T00:00:00Z"}
    body = {"format": "CSV", "fields": NO_FIELDS, "filter": {"createdAt": day}}
    export_id = create(airbyte, "activities", body)
    base = f"/bulk/v1/activities/export/{export_id}"
    airbyte.read("POST", f"{base}/enqueue.json")
    airbyte.poll(lambda: airbyte.read("GET", f"{base}/status.json")["result"][0])
    home.change(
        "UPDATE export_job SET file_size_bytes = 600 * 1024 * 1024 WHERE export_id = ?", export_id
    )
    try:
        target = "/bulk/v1/activities/export/create.json?batchSize=300"
        code, message = airbyte.send("POST", target, body, content_type=JSON).error()
    finally:
        home.change("UPDATE export_job SET file_size_bytes = 1 WHERE export_id = ?", export_id)
    assert code == "1029"
    assert re.match(r"Export daily quota \d+MB exceeded", message)


def test_cancelled_job__is_spelled_with_two_l(airbyte: ClientCalls) -> None:
    body = {"format": "CSV", "fields": NO_FIELDS, "filter": {"createdAt": MARCH}}
    base = f"/bulk/v1/activities/export/{create(airbyte, 'activities', body)}"
    airbyte.read("POST", f"{base}/cancel.json")
    (job,) = airbyte.read("GET", f"{base}/status.json?batchSize=300")["result"]
    assert job["status"] == "Cancelled"


@pytest.mark.parametrize("kind", ["lists", "campaigns"])
def test_lists_and_campaigns__end_without_a_token_and_have_plain_times(
    airbyte: ClientCalls, kind: str
) -> None:
    members = airbyte.read("GET", f"/rest/v1/{kind}.json?batchSize=300")
    assert "nextPageToken" not in members
    for one in members["result"]:
        for name in ("createdAt", "updatedAt"):
            assert datetime.strptime(one[name], _LISTED_AT)  # noqa: DTZ007 - the client's own format


def test_programs__end_with_a_short_page(airbyte: ClientCalls) -> None:
    query = (
        "maxReturn=200&earliestUpdatedAt=1969-01-01T00%3A00%3A00Z"
        "&latestUpdatedAt=2026-11-22T07%3A38%3A17Z"
    )
    members = airbyte.read("GET", f"/rest/asset/v1/programs.json?{query}")
    assert len(members["result"]) == 5
    assert all(re.fullmatch(r"\S+Z(\+0000)?", one["updatedAt"]) for one in members["result"])


def test_program_updated_in_the_last_second__is_in_that_slice_alone(airbyte: ClientCalls) -> None:
    """Slices end one second before the next begins, so the end counts."""

    def found(earliest: str, latest: str) -> int:
        query = f"maxReturn=200&earliestUpdatedAt={earliest}&latestUpdatedAt={latest}"
        members = airbyte.read("GET", f"/rest/asset/v1/programs.json?{query}")
        return len(members.get("result", []))

    assert found("1969-01-01T00:00:00Z", "1969-12-31T23:59:59Z") == 0
    assert found("1969-12-31T00:00:00Z", "1970-01-01T00:00:00Z") == 5
    assert found("1970-01-01T00:00:01Z", "1970-01-02T00:00:00Z") == 0


def test_activity_types__with_a_batch_size(airbyte: ClientCalls) -> None:
    types = airbyte.read("GET", "/rest/v1/activities/types.json?batchSize=300")["result"]
    assert {2, 12, 13} <= {one["id"] for one in types}


def test_describe__is_what_an_export_may_ask_for(airbyte: ClientCalls) -> None:
    fields = airbyte.read("GET", "/rest/v1/leads/describe.json")["result"]
    names = [field["rest"]["name"] for field in fields if "rest" in field]
    window = {"startAt": MARCH["startAt"], "endAt": MARCH["endAt"]}
    asked = [name for name in names if name != "ecids"]
    body = {"format": "CSV", "fields": asked, "filter": {"updatedAt": window}}
    assert create(airbyte, "leads", body)


@pytest.mark.parametrize(
    "path",
    [
        "segmentation.json",
        "emails.json?maxReturn=200",
        "folder/1001/tokens.json?folderType=Program",
    ],
)
def test_assets_that_are_not_kept__are_answered_as_none(airbyte: ClientCalls, path: str) -> None:
    members = airbyte.read("GET", f"/rest/asset/v1/{path}")
    assert "result" not in members
    assert members["warnings"] == ["No assets found for the given search criteria."]
