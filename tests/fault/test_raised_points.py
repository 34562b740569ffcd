"""An error at every named point, where other tests kill: the process lives on, and all is well."""

from __future__ import annotations

import hashlib
import itertools
from collections import Counter
from contextlib import suppress
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import pytest

from tailrace.app import Application, open_application
from tailrace.crash_points import POINTS, raised_at
from tailrace.domain.caller import Caller
from tailrace.domain.export_job import ExportId, ObjectFamily
from tailrace.domain.file_format import FileFormat
from tailrace.domain.permissions import Permission
from tailrace.imports.upload import Upload
from tailrace.operation.restore import restore
from tailrace.settings import Settings
from tests.fault.test_backups import backed_up
from tests.support.hot import happen, hot_guids, lake_rows
from tests.support.loading import (
    activities_file,
    activity_line,
    load_activity_files,
    load_lead_files,
    text_file,
)
from tests.support.stores import only_with_a_file
from tests.support.world import DOOMED_LIST, MARCH
from tests.unit.store_home import SteppedClock

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    from tests.support.object_storage import Bucket
    from tests.support.world import World

#: Passed by processes that others start; how those die is all that is seen of it.
OF_OTHER_PROCESSES = {"lead.reader.begin", "shard.begin", "shard.rendered"}

ACTIVITIES, LEADS = ObjectFamily.ACTIVITIES, ObjectFamily.LEADS
EXPORT = {"filter": {"createdAt": MARCH}}


class PointError(Exception):
    """What no part of the program expects."""


@dataclass(frozen=True, slots=True)
class Scene:
    application: Application
    clock: SteppedClock
    caller: Caller
    directory: Path
    numbers: Iterator[int] = field(default_factory=lambda: itertools.count(1))

    def go_on(self) -> None:
        """What a server does by and by, long enough later for leases to end."""
        self.clock.advance(hours=2)
        self.application.runner.run_pending()
        self.application.import_runner.run_pending()
        self.application.settler.settle(self.caller.subscription_id)
        self.application.janitor.clean()

    def create(self, family: ObjectFamily, body: object) -> ExportId:
        return self.application.jobs.create(self.caller, family, body).export_id


def export(scene: Scene) -> None:
    jobs = scene.application.jobs
    jobs.enqueue(scene.caller, ACTIVITIES, scene.create(ACTIVITIES, EXPORT))
    scene.application.runner.run_pending()


def cancel(scene: Scene) -> None:
    scene.application.jobs.cancel(scene.caller, ACTIVITIES, scene.create(ACTIVITIES, EXPORT))


def fail(scene: Scene) -> None:
    """An export of a list that is not there any more."""
    made_list(scene)
    body = {"fields": ["id"], "filter": {"staticListId": DOOMED_LIST}}
    scene.application.jobs.enqueue(scene.caller, LEADS, scene.create(LEADS, body))
    remove_list(scene)
    scene.application.runner.run_pending()


def import_leads(scene: Scene, list_id: int | None = None) -> None:
    content = f"email\nlead{next(scene.numbers)}@example.com\n".encode()
    upload = Upload(content, FileFormat.CSV, "email", list_id)
    scene.application.lead_imports.submit(scene.caller, upload)
    if list_id is not None:
        remove_list(scene)
    scene.application.import_runner.run_pending()


def fail_import(scene: Scene) -> None:
    made_list(scene)
    import_leads(scene, DOOMED_LIST)


def ingest(scene: Scene) -> None:
    """The same batch every time: it is taken once."""
    line = b'{"leadId": 4711, "activityDate": "2026-02-01T00:00:00Z", "activityTypeId": 1}'
    scene.application.activity_batches.take(scene.caller.subscription_id, line, "key")


def settle(scene: Scene) -> None:
    happen(scene.application, 3, first_lead=9000)
    scene.application.settler.settle(scene.caller.subscription_id)


def compact(scene: Scene) -> None:
    for _ in range(2):
        settle(scene)
    scene.application.compactor.compact(scene.caller.subscription_id)


def load_activities(scene: Scene) -> None:
    """The same file every time: it is loaded once."""
    lines = (activity_line(700 + day, activityDate=f"2026-02-0{day}T00:00:00Z") for day in (1, 2))
    load_activity_files(scene.application, activities_file(scene.directory, *lines))


def load_leads(scene: Scene) -> None:
    file = text_file(scene.directory / "leads.csv", "email,city", "eva@example.com,Ulm")
    load_lead_files(scene.application, file)


def back_up_and_restore(scene: Scene) -> None:
    backup = backed_up(scene.application, scene.directory / f"backup-{next(scene.numbers)}")
    restore(backup, scene.directory / f"copy-{next(scene.numbers)}")


