"""Bulk lead imports as clients make them: a multipart upload, then the status until it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING

import httpx

from tests.support.answers import Answer
from tests.support.deadlines import DEADLINE_SECONDS, wait_for
from tests.support.lead_calls import Record, records

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tests.support.api_user import ApiUser

PATH = "/bulk/v1/leads.json"


def upload(
    user: ApiUser,
    content: bytes | str,
    parameters: Mapping[str, str] | None = None,
    *,
    fields: Mapping[str, str] | None = None,
) -> Answer:
    """Submit a file with these query parameters, and form fields beside it."""
    response = httpx.post(
        str(user.http.base_url.join(PATH)),
        params=dict(parameters or {}),
        data=dict(fields or {}),
        # Clients send the whole local path as the name.
        files={"file": ("/home/ada/leads.csv", content, "text/csv")},
        headers={"Authorization": f"Bearer {user.token}"},
        timeout=DEADLINE_SECONDS,
        trust_env=False,
    )
    return Answer.of(response)


def submitted(user: ApiUser, content: bytes | str, **parameters: str) -> int:
    """The id of an import that was just taken."""
    (record,) = records(upload(user, content, {"format": "csv", **parameters}))
    batch_id = record["batchId"]
    assert isinstance(batch_id, int)
    assert record == {"batchId": batch_id, "importId": str(batch_id), "status": "Queued"}
    return batch_id


def status(user: ApiUser, batch_id: int) -> Record:
    (record,) = records(user.call("GET", f"/bulk/v1/leads/batch/{batch_id}.json"))
    return record


def finished(user: ApiUser, batch_id: int) -> Record:
    """The import once it has ended."""

    def look() -> Record | None:
        record = status(user, batch_id)
        return record if record["status"] in ("Complete", "Failed") else None

    return wait_for(look, f"import {batch_id}")


def imported(user: ApiUser, content: bytes | str, **parameters: str) -> Record:
    """Submit a file and wait for its end."""
    return finished(user, submitted(user, content, **parameters))


def failures(user: ApiUser, batch_id: object) -> Answer:
    return user.call("GET", f"/bulk/v1/leads/batch/{batch_id}/failures.json")


def ended(batch_id: object, imported_rows: int, failed_rows: int = 0) -> Record:
    """What the status of a complete import must be, member by member."""
    told = f"{imported_rows} records imported ({imported_rows} members)"
    message = (
        f"Import completed with errors, {told}, {failed_rows} failed"
        if failed_rows
        else f"Import succeeded, {told}"
    )
    return {
        "batchId": batch_id,
        "importId": str(batch_id),
        "status": "Complete",
        "numOfLeadsProcessed": imported_rows,
        "numOfRowsFailed": failed_rows,
        "numOfRowsWithWarning": 0,
        "message": message,
    }
