"""Bringing export jobs into a state and holding them there.

Jobs that nobody may finish are held the way the product itself sees them: as claimed by another
runner whose lease runs for years. They take up slots and queue places like any other.
"""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tests.support.world import MARCH

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    from tests.support.api_user import ApiUser, Family
    from tests.support.home import Home

#: Microseconds since 1970 of a lease that outlives every test: year 2096.
_FAR_FUTURE = 4_000_000_000_000_000

#: One row of March, in either family.
BODIES: dict[Family, dict[str, object]] = {
    "leads": {"fields": ["id"], "filter": {"createdAt": MARCH}},
    "activities": {"fields": ["marketoGUID"], "filter": {"createdAt": MARCH}},
}


def hold_in_processing(home: Home, export_id: str) -> None:
    """Claim a created job for a runner that never finishes it."""
    home.change(
        "UPDATE export_job SET state = 'Processing', queued_at = created_at,"
        " started_at = created_at, fence = fence + 1, lease_expires_at = ?, queue_position = 0"
        " WHERE export_id = ? AND state = 'Created'",
        _FAR_FUTURE,
        export_id,
    )


def fail(home: Home, export_id: str) -> None:
    """Fail a created job."""
    home.change(
        "UPDATE export_job SET state = 'Failed', queued_at = created_at, failure = 'Disk full',"
        " started_at = created_at, finished_at = created_at, fence = 1"
        " WHERE export_id = ? AND state = 'Created'",
        export_id,
    )


@contextmanager
def slots_taken(home: Home, user: ApiUser, slots: int = 2) -> Generator[None]:
    """All slots are taken: what is enqueued meanwhile stays queued until the block ends."""
    holders = [user.created("leads", BODIES["leads"]) for _ in range(slots)]
    for export_id in holders:
        hold_in_processing(home, export_id)
    try:
        yield
    finally:
        for export_id in holders:
            assert user.cancel("leads", export_id).job()["status"] == "Cancelled"


def cancel_everything(user: ApiUser) -> None:
    """Free the queue of whatever this user left in it."""
    families: tuple[Family, ...] = ("leads", "activities")
    for family in families:
        for job in user.list(family).jobs():
            if job["status"] in {"Created", "Queued", "Processing"}:
                user.cancel(family, job["exportId"])


def job_in(state: str, home: Home, user: ApiUser, family: Family) -> str:
    """The id of a job that is in `state`; where that is Queued, the slots must be taken."""
    export_id = user.created(family, BODIES[family])
    reach: dict[str, Callable[[], object]] = {
        "Created": lambda: None,
        "Queued": lambda: user.enqueue(family, export_id).job(),
        "Processing": lambda: hold_in_processing(home, export_id),
        "Completed": lambda: (
            user.enqueue(family, export_id).job(),
            user.finished(family, export_id),
        ),
        "Failed": lambda: fail(home, export_id),
        "Cancelled": lambda: user.cancel(family, export_id).job(),
    }
    reach[state]()
    assert user.status(family, export_id).job()["status"] == state
    return export_id


def backdate(home: Home, export_id: str, *, days: float) -> None:
    """Shift every instant of a job into the past, as if it had been made that much earlier."""
    shift = int(days * 86_400 * 1_000_000)
    columns = ("created_at", "queued_at", "started_at", "finished_at", "state_changed_at")
    changes = ", ".join(f"{column} = {column} - {shift}" for column in columns)
    home.change(f"UPDATE export_job SET {changes} WHERE export_id = ?", export_id)
