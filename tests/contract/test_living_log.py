"""What clients do is in the log at once: told by its look-ups, and by the next export."""

from __future__ import annotations

import csv
import io
import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any, cast

import pytest

from tests.contract.test_activity_pages import page, token
from tests.support.deadlines import wait_until
from tests.support.server import running_server
from tests.support.world import TEST_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_user import ApiUser
    from tests.support.home import Home
    from tests.support.server import Server
    from tests.support.world import World


@pytest.fixture(scope="module")
def server(world: World) -> Iterator[Server]:
    """Settles all the time, so that every test meets activities on their way."""
    with running_server(world.home, environment={"TAILRACE_SETTLE_SECONDS": "0.05"}) as running:
        yield running


def sync(user: ApiUser, *records: dict[str, str]) -> list[int]:
    answer = user.call("POST", "/rest/v1/leads.json", json={"input": records})
    outcomes = cast("list[dict[str, Any]]", answer.envelope()["result"])
    assert all(one["status"] in ("created", "updated") for one in outcomes), outcomes
    return [one["id"] for one in outcomes]


def now() -> str:
    return f"{datetime.now(UTC):%Y-%m-%dT%H:%M:%SZ}"


def test_new_lead__is_among_the_lead_changes_as_marketo_tells_it(main: ApiUser) -> None:
    before = now()
    since = token(main, before)
    (lead_id,) = sync(main, {"email": "new@example.com", "firstName": "N"})
    changes = page(main, "/leadchanges", nextPageToken=since, fields="firstName")["result"]
    new_lead = next(one for one in changes if one["leadId"] == lead_id)
    assert (new_lead["activityTypeId"], new_lead["fields"]) == (12, [])
    values = {one["name"]: one["value"] for one in new_lead["attributes"]}
    assert values["Source Type"] == "Web service API"
    assert values["api method name"] == "syncLead"
    assert values["modifying user"] == "main@example.com"
    assert "#" in values["request id"]
    assert before[:10] <= values["Created Date"] <= now()[:10]


def test_changed_field__is_among_the_lead_changes(main: ApiUser) -> None:
    (lead_id,) = sync(main, {"email": "changed@example.com", "firstName": "Old"})
    since = token(main, now())
    sync(main, {"email": "changed@example.com", "firstName": "New"})
    changes = page(main, "/leadchanges", nextPageToken=since, fields="firstName")["result"]
    (change,) = [one for one in changes if one["leadId"] == lead_id and one["fields"]]
    assert change["fields"] == [
        {"id": 53, "name": "firstName", "newValue": "New", "oldValue": "Old"}
    ]
    names = {one["name"]: one["value"] for one in change["attributes"]}
    assert names["Lead ID"] == lead_id
    assert (names["Reason"], names["Source"]) == ("Web service API", "Web service API")


def test_deleted_lead__is_among_the_deleted_leads(main: ApiUser) -> None:
    (lead_id,) = sync(main, {"email": "gone@example.com", "firstName": "G", "lastName": "One"})
    since = token(main, now())
    main.call("POST", "/rest/v1/leads/delete.json", json={"input": [{"id": lead_id}]})
    deleted = page(main, "/deletedleads", nextPageToken=since)["result"]
    (item,) = [one for one in deleted if one["leadId"] == lead_id]
    assert (item["primaryAttributeValueId"], item["primaryAttributeValue"]) == (lead_id, "G One")


def test_list_change__is_among_the_activities(main: ApiUser) -> None:
    since = token(main, now())
    path = f"/rest/v1/lists/{TEST_LIST}/leads.json"
    main.call("POST", path, json={"input": [{"id": 2}]})
    main.call("DELETE", path, json={"input": [{"id": 2}]})
    items = page(main, nextPageToken=since, activityTypeIds="24,25", leadIds="2")["result"]
    assert [(one["activityTypeId"], one["primaryAttributeValueId"]) for one in items] == [
        (24, TEST_LIST),
        (25, TEST_LIST),
    ]


def test_reader_behind_a_growing_log__sees_every_change_once(main: ApiUser) -> None:
    position = token(main, now())
    expected: list[int] = []
    seen: list[int] = []
    batches = 12
    has_more = True
    while batches or has_more:
        if batches:
            records = [{"email": f"reader-{batches}-{one}@example.com"} for one in range(20)]
            expected += sync(main, *records)
            batches -= 1
        envelope = page(main, nextPageToken=position, activityTypeIds="12", batchSize="33")
        position, has_more = envelope["nextPageToken"], envelope["moreResult"]
        seen += [one["leadId"] for one in envelope["result"]]
    assert [one for one in seen if one in set(expected)] == expected


def test_export__has_every_change_once(main: ApiUser, home: Home) -> None:
    begin = datetime.now(UTC) - timedelta(seconds=1)
    ids = sync(main, *({"email": f"export-{number}@example.com"} for number in range(50)))
    exported = main.export(
        "activities",
        {
            "filter": {
                "createdAt": {
                    "startAt": f"{begin:%Y-%m-%dT%H:%M:%SZ}",
                    "endAt": f"{begin + timedelta(days=1):%Y-%m-%dT%H:%M:%SZ}",
                },
                "activityTypeIds": [12],
            }
        },
    )
    rows = list(csv.DictReader(io.StringIO(exported.text)))
    leads = [int(row["leadId"]) for row in rows]
    assert [one for one in leads if one in set(ids)] == ids
    assert len({row["marketoGUID"] for row in rows}) == len(rows)
    assert json.loads(rows[-1]["attributes"])["Source Type"] == "Web service API"

    def is_settled() -> bool:
        with home.sql() as connection:
            return connection.execute("SELECT count(*) FROM hot_activity").fetchone() == (0,)

    wait_until(is_settled, "the settler's next round")
