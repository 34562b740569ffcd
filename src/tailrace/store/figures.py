"""Figures about the whole store, over all subscriptions: for those who watch a server."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import func, select

from tailrace.domain.job_state import JobState
from tailrace.store.tables import export_job, lead_import

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection


@dataclass(frozen=True, slots=True)
class QueueFigures:
    #: Number of export jobs by object family and state, those that there are any of.
    jobs: Mapping[tuple[str, str], int]
    #: When the job that waits longest was queued; None where none waits.
    oldest_queued_at: datetime | None
    #: Number of bulk imports by state, those that there are any of.
    imports: Mapping[str, int]


def queue_figures(connection: Connection) -> QueueFigures:
    """How many jobs and imports are in which state, and how long they wait."""
    family, state = export_job.c.family, export_job.c.state
    jobs = connection.execute(select(family, state, func.count()).group_by(family, state))
    oldest = select(func.min(export_job.c.queued_at)).where(state == JobState.QUEUED.value)
    imports = connection.execute(
        select(lead_import.c.state, func.count()).group_by(lead_import.c.state)
    )
    return QueueFigures(
        jobs={(row[0], row[1]): row[2] for row in jobs},
        oldest_queued_at=connection.execute(oldest).scalar(),
        imports={row[0]: row[1] for row in imports},
    )
