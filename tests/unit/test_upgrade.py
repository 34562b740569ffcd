"""A home that an earlier release made is opened by this program, with everything in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext

from tailrace import __version__
from tailrace.app import open_application
from tailrace.domain.export_job import ObjectFamily
from tailrace.operation.doctor import Patient, examine
from tailrace.operation.findings import Level
from tailrace.settings import Settings
from tailrace.store.tables import metadata
from tests.support.application import SteppedApplication
from tests.support.hot import hot_guids
from tests.support.release_home import (
    ACTIVITIES_BODY,
    HOMES,
    HOT_ACTIVITIES,
    LEADS_BODY,
    caller_of,
    unpacked,
)
from tests.unit.store_home import SteppedClock

if TYPE_CHECKING:
    from pathlib import Path

RELEASES = sorted(HOMES.glob("*.tar.xz"))


def test_this_version__has_its_home() -> None:
    assert f"{__version__}.tar.xz" in [path.name for path in RELEASES]


@pytest.mark.parametrize("archive", RELEASES, ids=lambda path: path.name)
def test_home_of_an_earlier_release__is_opened_with_everything_in_it(
    archive: Path, tmp_path: Path
) -> None:
    home, facts = unpacked(archive, tmp_path)
    clock = SteppedClock()
    application = open_application(Settings(home=home), clock, must_exist=True)
    stepped = SteppedApplication(application, clock)
    try:
        with application.database.read() as connection:
            context = MigrationContext.configure(connection)
            assert compare_metadata(context, metadata) == [], "make this version's home anew"
        assert len(hot_guids(application)) == HOT_ACTIVITIES
        application.identity.grant(facts.client_id, facts.client_secret)
        caller = caller_of(application)
        leads = ObjectFamily.LEADS
        kept = application.jobs.result_file(caller, leads, facts.completed_id)
        assert kept.sha256 == facts.leads_sha256
        assert application.runner.run_pending() == 1
        queued = application.jobs.result_file(caller, leads, facts.queued_id)
        assert queued.sha256 == facts.leads_sha256
        for family, body, sha256 in (
            (leads, LEADS_BODY, facts.leads_sha256),
            (ObjectFamily.ACTIVITIES, ACTIVITIES_BODY, facts.activities_sha256),
        ):
            again = stepped.export(caller, family, body).job.result
            assert again is not None
            assert (again.sha256, again.row_count > 0) == (sha256, True)
        patient = Patient(
            home=home,
            database=application.database,
            subscriptions=application.subscriptions,
            activity_log=application.activity_log,
            clock=clock,
            least_free_megabytes=0,
            files=application.files,
        )
        levels = {one.level for one in examine(patient, is_deep=True)}
        assert Level.PROBLEM not in levels
    finally:
        stepped.close()
