"""`tailrace doctor`: each thing that can be wrong with a home is said, with what to do."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tailrace.activities.settling import settle
from tailrace.domain.cluster_state import ClusterState
from tailrace.domain.export_job import ObjectFamily
from tailrace.operation.doctor import Patient, examine
from tailrace.operation.findings import Level
from tests.fault.test_backups import EMPTY_EXPORT
from tests.support.application import SteppedApplication
from tests.support.hot import happen
from tests.support.stores import only_with_a_file

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator


@pytest.fixture
def stepped(tmp_path: Path) -> Iterator[SteppedApplication]:
    stepped = SteppedApplication.open(tmp_path / "home")
    yield stepped
    stepped.close()


@pytest.fixture
def home(stepped: SteppedApplication) -> Path:
    return stepped.application.settings.home


def complaints(
    stepped: SteppedApplication,
    *,
    is_deep: bool = False,
    least_free_megabytes: int = 1,
    cluster: Callable[[], ClusterState | None] | None = None,
) -> list[tuple[Level, str, str]]:
    """Level, check and sentence of all that is not as it should be."""
    application = stepped.application
    patient = Patient(
        home=application.settings.home,
        database=application.database,
        subscriptions=application.subscriptions,
        activity_log=application.activity_log,
        clock=application.clock,
        least_free_megabytes=least_free_megabytes,
        cluster=cluster,
        files=application.files,
    )
    findings = list(examine(patient, is_deep=is_deep))
    assert all((one.advice is None) == (one.level is Level.OK) for one in findings)
    return [(one.level, one.check, one.what) for one in findings if one.level is not Level.OK]


def settled(stepped: SteppedApplication) -> Path:
    """A data file of the lake, after some activities have settled."""
    application = stepped.application
    happen(application, 3)
    subscription_id = application.subscriptions.default_id()
    log = application.activity_log(subscription_id)
    settle(application.database, log, subscription_id)
    return next(Path(log.storage.location).glob("*/*.parquet"))


def exported(stepped: SteppedApplication, home: Path) -> Path:
    """The result file of a completed job."""
    stepped.export(stepped.new_subscription(), ObjectFamily.LEADS, EMPTY_EXPORT)
    return next((home / "files").rglob("*.csv"))


def test_sound_home__has_no_complaint(stepped: SteppedApplication, home: Path) -> None:
    settled(stepped)
    exported(stepped, home)
    assert complaints(stepped, is_deep=True) == []


def test_open_home_and_key__are_warned_of(stepped: SteppedApplication, home: Path) -> None:
    home.chmod(0o755)
    (home / "key").chmod(0o644)
    assert [(level, check) for level, check, _ in complaints(stepped)] == [
        (Level.WARNING, "home"),
        (Level.WARNING, "key"),
    ]


def test_missing_key__is_a_problem(stepped: SteppedApplication, home: Path) -> None:
    (home / "key").unlink()
    assert [(level, check) for level, check, _ in complaints(stepped)] == [(Level.PROBLEM, "key")]


def test_full_disk__is_a_problem(stepped: SteppedApplication) -> None:
    ((level, check, _),) = complaints(stepped, least_free_megabytes=10**9)
    assert (level, check) == (Level.PROBLEM, "disk")


def test_lake_file_that_is_short_or_gone__is_a_problem(stepped: SteppedApplication) -> None:
    path = settled(stepped)
    size_bytes = path.stat().st_size
    path.write_bytes(path.read_bytes()[:-1])
    said = f"'{path}' has {size_bytes - 1:,} bytes, not {size_bytes:,}"
    assert complaints(stepped) == [(Level.PROBLEM, "lake", said)]
    path.unlink()
    assert complaints(stepped) == [(Level.PROBLEM, "lake", f"'{path}' is missing")]


def test_damaged_log__is_a_problem(stepped: SteppedApplication) -> None:
    settled(stepped)
    application = stepped.application
    log = application.activity_log(application.subscriptions.default_id())
    for entry in (Path(log.storage.location) / "_delta_log").iterdir():
        entry.write_text("no JSON")
    ((level, check, said),) = complaints(stepped)
    assert (level, check) == (Level.PROBLEM, "lake")
    assert "cannot be read" in said


def test_lake_that_is_ahead_of_the_database__is_a_problem(stepped: SteppedApplication) -> None:
    """As after copying the two at different moments."""
    settled(stepped)
    with stepped.application.database.write() as connection:
        connection.exec_driver_sql("UPDATE sequence SET next_value = 1 WHERE kind = 'activity'")
    ((level, check, said),) = complaints(stepped)
    assert (level, check) == (Level.PROBLEM, "lake")
    assert said.startswith("It has settled up to GUID 3, but the database gives 1 next")


def test_result_file_that_is_gone_or_changed__is_a_problem(
    stepped: SteppedApplication, home: Path
) -> None:
    path = exported(stepped, home)
    export_id = path.name.split(".", maxsplit=1)[0]
    content = path.read_bytes()
    path.write_bytes(content[:-1] + b"!")
    assert complaints(stepped) == []
    said = f"Export {export_id}: its file is not what was published"
    assert complaints(stepped, is_deep=True) == [(Level.PROBLEM, "files", said)]
    path.write_bytes(content + b"!")
    said = f"Export {export_id}: its file has {len(content) + 1:,} bytes, not {len(content):,}"
    assert complaints(stepped) == [(Level.PROBLEM, "files", said)]
    path.unlink()
    said = f"Export {export_id}: its file is missing"
    assert complaints(stepped) == [(Level.PROBLEM, "files", said)]


def test_file_of_no_job__is_warned_of(stepped: SteppedApplication, home: Path) -> None:
    exported(stepped, home).with_name("11111111-2222-4333-8444-555555555555.1.csv").touch()
    ((level, check, said),) = complaints(stepped)
    assert (level, check) == (Level.WARNING, "files")
    assert said.startswith("1 files of subscription")


def test_job_from_the_future__is_warned_of(stepped: SteppedApplication, home: Path) -> None:
    exported(stepped, home)
    stepped.clock.advance(hours=-1)
    ((level, check, _),) = complaints(stepped)
    assert (level, check) == (Level.WARNING, "clock")


@pytest.mark.parametrize(("revision", "level"), [("0001", Level.WARNING), ("9999", Level.PROBLEM)])
def test_tables_of_another_program__are_told(
    stepped: SteppedApplication, revision: str, level: Level
) -> None:
    with stepped.application.database.write() as connection:
        connection.exec_driver_sql(f"UPDATE alembic_version SET version_num = '{revision}'")
    ((found, check, said),) = complaints(stepped)
    assert (found, check) == (level, "database")
    assert f"revision {revision}" in said


@pytest.mark.parametrize(
    ("state", "found"),
    [
        (None, [(Level.PROBLEM, "cluster")]),
        (ClusterState(workers=0, threads=0), [(Level.WARNING, "cluster")]),
        (ClusterState(workers=2, threads=4), []),
    ],
)
def test_cluster_that_cannot_render__is_told(
    stepped: SteppedApplication, state: ClusterState | None, found: list[tuple[Level, str]]
) -> None:
    said = complaints(stepped, cluster=lambda: state)
    assert [(level, check) for level, check, _ in said] == found


@only_with_a_file
def test_damaged_database__is_a_problem(stepped: SteppedApplication, home: Path) -> None:
    stepped.application.database.close()
    (home / "tailrace.db").write_bytes(b"this is no database" * 1000)
    assert [(level, check) for level, check, _ in complaints(stepped)] == [
        (Level.PROBLEM, "database")
    ]
