"""What a client does with export jobs of its own."""

from __future__ import annotations

import hashlib
import json
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

from tests.support.kills.evidence import DAYS, DOMAIN
from tests.support.kills.history import Action, Export
from tests.support.kills.line import JSON

if TYPE_CHECKING:
    import random

    from tests.support.kills.line import Line

#: Jobs of one client that have not ended; all clients together fill the queue.
_MOST_JOBS = 3

_UNFINISHED = {"Created", "Queued", "Processing"}
_MARKS = re.compile(rb"/m/([0-9a-z-]+)")
_ADDRESSES = re.compile(rb"[0-9a-z-]+" + re.escape(DOMAIN.encode()))


@dataclass(slots=True)
class _Job:
    export_id: str
    wanted: Export
    status: str = "Created"
    #: Whether its file was downloaded before.
    is_read: bool = False

    @property
    def path(self) -> str:
        return f"/bulk/v1/{self.wanted.family}/export/{self.export_id}"


class JobActs:
    def __init__(self, chance: random.Random) -> None:
        self._chance = chance
        self._jobs: list[_Job] = []

    def create(self, line: Line) -> None:
        if sum(job.status in _UNFINISHED for job in self._jobs) >= _MOST_JOBS:
            return
        wanted = self._some_export()
        body = json.dumps(_request(wanted)).encode()
        reply = line.send("POST", f"/bulk/v1/{wanted.family}/export/create.json", body, JSON)
        export_id = reply.result[0]["exportId"] if reply.is_done else ""
        line.note(reply, Action.CREATE, export_id, str(wanted))
        if reply.is_done:
            self._jobs.append(_Job(export_id, wanted))

    def go_on(self, line: Line) -> None:
        """The next step with any of them: enqueue, cancel, look, or download once more."""
        if not self._jobs:
            return
        job = self._chance.choice(self._jobs)
        if job.status == "Created" and self._chance.random() < 0.8:
            self._enqueue(line, job)
        elif job.status in _UNFINISHED and self._chance.random() < 0.1:
            self._cancel(line, job)
        elif job.status == "Completed":
            self._download(line, job)
        else:
            self._look_at(line, job)

    def _some_export(self) -> Export:
        # Few: each attempt at one starts a process of its own.
        if self._chance.random() < 0.04:
            return Export("leads", 1, DAYS)
        first = self._chance.randint(1, DAYS)
        return Export("activities", first, self._chance.randint(first, DAYS))

    def _enqueue(self, line: Line, job: _Job) -> None:
        reply = line.send("POST", f"{job.path}/enqueue.json")
        line.note(reply, Action.ENQUEUE, job.export_id)
        if reply.is_done:
            job.status = "Queued"

    def _cancel(self, line: Line, job: _Job) -> None:
        reply = line.send("POST", f"{job.path}/cancel.json")
        line.note(reply, Action.CANCEL, job.export_id)
        # Whatever came of it, it ends by itself from here on, and is not asked for any more.
        self._jobs.remove(job)

    def _look_at(self, line: Line, job: _Job) -> None:
        reply = line.send("GET", f"{job.path}/status.json")
        told = reply.result[0] if reply.is_done else {}
        file = str(told.get("fileChecksum", "")).removeprefix("sha256:"), told.get("fileSize", 0)
        line.note(reply, Action.STATUS, job.export_id, str(told.get("status", "")), file=file)
        if reply.is_done:
            job.status = told["status"]

    def _download(self, line: Line, job: _Job) -> None:
        job.is_read |= download(line, job.export_id, job.wanted, is_read=job.is_read)
        if job.is_read and self._chance.random() < 0.5:
            self._jobs.remove(job)


def download(line: Line, export_id: str, wanted: Export, *, is_read: bool) -> bool:
    """Download the file of a job; whether it came.

    What is in it is of interest once: from then on it is the same bytes, or it is wrong.
    """
    reply = line.send("GET", f"/bulk/v1/{wanted.family}/export/{export_id}/file.json")
    sha256 = hashlib.sha256(reply.content).hexdigest() if reply.is_done else ""
    pattern = _ADDRESSES if wanted.family == "leads" else _MARKS
    found = [] if is_read else pattern.findall(reply.content)
    line.note(
        reply,
        Action.DOWNLOAD,
        export_id,
        sha256,
        file=(sha256, len(reply.content) if reply.is_done else 0),
        marks=tuple(one.decode() for one in found),
    )
    return reply.is_done


def _request(wanted: Export) -> dict[str, object]:
    if wanted.family == "leads":
        now = datetime.now(UTC)
        return {
            "fields": ["email", "firstName"],
            "filter": {"createdAt": _range(now - timedelta(days=2), now + timedelta(days=2))},
        }
    first = datetime(2024, 6, wanted.first_day, tzinfo=UTC)
    last = datetime(2024, 6, wanted.last_day, 23, 59, 59, tzinfo=UTC)
    return {
        "fields": ["marketoGUID", "attributes"],
        "filter": {"createdAt": _range(first, last), "activityTypeIds": [1]},
    }


def _range(start: datetime, end: datetime) -> dict[str, str]:
    return {"startAt": f"{start:%Y-%m-%dT%H:%M:%SZ}", "endAt": f"{end:%Y-%m-%dT%H:%M:%SZ}"}
