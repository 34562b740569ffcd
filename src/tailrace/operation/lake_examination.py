"""An examination of one lake: readable, whole, and of one mind with the database."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from tailrace.domain.errors import HomeError
from tailrace.lake.activity_log import ORPHAN_AGE
from tailrace.lake.orphans import LOG_DIRECTORY, orphans
from tailrace.lake.tombstones import tombstones
from tailrace.operation.findings import fine, problem, warning
from tailrace.store.sequences import SequenceKind, next_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.lake.snapshot import DataFile, LakeSnapshot
    from tailrace.operation.findings import Finding
    from tailrace.store.database import Database

_CHECK = "lake"

_RESTORE = "Restore a backup (`tailrace restore`): exports that need it fail."


def examine_lake(
    database: Database, log: ActivityLog, subscription_id: SubscriptionId, now: datetime
) -> Iterator[Finding]:
    """What there is to say of the activity log of one subscription."""
    if not (log.path / LOG_DIRECTORY).is_dir():
        yield fine(_CHECK, f"Subscription {subscription_id} has no activities in it yet")
        return
    try:
        snapshot = log.snapshot()
    except HomeError as error:
        yield problem(_CHECK, str(error), _RESTORE)
        return
    wrong = [complaint for file in snapshot.files if (complaint := _complaint(file)) is not None]
    for complaint in wrong:
        yield problem(_CHECK, complaint, _RESTORE)
    yield from _orphans(log, snapshot, now)
    with database.read() as connection:
        next_guid = next_number(connection, subscription_id, SequenceKind.ACTIVITY)
    if snapshot.settled_to >= next_guid:
        yield problem(
            _CHECK,
            f"It has settled up to GUID {snapshot.settled_to}, but the database gives {next_guid} next",
            "The two were not copied at one moment. Restore a backup: new activities would be lost.",
        )
    elif not wrong:
        yield fine(
            _CHECK,
            f"All {len(snapshot.files):,} files of version {snapshot.version} are there",
        )


def _complaint(file: DataFile) -> str | None:
    path = Path(file.path)
    if not path.is_file():
        return f"'{path}' is missing"
    size_bytes = path.stat().st_size
    if size_bytes != file.size_bytes:
        return f"'{path}' has {size_bytes:,} bytes, not {file.size_bytes:,}"
    return None


def _orphans(log: ActivityLog, snapshot: LakeSnapshot, now: datetime) -> Iterator[Finding]:
    current = {str(Path(file.path).relative_to(log.path)) for file in snapshot.files}
    named = {*current, *tombstones(log.path)}
    found = orphans(log.path, named, (now - ORPHAN_AGE).timestamp())
    if found:
        yield warning(
            _CHECK,
            f"{len(found)} files in '{log.path}' belong to no version",
            "A server removes them in its next round.",
        )
