"""Whether a database is sound, and what the files beside it should be: for `tailrace doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import column, func, inspect, select, table

from tailrace.domain.export_job import ExportId
from tailrace.domain.job_state import JobState
from tailrace.store.dialects.expressions import SQLITE
from tailrace.store.tables import export_job

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId


@dataclass(frozen=True, slots=True)
class ExpectedFile:
    """The file that a Completed job must have."""

    export_id: ExportId
    name: str
    size_bytes: int
    #: 64 lower-case hexadecimal digits.
    sha256: str


def revision_of(connection: Connection) -> str | None:
    """The revision of the tables; None where there are none of ours."""
    if not inspect(connection).has_table("alembic_version"):
        return None
    version = table("alembic_version", column("version_num"))
    return connection.execute(select(version)).scalar()


def integrity_problems(connection: Connection) -> list[str]:
    """What SQLite finds wrong with its file; PostgreSQL looks after itself."""
    if connection.dialect.name != SQLITE:
        return []
    said = [str(row[0]) for row in connection.exec_driver_sql("PRAGMA quick_check(20)")]
    dangling = connection.exec_driver_sql("PRAGMA foreign_key_check").fetchmany(20)
    return [
        *(line for line in said if line != "ok"),
        *(f"a row of {row[0]} belongs to no row of {row[2]}" for row in dangling),
    ]


def expected_files(connection: Connection, subscription_id: SubscriptionId) -> list[ExpectedFile]:
    """The files of Completed jobs whose retention is not over."""
    jobs = export_job.c
    query = select(jobs.export_id, jobs.file_name, jobs.file_size_bytes, jobs.file_sha256).where(
        jobs.subscription_id == subscription_id,
        jobs.state == JobState.COMPLETED.value,
        jobs.file_deleted_at.is_(None),
    )
    return [
        ExpectedFile(ExportId(row[0]), row[1], row[2], row[3]) for row in connection.execute(query)
    ]


def latest_change(connection: Connection) -> datetime | None:
    """When an export job changed last, by the clock of who changed it."""
    return connection.execute(select(func.max(export_job.c.state_changed_at))).scalar()
