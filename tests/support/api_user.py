"""An API user with a token: the calls of the bulk extract API as one method each."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal, Self

import httpx

from tests.support.answers import Answer, Job
from tests.support.deadlines import DEADLINE_SECONDS, wait_for

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from types import TracebackType

    from tests.support.home import Credentials

Family = Literal["leads", "activities"]
Parameters = tuple[tuple[str, str], ...]

_UNFINISHED = {"Created", "Queued", "Processing"}


@dataclass(frozen=True, slots=True)
class CompletedExport:
    """A completed job and the bytes of its file."""

    job: Job
    content: bytes

    @property
    def text(self) -> str:
        return self.content.decode()


class ApiUser:
    """Calls the server with one custom service's token, fetched at the first call."""

    def __init__(self, base_url: str, credentials: Credentials) -> None:
        self.credentials = credentials
        self.http = httpx.Client(base_url=base_url, timeout=DEADLINE_SECONDS, trust_env=False)
        self._token: str | None = None

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.http.close()

    @property
    def token(self) -> str:
        if self._token is None:
            self._token = str(self.grant().plain_json()["access_token"])
        return self._token

    def forget_token(self) -> None:
        """Ask for a token again at the next call."""
        self._token = None

    def grant(self) -> Answer:
        """The identity call with this service's credentials."""
        parameters = {
            "grant_type": "client_credentials",
            "client_id": self.credentials.client_id,
            "client_secret": self.credentials.client_secret,
        }
        return Answer.of(self.http.get("/identity/oauth/token", params=parameters))

    def call(
        self,
        method: str,
        path: str,
        *,
        parameters: Parameters | None = None,
        headers: Mapping[str, str] | None = None,
        json: object = None,
        content: bytes | None = None,
    ) -> Answer:
        """Any request with the token in the Authorization header."""
        response = self.http.request(
            method,
            path,
            # httpx drops the query of `path` for any parameters, even none.
            params=parameters or None,
            headers={"Authorization": f"Bearer {self.token}", **(headers or {})},
            json=json,
            content=content,
        )
        return Answer.of(response)

    def create(self, family: Family, body: object, **parameters: str) -> Answer:
        path = f"/bulk/v1/{family}/export/create.json"
        return self.call("POST", path, json=body, parameters=tuple(parameters.items()))

    def enqueue(self, family: Family, export_id: str) -> Answer:
        return self.call("POST", f"/bulk/v1/{family}/export/{export_id}/enqueue.json")

    def cancel(self, family: Family, export_id: str) -> Answer:
        return self.call("POST", f"/bulk/v1/{family}/export/{export_id}/cancel.json")

    def status(self, family: Family, export_id: str) -> Answer:
        return self.call("GET", f"/bulk/v1/{family}/export/{export_id}/status.json")

    def list(self, family: Family, parameters: Parameters | None = None) -> Answer:
        return self.call("GET", f"/bulk/v1/{family}/export.json", parameters=parameters)

    def file(self, family: Family, export_id: str, byte_range: str | None = None) -> Answer:
        headers = {} if byte_range is None else {"Range": byte_range}
        return self.call("GET", f"/bulk/v1/{family}/export/{export_id}/file.json", headers=headers)

    def created(self, family: Family, body: object) -> str:
        """The id of a job that was just created."""
        return self.create(family, body).job()["exportId"]

    def enqueued(self, family: Family, body: object) -> str:
        """The id of a job that was just created and enqueued."""
        export_id = self.created(family, body)
        assert self.enqueue(family, export_id).job()["status"] == "Queued"
        return export_id

    def wait(self, family: Family, export_id: str, holds: Callable[[Job], bool]) -> Job:
        """The job once `holds` is true of it."""

        def look() -> Job | None:
            job = self.status(family, export_id).job()
            return job if holds(job) else None

        return wait_for(look, f"{family} export {export_id}")

    def finished(self, family: Family, export_id: str) -> Job:
        """The job once it is in a final state."""
        return self.wait(family, export_id, lambda job: job["status"] not in _UNFINISHED)

    def export(self, family: Family, body: object) -> CompletedExport:
        """Create, enqueue, wait and download; the job must complete."""
        export_id = self.enqueued(family, body)
        job = self.finished(family, export_id)
        assert job["status"] == "Completed", job
        answer = self.file(family, export_id)
        assert answer.status == 200, answer.text
        return CompletedExport(job, answer.content)


def export_ids(jobs: Sequence[Job]) -> list[str]:
    return [job["exportId"] for job in jobs]
