"""Bulk extract by its HTTP API, as typed calls: a token, a job, its life, its file.

Works against this product and against Marketo (contract sections 1 and 3).
"""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Self

import httpx

from tailrace import __version__
from tailrace.client.access_tokens import AccessTokens
from tailrace.client.download import Source, download_file
from tailrace.client.errors import (
    DownloadError,
    JobEndedError,
    UnreachableError,
    WaitTimeoutError,
)
from tailrace.client.job import Job, job_of
from tailrace.client.request_body import request_body
from tailrace.client.transport import Transport
from tailrace.domain.job_state import FINAL_STATES, JobState

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator
    from pathlib import Path
    from types import TracebackType

    from tailrace.client.access_tokens import AccessToken
    from tailrace.client.answer import Answer
    from tailrace.domain.export_job import ObjectFamily
    from tailrace.domain.export_request import ExportRequest

_FIRST_POLL_SECONDS = 0.2
_POLL_GROWTH = 1.5

#: How often an enqueue whose answer was lost is tried, each time after a look at the job.
_ENQUEUE_ATTEMPTS = 3


class ExtractClient:
    """The calls of one custom service; safe to use from several threads.

    `base_url` is everything before `/identity` and `/bulk`. `patience_seconds` is how long one
    call is repeated while the server cannot be reached or asks to come back later.
    """

    def __init__(
        self,
        base_url: str,
        client_id: str,
        client_secret: str,
        *,
        patience_seconds: float = 45.0,
    ) -> None:
        self._http = httpx.Client(
            base_url=base_url.rstrip("/"),
            timeout=httpx.Timeout(60.0, connect=10.0),
            headers={"User-Agent": f"tailrace/{__version__}"},
        )
        self._patience_seconds = patience_seconds
        tokens = AccessTokens(self._http, client_id, client_secret)
        self._transport = Transport(self._http, tokens, patience_seconds)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()

    def close(self) -> None:
        self._http.close()

    def token(self) -> AccessToken:
        """The access token in use, fetched when there is none."""
        return self._transport.token()

    def create(self, family: ObjectFamily, request: ExportRequest) -> Job:
        """A new export job in state Created.

        Should an answer get lost, the repeated call makes a second job: one that is never
        enqueued uses neither queue nor quota.
        """
        path = f"/bulk/v1/{family}/export/create.json"
        return _only_job(self._transport.call("POST", path, body=request_body(request)))

    def enqueue(self, family: ObjectFamily, export_id: str) -> Job:
        """Let the job run. A lost answer is no error: the job is asked whether it is queued."""
        path = _job_path(family, export_id, "enqueue")
        for _ in range(_ENQUEUE_ATTEMPTS - 1):
            try:
                return _only_job(self._transport.call("POST", path, is_repeatable=False))
            except UnreachableError:
                job = self.status(family, export_id)
                if job.state is not JobState.CREATED:
                    return job
        return _only_job(self._transport.call("POST", path, is_repeatable=False))

    def status(self, family: ObjectFamily, export_id: str) -> Job:
        return _only_job(self._transport.call("GET", _job_path(family, export_id, "status")))

    def cancel(self, family: ObjectFamily, export_id: str) -> Job:
        return _only_job(self._transport.call("POST", _job_path(family, export_id, "cancel")))

    def list(self, family: ObjectFamily, states: Iterable[JobState] = ()) -> Iterator[Job]:
        """This API user's jobs of the last days, newest first; all states when none is named."""
        parameters = {"status": ",".join(states)} if states else {}
        while True:
            path = f"/bulk/v1/{family}/export.json"
            answer = self._transport.call("GET", path, parameters=parameters)
            yield from map(job_of, answer.result)
            if answer.next_page_token is None:
                return
            parameters["nextPageToken"] = answer.next_page_token

    def wait(
        self,
        family: ObjectFamily,
        export_id: str,
        *,
        timeout_seconds: float = 3600.0,
        longest_poll_seconds: float = 10.0,
        on_status: Callable[[Job], None] = lambda _: None,
    ) -> Job:
        """The job once it is Completed, asked for at growing intervals.

        Raises JobEndedError when it failed or was cancelled, WaitTimeoutError when time is up.
        """
        started_at, pause = time.monotonic(), _FIRST_POLL_SECONDS
        while True:
            job = self.status(family, export_id)
            on_status(job)
            if job.state is JobState.COMPLETED:
                return job
            if job.state in FINAL_STATES:
                raise JobEndedError(export_id, job.state.value, job.failure)
            waited_seconds = time.monotonic() - started_at
            if waited_seconds + pause > timeout_seconds:
                raise WaitTimeoutError(export_id, job.state.value, waited_seconds)
            time.sleep(pause)
            pause = min(pause * _POLL_GROWTH, longest_poll_seconds)

    def download(
        self,
        family: ObjectFamily,
        job: Job,
        target: Path,
        *,
        on_bytes: Callable[[int], None] = lambda _: None,
    ) -> None:
        """The completed job's file as `target`, checked against its reported size and SHA-256.

        Broken connections are resumed where they broke, also by a later call with the same
        target. Raises DownloadError when no right file can be had.
        """
        if job.file is None:
            raise DownloadError(job.export_id, f"the job is {job.state.value}")
        source = Source(job.export_id, _job_path(family, job.export_id, "file"), job.file)
        download_file(
            self._transport,
            source,
            target,
            patience_seconds=self._patience_seconds,
            on_bytes=on_bytes,
        )


def _job_path(family: ObjectFamily, export_id: str, operation: str) -> str:
    return f"/bulk/v1/{family}/export/{export_id}/{operation}.json"


def _only_job(answer: Answer) -> Job:
    return job_of(answer.result[0])
