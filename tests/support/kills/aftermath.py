"""What is there once a run is over: read from the store, the files and the lake, past the API."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING

from tailrace.store.jobs import exported_bytes
from tests.support.hot import lake_rows

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.home import Home
    from tests.support.stores import SqlConnection

#: Of an activity that clients sent, of one that tells of a new lead, of one put into a list.
SENT_TYPE, NEW_LEAD_TYPE, INTO_LIST_TYPE = 1, 12, 24


@dataclass(frozen=True, slots=True)
class JobRow:
    state: str
    file_name: str | None = None
    size_bytes: int | None = None
    sha256: str | None = None


@dataclass(frozen=True, slots=True)
class JobEvent:
    """One row of the event log."""

    export_id: str
    event: str
    from_state: str | None
    to_state: str
    fence: int


@dataclass(frozen=True, slots=True)
class File:
    size_bytes: int
    sha256: str


@dataclass(frozen=True, slots=True)
class Activity:
    guid: int
    type_id: int
    lead_id: int
    #: Which one it is, where clients marked it.
    mark: str | None = None


@dataclass(frozen=True, slots=True)
class Aftermath:
    jobs: dict[str, JobRow]
    #: In the order in which it happened.
    events: list[JobEvent]
    #: Result files by name, and whatever else lies there.
    files: dict[str, File]
    #: Id, address and first name.
    leads: list[tuple[int, str, str]]
    #: State by id.
    imports: dict[str, str]
    activities: list[Activity]
    #: What the quota counts, all days together.
    counted_bytes: int


def aftermath_of(home: Home) -> Aftermath:
    """What a home holds that nobody works on any more."""
    with home.sql() as connection:
        jobs = _jobs(connection)
        events = [
            JobEvent(*row)
            for row in connection.execute(
                "SELECT export_id, event, from_state, to_state, fence FROM job_event ORDER BY id"
            )
        ]
        leads = [(row[0], row[1], row[2]) for row in connection.execute(_LEADS)]
        imports = {
            str(number): state
            for number, state in connection.execute("SELECT id, state FROM lead_import")
        }
    return Aftermath(
        jobs=jobs,
        events=events,
        files={path.name: _file(path) for path in (home.path / "files" / "1").glob("*")},
        leads=leads,
        imports=imports,
        activities=_activities(home),
        counted_bytes=_counted_bytes(home),
    )


_LEADS = "SELECT id, email, firstName FROM lead WHERE email IS NOT NULL"


def _jobs(connection: SqlConnection) -> dict[str, JobRow]:
    rows = connection.execute(
        "SELECT export_id, state, file_name, file_size_bytes, file_sha256 FROM export_job"
    )
    return {export_id: JobRow(*others) for export_id, *others in rows}


def _file(path: Path) -> File:
    content = path.read_bytes()
    return File(len(content), hashlib.sha256(content).hexdigest())


def _activities(home: Home) -> list[Activity]:
    """Every activity that there is, in the lake or on its way there."""
    with home.opened() as application:
        subscription_id = application.subscriptions.default_id()
        # What is in both places is there once: settling is what knows.
        application.settler.settle(subscription_id)
        rows = lake_rows(application.activity_log(subscription_id))
    columns = ("marketoGUID", "activityTypeId", "leadId", "attributes")
    return [
        Activity(guid, type_id, lead_id, _mark(json.loads(attributes)))
        for guid, type_id, lead_id, attributes in rows.select(columns).iter_rows()
    ]


def _mark(attributes: dict[str, str]) -> str | None:
    page = attributes.get("Webpage URL", "")
    return page.removeprefix("/m/") if page.startswith("/m/") else None


def _counted_bytes(home: Home) -> int:
    with home.opened() as application, application.database.read() as connection:
        subscription_id = application.subscriptions.default_id()
        return exported_bytes(connection, subscription_id, datetime(1970, 1, 1, tzinfo=UTC))
