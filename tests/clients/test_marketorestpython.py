"""marketorestpython 0.5.25, unmodified: look-ups, exports and writes, held against the truth.

It is led to the server by `tailrace redirect`; a driver in its own environment calls its methods.
"""

from __future__ import annotations

import csv
import hashlib
import io
import json
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from tests.clients import drive_marketorestpython
from tests.clients.environment import client_environment
from tests.clients.subscription import MUNCHKIN_ID, run_client
from tests.support.deadlines import DEADLINE_SECONDS

if TYPE_CHECKING:
    from tests.clients.subscription import Subscription

DELETE_LEAD = 37

#: The first test of a machine waits for packages, too.
pytestmark = pytest.mark.timeout(600)

#: Only a hang lasts longer; it makes five calls a second at most.
PATIENCE_SECONDS = 480

Record = dict[str, Any]
Call = tuple[str, dict[str, Any]]


@pytest.fixture(scope="module")
def library(subscription: Subscription) -> Library:
    return Library(subscription)


class Library:
    """The library in its environment; every call of this runs the driver once."""

    def __init__(self, subscription: Subscription) -> None:
        self.subscription = subscription
        self._python = str(client_environment("marketorestpython") / "python")

    def outcomes(self, *calls: Call) -> list[Record]:
        """What each call came to, in order."""
        service = self.subscription.service
        order = {
            "munchkinId": MUNCHKIN_ID,
            "clientId": service.client_id,
            "clientSecret": service.client_secret,
            "calls": calls,
        }
        driver = str(Path(drive_marketorestpython.__file__))
        command = self.subscription.client_command(self._python, driver)
        output = run_client(command, input_text=json.dumps(order), seconds=PATIENCE_SECONDS)
        # Only line feeds end a line: names hold other characters that end lines for Python.
        return [json.loads(line) for line in output.rstrip("\n").split("\n")]

    def call(self, method: str, **arguments: Any) -> Any:
        """The result of one call that must succeed."""
        (outcome,) = self.outcomes((method, arguments))
        assert "result" in outcome, outcome
        return outcome["result"]

    def calls(self, *calls: Call) -> list[Any]:
        """The results of calls that must all succeed."""
        outcomes = self.outcomes(*calls)
        assert all("result" in outcome for outcome in outcomes), outcomes
        return [outcome["result"] for outcome in outcomes]


def ids(records: list[Record]) -> list[str]:
    return [str(record["id"]) for record in records]


def test_look_ups__are_the_truth(library: Library, subscription: Subscription) -> None:
    truth = subscription.truth
    described, again, types, lists, campaigns, programs, static_lists, smart_lists, forms = (
        library.calls(
            ("describe", {}),
            ("describe2", {}),
            ("get_activity_types", {}),
            ("get_multiple_lists", {"batchSize": 300}),
            ("get_multiple_campaigns", {"batchSize": 300}),
            ("browse_programs", {"maxReturn": 200}),
            ("browse_lists", {"maxReturn": 200}),
            ("get_smart_lists", {}),
            ("get_forms", {"maxReturn": 20}),
        )
    )
    assert sum("rest" in field for field in described) == truth.count("leadFields")
    assert len(again[0]["fields"]) >= truth.count("leadFields")
    assert len(types) == truth.count("activityTypes")
    for kind, found in (
        ("lists", lists),
        ("lists", static_lists),
        ("campaigns", campaigns),
        ("programs", programs),
        ("smartLists", smart_lists),
        ("forms", forms),
    ):
        assert len(found) == truth.count(kind), kind
        assert set(ids(found)) == truth.ids(kind), kind
    assert {str(one["id"]): one["name"] for one in lists} == truth.document["lists"]
    assert {str(one["id"]): one["name"] for one in programs} == truth.document["programs"]


