"""What the node clients send and read (contract sections 9.4 and 11): node-marketo-rest, MadKudu's.

They share their code; requests are as the first was recorded, and its forks where they differ.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tests.support.client_calls import FORM, JSON, ClientCalls
from tests.support.world import MARCH, TEST_LIST

if TYPE_CHECKING:
    from tests.support.answers import Job
    from tests.support.server import Server
    from tests.support.world import World

BULK = "/rest/../bulk/v1/activities/export"
METHOD_GET = "_method=GET"


@pytest.fixture(scope="module")
def node(server: Server, world: World) -> ClientCalls:
    calls = ClientCalls(
        server,
        world.main,
        {
            "Accept": "*/*",
            "User-Agent": "Restler for node.js",
            "Accept-Encoding": "gzip, deflate",
        },
    )
    calls.sign_in("&partner_id=partner")
    return calls


def created(node: ClientCalls) -> str:
    body = {"filter": {"createdAt": MARCH}}
    (job,) = node.read("POST", f"{BULK}/create.json", body, content_type=JSON)["result"]
    return str(job["exportId"])


def status(node: ClientCalls, export_id: str) -> Job:
    target = f"{BULK}/{export_id}/status.json"
    job: Job = node.read("GET", target, METHOD_GET, content_type=FORM)["result"][0]
    return job


def test_export__by_paths_that_are_not_normalised(node: ClientCalls) -> None:
    export_id = created(node)
    queued = node.read(
        "POST", f"{BULK}/{export_id}/enqueue.json", "_method=POST", content_type=FORM
    )
    # It takes whatever is neither Queued nor Processing for the end: the answer must be Queued.
    assert queued["result"][0]["status"] == "Queued"
    done = node.poll(lambda: status(node, export_id))
    file = node.send("GET", f"{BULK}/{export_id}/file.json", METHOD_GET, content_type=FORM)
    assert file.status == 200
    assert "json" not in file.headers["Content-Type"]
    assert f"sha256:{hashlib.sha256(file.content).hexdigest()}" == done["fileChecksum"]


def test_file__in_slices_is_the_whole_file(node: ClientCalls) -> None:
    export_id = created(node)
    enqueue = {"data": {"_method": "POST"}}
    node.read("POST", f"{BULK}/{export_id}/enqueue.json", enqueue, content_type=JSON)
    done = node.poll(lambda: status(node, export_id))
    whole = node.send("GET", f"{BULK}/{export_id}/file.json").content
    parts: list[bytes] = []
    step = 300
    for first in range(0, done["fileSize"], step):
        last = min(first + step, done["fileSize"]) - 1
        part = node.send(
            "GET",
            f"{BULK}/{export_id}/file.json",
            {"data": {"_method": "GET"}},
            content_type=JSON,
            headers={"Range": f"bytes={first}-{last}"},
        )
        assert part.status == 206
        assert part.headers["Content-Range"] == f"bytes {first}-{last}/{done['fileSize']}"
        parts.append(part.content)
    assert len(parts) > 1
    assert b"".join(parts) == whole


@pytest.mark.parametrize(
    ("body", "content_type"),
    [("_method=POST", FORM), ({"data": {"_method": "POST"}}, JSON)],
    ids=["form", "json"],
)
def test_cancel__with_a_body_that_is_ignored(
    node: ClientCalls, body: str | object, content_type: str
) -> None:
    target = f"{BULK}/{created(node)}/cancel.json"
    members = node.read("POST", target, body, content_type=content_type)
    assert members["result"][0]["status"] == "Cancelled"


def test_get__with_a_json_body_takes_no_harm(node: ClientCalls) -> None:
    body = {"data": {"_method": "GET"}}
    members = node.read("GET", "/rest/v1/leads/describe.json", body, content_type=JSON)
    assert members["result"]


def test_get__with_its_parameters_only_in_the_body(node: ClientCalls) -> None:
    """Some calls of the fork carry them as `query` there."""
    body = {"query": {"filterType": "id", "filterValues": "1,2"}}
    members = node.read("GET", "/rest/v1/leads.json", body, content_type=JSON)
    assert [one["id"] for one in members["result"]] == [1, 2]


def test_leads__by_filter(node: ClientCalls) -> None:
    members = node.read("GET", "/rest/v1/leads.json?filterType=id&filterValues=1%2C2%2C3")
    assert [one["id"] for one in members["result"]] == [1, 2, 3]
    (lead,) = node.read("GET", "/rest/v1/lead/1.json?fields=email%2ClastName")["result"]
    assert lead["lastName"] == "Lovelace"


def test_leads__are_synced_with_a_content_type_in_lower_case(node: ClientCalls) -> None:
    body = {"lookupField": "email", "input": [{"email": "n@example.com", "firstName": "N"}]}
    members = node.read("POST", "/rest/v1/leads.json", body, headers={"content-type": JSON})
    assert members["result"][0]["status"] in {"created", "updated"}


@pytest.mark.parametrize(
    ("method", "path", "more", "content_type"),
    [
        ("POST", "/rest/v1/lists.json", "", FORM),
        # What a retry after 601, 602 or 606 sends: the form stays, its type is lost.
        ("POST", "/rest/v1/lists.json", "", None),
        ("GET", "/rest/v1/campaigns.json", "", FORM),
        ("POST", "/rest/asset/v1/smartLists.json", "", FORM),
        ("GET", "/rest/asset/v1/programs.json", "", FORM),
    ],
)
def test_look_up__is_a_form_with_the_method_in_it(
    node: ClientCalls, method: str, path: str, more: str, content_type: str | None
) -> None:
    body = f"{more}{METHOD_GET}"
    members = node.read(method, path, body, content_type=content_type)
    assert isinstance(members["result"], list)


def test_lists__page_by_a_form(node: ClientCalls) -> None:
    first = node.read("POST", "/rest/v1/lists.json", f"batchSize=5&{METHOD_GET}", content_type=FORM)
    token = str(first["nextPageToken"]).replace("=", "%3D")
    more = f"batchSize=5&nextPageToken={token}&{METHOD_GET}"
    last = node.read("POST", "/rest/v1/lists.json", more, content_type=FORM)
    assert (len(first["result"]), len(last["result"])) == (5, 3)
    assert "nextPageToken" not in last


def test_leads_of_a_list__are_a_form_with_the_id_once_more(node: ClientCalls) -> None:
    body = f"fields%5B0%5D=email&batchSize=2&listId={TEST_LIST}&{METHOD_GET}"
    target = f"/rest/v1/list/{TEST_LIST}/leads.json"
    assert len(node.read("POST", target, body, content_type=FORM)["result"]) == 2


def test_list_members__are_removed_by_query(node: ClientCalls) -> None:
    target = f"/rest/v1/lists/{TEST_LIST}/leads.json?id=2&id=4"
    members = node.read("DELETE", target, headers={"Content-Type": JSON})
    assert [one["reasons"][0]["code"] for one in members["result"]] == ["1015", "1015"]


def test_error__has_a_code_of_text(node: ClientCalls) -> None:
    answer = node.send("GET", "/rest/v1/lead/99.json")
    assert answer.error() == ("1004", "Lead '99' not found")
    node_without = node.send("GET", "/rest/v1/lists.json", is_signed=False)
    assert node_without.error()[0] == "601"
