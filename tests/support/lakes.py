"""Activity logs on a disk and on object storage, as one word tells a process which."""

from __future__ import annotations

from contextlib import nullcontext
from pathlib import Path

from tailrace.domain.export_job import SubscriptionId
from tailrace.lake.activity_log import ActivityLog
from tailrace.lake.object_storage import LakePlace
from tailrace.lake.table_lock import TableLock

#: Both kinds of lake, for tests of what must be the same on both.
LAKES = ("directory", "object storage")

OWNER = "the home of the tests"


def place_at(address: str, *, owner: str = OWNER, retry_seconds: float = 60.0) -> LakePlace:
    """A place whose environment this process has."""
    return LakePlace(address, owner, retry_seconds)


def log_in(place: LakePlace) -> ActivityLog:
    """The log of the first subscription there; no lock keeps its writers apart."""
    return ActivityLog(place.table(SubscriptionId(1)), TableLock(nullcontext))


def log_at(place: str) -> ActivityLog:
    """The log in a directory, with its lock, or at an address, with none."""
    return log_in(place_at(place)) if "://" in place else ActivityLog.in_directory(Path(place))