def test_leads__by_id_list_and_filter_are_the_truth(
    library: Library, subscription: Subscription
) -> None:
    truth = subscription.truth
    sample = truth.lead_sample()
    members: dict[str, list[int]] = truth.document["listMembers"]
    longest = max(members, key=lambda one: len(members[one]))
    by_id, by_list = library.calls(
        (
            "get_multiple_leads_by_filter_type",
            {"filterType": "id", "filterValues": list(sample), "fields": ["id", "email"]},
        ),
        ("get_multiple_leads_by_list_id", {"listId": longest, "batchSize": 50}),
    )
    assert {str(one["id"]): one["email"] or "" for one in by_id} == {
        lead_id: values["email"] for lead_id, values in sample.items()
    }
    assert sorted(one["id"] for one in by_list) == members[longest]
    assert len(members[longest]) > 50


def export(library: Library, entity: str, **arguments: Any) -> tuple[Record, str]:
    """The completed job and its file, as the library reads them."""
    ((created,),) = library.calls((f"create_{entity}_export_job", arguments))
    job = {"job_id": created["exportId"]}
    library.call(f"enqueue_{entity}_export_job", **job)
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        (status,) = library.call(f"get_{entity}_export_job_status", **job)
        if status["status"] not in {"Queued", "Processing"}:
            break
        assert time.monotonic() < deadline, status
    assert status["status"] == "Completed", status
    return status, str(library.call(f"get_{entity}_export_job_file", **job))


def assert_whole(job: Record, text: str) -> list[dict[str, str]]:
    """The rows of a file with the size, checksum and count that were told of it."""
    content = text.encode()
    assert len(content) == job["fileSize"]
    assert f"sha256:{hashlib.sha256(content).hexdigest()}" == job["fileChecksum"]
    rows = list(csv.DictReader(io.StringIO(text, newline="")))
    assert len(rows) == job["numberOfRecords"]
    return rows


def test_export_of_leads__is_the_truth(library: Library, subscription: Subscription) -> None:
    truth = subscription.truth
    sample = truth.lead_sample()
    window = {"startAt": truth.start_at, "endAt": truth.end_at}
    names = list(next(iter(sample.values())))
    job, text = export(library, "leads", fields=names, filters={"createdAt": window})
    rows = {row["id"]: row for row in assert_whole(job, text)}
    assert len(rows) == truth.count("leads")
    for lead_id, values in sample.items():
        assert {
            name: "" if cell == "null" else cell for name, cell in rows[lead_id].items()
        } == values


def test_export_of_activities__is_the_truth(library: Library, subscription: Subscription) -> None:
    truth = subscription.truth
    window = {"startAt": truth.start_at, "endAt": truth.end_at}
    # It sends `"fields": null`.
    job, text = export(library, "activities", filters={"createdAt": window})
    found: dict[int, int] = {}
    for row in assert_whole(job, text):
        type_id = int(row["activityTypeId"])
        found[type_id] = found.get(type_id, 0) + 1
        assert isinstance(json.loads(row["attributes"]), dict)
    expected = {one: count for one, count in truth.activities().items() if one != DELETE_LEAD}
    assert found == expected


def test_export_jobs__are_listed_and_cancelled(
    library: Library, subscription: Subscription
) -> None:
    window = {"startAt": subscription.truth.start_at, "endAt": subscription.truth.end_at}
    (created,) = library.call(
        "create_leads_export_job", fields=["id"], filters={"createdAt": window}
    )
    (cancelled,), jobs = library.calls(
        ("cancel_leads_export_job", {"job_id": created["exportId"]}),
        ("get_leads_export_jobs_list", {}),
    )
    assert cancelled["status"] == "Cancelled"
    assert created["exportId"] in {one["exportId"] for one in jobs}


def test_activities_page_by_page__are_the_truth(
    library: Library, subscription: Subscription
) -> None:
    truth = subscription.truth
    wanted = [22, 24, 25, 104]
    activities, deleted = library.calls(
        (
            "get_lead_activities",
            {
                "activityTypeIds": [str(one) for one in wanted],
                "sinceDatetime": truth.start_at,
                "batchSize": 300,
            },
        ),
        ("get_deleted_leads", {"sinceDatetime": truth.start_at, "batchSize": 300}),
    )
    found = {one: sum(row["activityTypeId"] == one for row in activities) for one in wanted}
    assert found == {one: truth.activities()[one] for one in wanted}
    assert len({row["marketoGUID"] for row in activities}) == len(activities)
    assert len(deleted) == truth.count("deletedLeads")


