"""The curl walk-throughs of the bulk activity and bulk lead extract pages, with a real curl."""

from __future__ import annotations

import hashlib
import json
import shutil
import subprocess
from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import pytest

from tests.support.deadlines import DEADLINE_SECONDS, wait_for
from tests.support.job_states import slots_taken

if TYPE_CHECKING:
    from tests.support.answers import Job
    from tests.support.api_user import ApiUser, Family
    from tests.support.home import Home

CURL = shutil.which("curl")

pytestmark = pytest.mark.skipif(CURL is None, reason="curl is not installed on this machine")

#: The create bodies of the two pages, but for the dates.
ACTIVITIES = """{
  "format": "CSV",
  "filter": {
    "createdAt": {
      "startAt": "2024-03-01T23:59:59-00:00",
      "endAt": "2024-03-31T23:59:59-00:00"
    },
    "activityTypeIds": [
      1,
      12,
      13
    ]
  }
}"""
LEADS = """{
   "fields": [
      "firstName",
      "lastName",
      "id",
      "email"
   ],
   "format": "CSV",
   "columnHeaderNames": {
      "firstName": "First Name",
      "lastName": "Last Name",
      "id": "Marketo Id",
      "email": "Email Address"
   },
   "filter": {
      "createdAt": {
         "startAt": "2024-03-01T00:00:00Z",
         "endAt": "2024-03-31T00:00:00Z"
      }
   }
}"""


@dataclass(frozen=True, slots=True)
class Shell:
    """Runs curl as somebody at a terminal would."""

    base_url: str
    token: str

    def curl(self, *arguments: str, path: str) -> str:
        assert CURL is not None
        header = ["-H", f"Authorization: Bearer {self.token}"]
        done = subprocess.run(
            [CURL, "-sS", "--noproxy", "*", *header, *arguments, f"{self.base_url}{path}"],
            capture_output=True,
            timeout=DEADLINE_SECONDS,
            check=True,
        )
        return done.stdout.decode()

    def job(self, *arguments: str, path: str) -> Job:
        body = cast("dict[str, object]", json.loads(self.curl(*arguments, path=path)))
        assert body["success"] is True, body
        (job,) = cast("list[Job]", body["result"])
        return job


@pytest.fixture
def shell(main: ApiUser) -> Shell:
    """Logged in with a token that curl itself has asked for."""
    base_url = str(main.http.base_url).rstrip("/")
    service = main.credentials
    query = f"client_id={service.client_id}&client_secret={service.client_secret}"
    answer = Shell(base_url, "").curl(
        path=f"/identity/oauth/token?grant_type=client_credentials&{query}"
    )
    return Shell(base_url, str(json.loads(answer)["access_token"]))


@pytest.mark.parametrize(
    ("family", "body", "header", "rows"),
    [
        (
            "activities",
            ACTIVITIES,
            "marketoGUID,leadId,activityDate,activityTypeId,campaignId,primaryAttributeValueId,"
            "primaryAttributeValue,attributes",
            4,
        ),
        ("leads", LEADS, "First Name,Last Name,Marketo Id,Email Address", 4),
    ],
)
def test_walk_through__of_the_page_works(
    shell: Shell, family: Family, body: str, header: str, rows: int
) -> None:
    root = f"/bulk/v1/{family}/export"
    as_json = ("-H", "Content-Type: application/json")
    created = shell.job("-X", "POST", *as_json, "-d", body, path=f"{root}/create.json")
    assert created["status"] == "Created"
    path = f"{root}/{created['exportId']}"
    assert shell.job("-X", "POST", path=f"{path}/enqueue.json")["status"] == "Queued"

    def completed() -> Job | None:
        job = shell.job(path=f"{path}/status.json")
        return job if job["status"] == "Completed" else None

    job = wait_for(completed, "the export to complete")
    content = shell.curl(path=f"{path}/file.json")
    assert content.split("\n")[0] == header
    assert content.count("\n") == rows + 1
    assert (job["numberOfRecords"], job["fileSize"]) == (rows, len(content.encode()))
    assert job["fileChecksum"] == f"sha256:{hashlib.sha256(content.encode()).hexdigest()}"

    part = shell.curl("-H", "Range: bytes=0-99", path=f"{path}/file.json")
    rest = shell.curl("-r", "100-", path=f"{path}/file.json")
    assert (len(part), part + rest) == (100, content)


@pytest.mark.parametrize(("family", "body"), [("activities", ACTIVITIES), ("leads", LEADS)])
def test_walk_through__of_cancelling_works(
    shell: Shell, home: Home, other: ApiUser, family: Family, body: str
) -> None:
    root = f"/bulk/v1/{family}/export"
    as_json = ("-H", "Content-Type: application/json")
    with slots_taken(home, other):
        created = shell.job("-X", "POST", *as_json, "-d", body, path=f"{root}/create.json")
        path = f"{root}/{created['exportId']}"
        shell.job("-X", "POST", path=f"{path}/enqueue.json")
        assert shell.job("-X", "POST", path=f"{path}/cancel.json")["status"] == "Cancelled"
    assert shell.curl("-o", "/dev/stderr", "-w", "%{http_code}", path=f"{path}/file.json") == "404"


def test_walk_through__of_listing_works(shell: Shell) -> None:
    root = "/bulk/v1/leads/export"
    as_json = ("-H", "Content-Type: application/json")
    created = shell.job("-X", "POST", *as_json, "-d", LEADS, path=f"{root}/create.json")
    answer = json.loads(shell.curl(path=f"{root}.json?status=Created,Queued&batchSize=10"))
    assert created["exportId"] in [job["exportId"] for job in answer["result"]]


def test_download_by_curl__is_resumed_where_it_broke_off(
    shell: Shell, tmp_path_factory: pytest.TempPathFactory, main: ApiUser
) -> None:
    done = main.export("activities", json.loads(ACTIVITIES))
    target = tmp_path_factory.mktemp("download") / "file.csv"
    target.write_bytes(done.content[:57])
    path = f"/bulk/v1/activities/export/{done.job['exportId']}/file.json"
    shell.curl("-C", "-", "-o", str(target), path=path)
    assert target.read_bytes() == done.content
