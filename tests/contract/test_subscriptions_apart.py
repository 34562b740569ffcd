"""Two subscriptions in one home: to either one, what is the other's is not there."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tailrace.store.subscriptions import create_subscription
from tests.contract.test_activity_ingest import body, line, outcome, send
from tests.contract.test_activity_pages import USUAL_TYPES, all_pages
from tests.support.api_user import ApiUser
from tests.support.home import Credentials
from tests.support.imports import finished, status, submitted, upload
from tests.support.job_states import BODIES
from tests.support.lead_calls import JSON, Record, lead, records, skipped, sync, synced_ids
from tests.support.world import GERMANS, LIST_MEMBERS, TEST_LIST

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tests.support.api_user import Family
    from tests.support.home import Home
    from tests.support.server import Server

#: No subscription has anything of this id.
NOBODYS = 987_654

ADA: Record = {"email": "ada@example.com", "firstName": "Nobody"}
NOT_FOUND = ("1004", "Lead not found")

#: What names something of the first subscription by its id.
PATHS = (
    ("/rest/v1/lead/{}.json", 1),
    ("/rest/v1/leads.json?filterType=id&filterValues={}", 1),
    ("/rest/v1/leads/{}/listMembership.json", 1),
    ("/rest/v1/leads/{}/programMembership.json", 1),
    ("/rest/v1/lists.json?id={}", TEST_LIST),
    ("/rest/v1/lists/{}.json", TEST_LIST),
    ("/rest/v1/lists/{}/leads.json", TEST_LIST),
    ("/rest/v1/lists/{}/leads/ismember.json?id=1", TEST_LIST),
    ("/rest/v1/leads/programs/{}.json", 1001),
    ("/rest/asset/v1/program/{}.json", 1001),
    ("/rest/asset/v1/staticList/{}.json", TEST_LIST),
    ("/rest/asset/v1/smartList/{}.json", GERMANS),
)


@pytest.fixture(scope="module")
def stranger(server: Server, home: Home) -> Iterator[ApiUser]:
    """An API user of a second subscription, with every permission."""
    with home.opened() as application:
        with application.database.write() as connection:
            second = create_subscription(connection, "second", application.clock())
        made = application.identity.create_service(second, "stranger@example.com")
    credentials = Credentials(made.client_id, made.client_secret, made.user)
    with ApiUser(server.base_url, credentials) as user:
        yield user


def told(user: ApiUser, method: str, path: str, number: int, json: object = None) -> str:
    """An answer without what differs in any two: its own id, and the id that was asked for."""
    answer = user.call(method, path.format(number), json=json)
    envelope = answer.envelope()
    del envelope["requestId"]
    return re.sub(rf"\b{number}\b", "ID", str(envelope))


@pytest.mark.parametrize(("path", "number"), PATHS)
def test_what_is_anothers__is_not_there(
    main: ApiUser, stranger: ApiUser, path: str, number: int
) -> None:
    assert told(stranger, "GET", path, number) == told(stranger, "GET", path, NOBODYS)
    assert told(main, "GET", path, number) != told(main, "GET", path, NOBODYS)


@pytest.mark.parametrize(
    "path",
    [
        "/rest/v1/lists.json",
        "/rest/v1/leads.json?filterType=email&filterValues=ada@example.com",
        "/rest/asset/v1/programs.json",
        "/rest/asset/v1/staticLists.json",
        "/rest/asset/v1/smartLists.json",
        "/rest/asset/v1/staticList/byName.json?name=Test list",
    ],
)
def test_lists_of_anothers__are_empty(main: ApiUser, stranger: ApiUser, path: str) -> None:
    assert not stranger.call("GET", path).envelope().get("result")
    assert main.call("GET", path).envelope()["result"]


def test_activities__are_ones_own(main: ApiUser, stranger: ApiUser) -> None:
    assert all_pages(stranger, activityTypeIds=USUAL_TYPES) == []
    assert all_pages(stranger, "/leadchanges", fields="firstName") == []
    assert all_pages(main, activityTypeIds=USUAL_TYPES) != []


@pytest.mark.parametrize("family", ["leads", "activities"])
def test_exports__hold_ones_own(main: ApiUser, stranger: ApiUser, family: Family) -> None:
    assert stranger.export(family, BODIES[family]).job["numberOfRecords"] == 0
    exported = main.export(family, BODIES[family])
    assert exported.job["numberOfRecords"] > 0
    ids = [job["exportId"] for job in stranger.list(family).jobs()]
    assert exported.job["exportId"] not in ids
    assert stranger.status(family, exported.job["exportId"]).error()[0] == "1013"


def test_list_of_anothers__cannot_be_exported(stranger: ApiUser) -> None:
    def refusal(list_id: int) -> tuple[str, str]:
        wanted = {"fields": ["id"], "filter": {"staticListId": list_id}}
        return stranger.create("leads", wanted).error()

    assert refusal(TEST_LIST) == refusal(NOBODYS)


def test_leads_of_anothers__are_not_changed(main: ApiUser, stranger: ApiUser) -> None:
    before = lead(main, 1)
    assert records(sync(stranger, ADA, action="updateOnly")) == [skipped(*NOT_FOUND)]
    by_id = sync(stranger, {"id": 1, "firstName": "X"}, action="updateOnly", lookupField="id")
    assert records(by_id) == [skipped(*NOT_FOUND)]
    deletion = {"input": [{"id": 1}]}
    deleted = stranger.call("POST", "/rest/v1/leads/delete.json", json=deletion)
    assert records(deleted) == [skipped(*NOT_FOUND, id=1)]
    (made,) = synced_ids(stranger, ADA)
    assert lead(stranger, made)["firstName"] == "Nobody"
    assert lead(main, 1) == before


def test_list_of_anothers__is_not_changed(main: ApiUser, stranger: ApiUser) -> None:
    (own,) = synced_ids(stranger, {"email": "own@example.com"})
    for method in ("POST", "DELETE"):
        path, asked = "/rest/v1/lists/{}/leads.json", {"input": [{"id": own}, {"id": 1}]}
        assert told(stranger, method, path, TEST_LIST, asked) == told(
            stranger, method, path, NOBODYS, asked
        )
    members = records(main.call("GET", f"/rest/v1/lists/{TEST_LIST}/leads.json", headers=JSON))
    assert [one["id"] for one in members] == sorted(LIST_MEMBERS[TEST_LIST])


def test_import__is_ones_own(main: ApiUser, stranger: ApiUser) -> None:
    content = "email,firstName\nada@example.com,Imported\n,Nobody\n"
    batch = submitted(main, content)
    assert finished(main, batch)["numOfLeadsProcessed"] == 1
    for path in ("/bulk/v1/leads/batch/{}.json", "/bulk/v1/leads/batch/{}/failures.json"):
        theirs, nobodys = (stranger.call("GET", path.format(one)) for one in (batch, NOBODYS))
        assert (theirs.status, theirs.text[-40:]) == (nobodys.status, nobodys.text[-40:])
    refused = upload(stranger, content, {"format": "csv", "listId": str(TEST_LIST)})
    unknown = upload(stranger, content, {"format": "csv", "listId": str(NOBODYS)})
    assert refused.error()[0] == unknown.error()[0]
    # Numbers of imports are each subscription's own, too.
    own = submitted(stranger, content)
    finished(stranger, own)
    assert status(main, batch)["numOfLeadsProcessed"] == 1


def test_idempotency_key__is_ones_own(main: ApiUser, stranger: ApiUser) -> None:
    taken = outcome(send(main, body(line(leadId=1)), "the same key"))
    others = outcome(send(stranger, body(line(leadId=2), line(leadId=3)), "the same key"))
    assert (taken["accepted"], others["accepted"]) == (1, 2)


def test_fields__are_ones_own(stranger: ApiUser, main: ApiUser, home: Home) -> None:
    home.command("field", "create", "onlyHere", "--type", "string")

    def names(user: ApiUser) -> list[object]:
        fields = records(user.call("GET", "/rest/v1/leads/schema/fields.json?batchSize=300"))
        return [one["name"] for one in fields]

    assert "onlyHere" in names(main)
    assert "onlyHere" not in names(stranger)


def test_usage__is_of_ones_own_calls(main: ApiUser, stranger: ApiUser) -> None:
    for user, others in ((main, stranger), (stranger, main)):
        (today,) = records(user.call("GET", "/rest/v1/stats/usage.json"))
        assert others.credentials.user not in str(today)
