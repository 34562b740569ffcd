"""A small home as one release makes it, kept for ever: later programs must open it.

`python -m tests.support.release_home` makes the archive of this version's home in `tests/data/homes`;
that is part of a release and is done once for each.
"""

from __future__ import annotations

import json
import tarfile
import tempfile
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING

from tailrace import __version__
from tailrace.domain.caller import Caller
from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.permissions import Permission
from tests.support.activities import START
from tests.support.application import SteppedApplication
from tests.support.hot import happen
from tests.support.loading import load_lead_files, text_file

if TYPE_CHECKING:
    from tailrace.app import Application
    from tailrace.domain.export_job import ExportJob

HOMES = Path(__file__).parents[1] / "data" / "homes"

#: What is exported before and after an upgrade.
LEADS_BODY = {
    "fields": ["id", "email", "firstName", "plan"],
    "filter": {"createdAt": {"startAt": "2026-01-01T00:00:00Z", "endAt": "2026-01-31T00:00:00Z"}},
}
ACTIVITIES_BODY = {
    "filter": {"createdAt": {"startAt": "2026-09-25T00:00:00Z", "endAt": "2026-10-20T00:00:00Z"}},
}


HOT_ACTIVITIES = 3


@dataclass(frozen=True, slots=True)
class HomeFacts:
    """What whoever opens the home must find."""

    client_id: str
    client_secret: str
    #: SHA-256 of the exports of all leads and of all activities.
    leads_sha256: str
    activities_sha256: str
    #: An export that was completed, and one that waits.
    completed_id: str
    queued_id: str


def caller_of(application: Application) -> Caller:
    """The first user of the home's first subscription, with every permission."""
    subscription_id = application.subscriptions.default_id()
    with application.database.read() as connection:
        row = connection.exec_driver_sql("SELECT id, email FROM api_user ORDER BY id").first()
    assert row is not None
    return Caller(subscription_id, row[0], row[1], frozenset(Permission))


def make_release_home(directory: Path) -> HomeFacts:
    """A home in `directory`, with something of everything in it."""
    stepped = SteppedApplication.open(directory / "home")
    application = stepped.application
    try:
        service = application.first_service()
        assert service is not None
        lines = (f"{one}@example.com,Name {one},gold,2026-01-0{one}" for one in range(1, 6))
        file = text_file(directory / "leads.csv", "email,firstName,plan,createdAt", *lines)
        load_lead_files(application, file, create_fields=True)
        happen(application, 12)
        application.settler.settle(application.subscriptions.default_id())
        caller = caller_of(application)
        leads = stepped.export(caller, ObjectFamily.LEADS, LEADS_BODY)
        activities = stepped.export(caller, ObjectFamily.ACTIVITIES, ACTIVITIES_BODY)
        queued = application.jobs.create(caller, ObjectFamily.LEADS, LEADS_BODY)
        application.jobs.enqueue(caller, ObjectFamily.LEADS, queued.export_id)
        # Of another date than those exported, and not settled.
        happen(application, HOT_ACTIVITIES, at=START + timedelta(days=60))
        return HomeFacts(
            client_id=service.client_id,
            client_secret=service.client_secret,
            leads_sha256=_sha256(leads.job),
            activities_sha256=_sha256(activities.job),
            completed_id=leads.job.export_id,
            queued_id=queued.export_id,
        )
    finally:
        stepped.close()


def unpacked(archive: Path, directory: Path) -> tuple[Path, HomeFacts]:
    """The home in an archive, and what it must be found to hold."""
    with tarfile.open(archive) as packed:
        packed.extractall(directory, filter="data")
    facts = HomeFacts(**json.loads((directory / "facts.json").read_text()))
    return directory / "home", facts


def _sha256(job: ExportJob) -> str:
    assert job.result is not None
    return job.result.sha256


def _main() -> None:
    archive = HOMES / f"{__version__}.tar.xz"
    HOMES.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as name:
        directory = Path(name)
        facts = make_release_home(directory)
        (directory / "facts.json").write_text(json.dumps(asdict(facts)))
        with tarfile.open(archive, "w:xz") as packed:
            for part in ("home", "facts.json"):
                packed.add(directory / part, arcname=part)


if __name__ == "__main__":
    _main()