def test_lead_changes__are_read_to_their_end(library: Library, subscription: Subscription) -> None:
    truth = subscription.truth
    changes = library.call(
        "get_lead_changes", fields=["leadScore", "email"], sinceDatetime=truth.start_at
    )
    assert changes
    assert all(change["activityTypeId"] in {12, 13} for change in changes)


def test_writes__are_read_back(library: Library) -> None:
    """Leads and list members through the library, and what they leave in the log."""
    (listed,) = library.call("create_list", name="Written", folderId=1, folderType="Folder")
    (synced,) = library.call(
        "create_update_leads",
        leads=[{"email": "written@example.com", "firstName": "Wanda"}],
        lookupField="email",
    )
    lead, one_list = synced["id"], listed["id"]
    added, member, found, changed, removed = library.calls(
        ("add_leads_to_list", {"listId": one_list, "id": [lead]}),
        ("member_of_list", {"listId": one_list, "id": [lead]}),
        ("get_lead_by_id", {"id": lead, "fields": ["email", "firstName"]}),
        (
            "create_update_leads",
            {"leads": [{"email": "written@example.com", "firstName": "W"}], "lookupField": "email"},
        ),
        ("remove_leads_from_list", {"listId": one_list, "id": [lead]}),
    )
    assert synced["status"] == "created"
    assert [added[0]["status"], member[0]["status"], removed[0]["status"]] == [
        "added",
        "memberof",
        "removed",
    ]
    assert found[0]["firstName"] == "Wanda"
    assert changed == [{"id": lead, "status": "updated"}]
    activities, deleted, gone = library.outcomes(
        (
            "get_lead_activities",
            {
                "activityTypeIds": ["12", "13", "24", "25"],
                "sinceDatetime": "2020-01-01",
                "leadIds": [str(lead)],
            },
        ),
        ("delete_lead", {"id": [lead]}),
        ("get_lead_by_id", {"id": lead}),
    )
    assert sorted(one["activityTypeId"] for one in activities["result"]) == [12, 13, 24, 25]
    assert deleted["result"] == [{"id": lead, "status": "deleted"}]
    assert "1004" in gone["error"]


def test_import__and_its_failures(library: Library, tmp_path: Path) -> None:
    file = tmp_path / "leads.csv"
    file.write_text(
        "email,leadScore\nimported@example.com,5\nbad@example.com,five\n", encoding="utf-8"
    )
    (batch,) = library.call("import_lead", format="csv", file=str(file), lookupField="email")
    deadline = time.monotonic() + DEADLINE_SECONDS
    while True:
        (status,) = library.call("get_import_lead_status", id=batch["batchId"])
        if status["status"] == "Complete":
            break
        assert time.monotonic() < deadline, status
    assert (status["numOfLeadsProcessed"], status["numOfRowsFailed"]) == (1, 1)
    failures = library.call("get_import_failure_file", id=batch["batchId"])
    assert "bad@example.com" in str(failures)


def test_usage__counts_what_the_library_called(library: Library) -> None:
    today, week, errors = library.calls(
        ("get_daily_usage", {}), ("get_last_7_days_usage", {}), ("get_daily_errors", {})
    )
    assert today[0]["total"] == sum(one["count"] for one in today[0]["users"])
    assert len(week) == 7
    assert isinstance(errors[0]["total"], int)


def test_wrong_secret__is_told_in_marketos_words(library: Library) -> None:
    service = library.subscription.service
    order: Record = {
        "munchkinId": MUNCHKIN_ID,
        "clientId": service.client_id,
        "clientSecret": "wrong",
        "calls": [["describe", {}]],
    }
    driver = str(Path(drive_marketorestpython.__file__))
    python = str(client_environment("marketorestpython") / "python")
    command = library.subscription.client_command(python, driver)
    output = run_client(command, input_text=json.dumps(order), seconds=PATIENCE_SECONDS)
    assert "Bad client credentials" in json.loads(output)["error"]