#: What passes the points whose names begin so.
ACTS: dict[str, Callable[[Scene], None]] = {
    "append.": load_activities,
    "compact.": compact,
    "settle.": settle,
    "ingest.": ingest,
    "publish.": export,
    "upload.": export,
    "job.": export,
    "job.cancel.": cancel,
    "job.fail.": fail,
    "export.": export,
    "import.": import_leads,
    "import.fail.": fail_import,
    "load.activities.": load_activities,
    "load.leads.": load_leads,
    "backup.": back_up_and_restore,
    "restore.": back_up_and_restore,
}


def act_at(point: str) -> Callable[[Scene], None] | None:
    found = [prefix for prefix in ACTS if point.startswith(prefix)]
    return ACTS[max(found, key=len)] if found else None


def made_list(scene: Scene) -> None:
    with scene.application.database.write() as connection:
        connection.exec_driver_sql(
            "INSERT INTO static_list (subscription_id, id, name, created_at, updated_at)"
            f" SELECT 1, {DOOMED_LIST}, 'Doomed', 0, 0"
            f" WHERE NOT EXISTS (SELECT 1 FROM static_list WHERE id = {DOOMED_LIST})"
        )


def remove_list(scene: Scene) -> None:
    with scene.application.database.write() as connection:
        for table, column in (("static_list_member", "list_id"), ("static_list", "id")):
            connection.exec_driver_sql(f"DELETE FROM {table} WHERE {column} = {DOOMED_LIST}")


def scene_on(settings: Settings, directory: Path) -> Scene:
    clock = SteppedClock()
    application = open_application(settings, clock)
    subscription_id = application.subscriptions.default_id()
    user_id = application.api_users.create(subscription_id, "points@example.com")
    caller = Caller(subscription_id, user_id, "points@example.com", frozenset(Permission))
    return Scene(application, clock, caller, directory)


@only_with_a_file
@pytest.mark.parametrize("point", [one for one in POINTS if one not in OF_OTHER_PROCESSES])
def test_error_at_a_point__leaves_all_well_and_the_next_one_succeeds(
    make_world: Callable[[], World],
    request: pytest.FixtureRequest,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    point: str,
) -> None:
    # Two files of a day are compacted.
    monkeypatch.setattr("tailrace.lake.compaction_plan.MANY_SMALL_FILES", 2)
    world, files = make_world(), None
    if point.startswith("upload."):
        bucket: Bucket = request.getfixturevalue("bucket")
        files = bucket.address
    scene = scene_on(Settings(home=world.home.path, files=files), tmp_path)
    act = act_at(point)
    assert act is not None, f"nothing here comes to {point}"
    try:
        with raised_at(point, PointError()) as was_raised:
            # Some let it through, some end what they were at and tell of it.
            with suppress(PointError):
                act(scene)
            assert was_raised(), f"{act.__name__} does not come to {point}"
        scene.go_on()
        assert_well(scene)
        act(scene)
        scene.go_on()
        assert_well(scene)
    finally:
        scene.application.close()


def assert_well(scene: Scene) -> None:
    """Nothing is half done, nothing is there twice, and every file is that of its job."""
    application = scene.application
    subscription_id = scene.caller.subscription_id
    with application.database.read() as connection:
        jobs = connection.exec_driver_sql(
            "SELECT state, file_name, file_size_bytes, file_sha256 FROM export_job"
        ).all()
        imports = connection.exec_driver_sql("SELECT state FROM lead_import").scalars().all()
        leads = connection.exec_driver_sql(
            "SELECT email FROM lead WHERE email IS NOT NULL"
        ).scalars()
        assert max(Counter(leads).values()) == 1
    assert {job[0] for job in jobs} <= {"Created", "Completed", "Failed", "Cancelled"}
    assert {*imports} <= {"Complete", "Failed"}
    completed = {job[1]: (job[2], job[3]) for job in jobs if job[0] == "Completed"}
    assert application.files.names(subscription_id) == completed.keys()
    for name, told in completed.items():
        with application.files.open(subscription_id, name) as file:
            content = file.read(0, file.size_bytes)
        assert (len(content), hashlib.sha256(content).hexdigest()) == told
    assert hot_guids(application) == []
    rows = lake_rows(application.activity_log(subscription_id))
    assert rows["marketoGUID"].n_unique() == rows.height
    assert (rows["leadId"] == 4711).sum() <= 1
    leftovers = [path.name for path in scene.directory.glob(".*")]
    assert leftovers == []


def test_points__all_have_something_that_comes_to_them() -> None:
    assert [
        point for point in POINTS if act_at(point) is None and point not in OF_OTHER_PROCESSES
    ] == []
    assert {*POINTS} >= OF_OTHER_PROCESSES
