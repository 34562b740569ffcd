"""Nothing secret and nothing out of a cell reaches the log, whatever goes wrong; ids always do."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from tests.support.api_user import ApiUser
from tests.support.imports import imported
from tests.support.job_states import BODIES
from tests.support.server import running_server

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from tests.support.world import World

#: In a first name, an address, an attribute, a rejected row, a secret, a token, a query.
CANARIES = [f"canary{number}x7q" for number in range(8)]


@pytest.mark.parametrize("form", ["json", "console"])
def test_run_full_of_errors__logs_ids_and_no_secret_and_no_cell(
    make_world: Callable[[], World], tmp_path: Path, form: str
) -> None:
    world = make_world()
    environment = {
        "TAILRACE_LOG_LEVEL": "debug",
        "TAILRACE_LOG_FORMAT": form,
        "TMPDIR": str(tmp_path),
        "SQLITE_TMPDIR": str(tmp_path),
    }
    with (
        running_server(world.home, environment=environment) as server,
        ApiUser(server.base_url, world.main) as user,
    ):
        token = user.token
        provoke(user)
        failed_id = failed_export(world, user)
        break_the_store(world, user)
        log = server.log()
    assert "store_unavailable" in log
    assert "export_failed" in log
    for secret in (*CANARIES, token, world.main.client_secret):
        assert secret not in log
    assert list(tmp_path.iterdir()) == [], "nothing is left among temporary files"
    assert [path.name for path in world.home.path.rglob("*.part")] == []
    if form == "json":
        check_ids([json.loads(line) for line in log.splitlines() if line[:1] == "{"], failed_id)


def provoke(user: ApiUser) -> None:
    """Calls that bring canaries along, some of them refused."""
    http = user.http
    http.get("/rest/v1/leads.json", params={"access_token": CANARIES[0]})
    http.get("/rest/v1/leads.json", headers={"Authorization": f"Bearer {CANARIES[0]}"})
    secret = {"client_id": "x", "client_secret": CANARIES[1], "grant_type": "client_credentials"}
    http.post("/identity/oauth/token", data=secret)
    http.get("/identity/oauth/token", params=secret)
    lead = {"email": f"{CANARIES[2]}@example.com", "firstName": CANARIES[3]}
    user.call("POST", "/rest/v1/leads.json", json={"input": [lead, {"leadScore": CANARIES[4]}]})
    user.call("GET", f"/rest/v1/leads.json?filterType=email&filterValues={CANARIES[2]}@example.com")
    user.call(
        "POST",
        "/rest/v1/leads.json",
        content=f'{{"input": [{CANARIES[4]}]}}'.encode(),
        headers={"Content-Type": "application/json"},
    )
    file = f"email,leadScore\n{CANARIES[5]},{CANARIES[6]}\n"
    imported(user, file)
    export_id = user.created("leads", BODIES["leads"])
    user.call("GET", f"/bulk/v1/leads/export/{export_id}/status.json?note={CANARIES[7]}")


def failed_export(world: World, user: ApiUser) -> str:
    """An export that fails because a file of the lake is not what it was."""
    for path in (world.home.path / "lake").rglob("*.parquet"):
        path.write_bytes(CANARIES[3].encode() * 100)
    export_id = user.enqueued("activities", BODIES["activities"])
    assert user.finished("activities", export_id)["status"] == "Failed"
    return export_id


def break_the_store(world: World, user: ApiUser) -> None:
    """The store refuses a statement that has a cell among its values."""
    with world.home.sql() as connection:
        connection.execute("ALTER TABLE lead RENAME TO lead_away")
    lead = {"email": f"{CANARIES[2]}@example.com", "firstName": CANARIES[3]}
    assert user.call("POST", "/rest/v1/leads.json", json={"input": [lead]}).error()[0] == "608"


def check_ids(entries: list[dict[str, Any]], failed_id: str) -> None:
    """Every entry of a request has its id, every entry of an export the export's."""
    assert all(entry.get("request_id") for entry in entries if entry["event"] == "request")
    assert any(
        entry.get("request_id") for entry in entries if entry["event"] == "store_unavailable"
    )
    (failure,) = (entry for entry in entries if entry["event"] == "export_failed")
    assert (failure["export_id"], failure["attempt"]) == (failed_id, 1)
    calls = [entry for entry in entries if failed_id in entry.get("path", "")]
    assert calls
    assert {entry["export_id"] for entry in calls} == {failed_id}
