"""An examination of one lake: readable, whole, and of one mind with the database."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.errors import HomeError, LakeUnavailableError
from tailrace.lake.activity_log import ORPHAN_AGE
from tailrace.lake.orphans import orphans
from tailrace.lake.table_storage import name_of
from tailrace.lake.tombstones import tombstones
from tailrace.operation.findings import fine, problem, warning
from tailrace.store.sequences import SequenceKind, next_number

if TYPE_CHECKING:
    from collections.abc import Iterator
    from datetime import datetime

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.lake.snapshot import LakeSnapshot
    from tailrace.operation.findings import Finding
    from tailrace.store.database import Database

_CHECK = "lake"

_REACH = "See that it can be reached from here, with these credentials: exports fail."

_RESTORE = "Restore a backup (`tailrace restore`): exports that need it fail."


def examine_lake(
    database: Database, log: ActivityLog, subscription_id: SubscriptionId, now: datetime
) -> Iterator[Finding]:
    """What there is to say of the activity log of one subscription."""
    try:
        with log.storage.refusals_told():
            yield from _examined(database, log, subscription_id, now)
    except LakeUnavailableError as error:
        yield problem(_CHECK, str(error), _REACH)


def _examined(
    database: Database, log: ActivityLog, subscription_id: SubscriptionId, now: datetime
) -> Iterator[Finding]:
    if not log.is_made():
        yield fine(_CHECK, f"Subscription {subscription_id} has no activities in it yet")
        return
    try:
        snapshot = log.snapshot()
    except HomeError as error:
        yield problem(_CHECK, str(error), _RESTORE)
        return
    wrong = list(_complaints(snapshot))
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


def _complaints(snapshot: LakeSnapshot) -> Iterator[str]:
    names = {name_of(snapshot.storage, file.path): file for file in snapshot.files}
    sizes = snapshot.storage.sizes(names)
    for name, file in names.items():
        size_bytes = sizes.get(name)
        if size_bytes is None:
            yield f"'{file.path}' is missing"
        elif size_bytes != file.size_bytes:
            yield f"'{file.path}' has {size_bytes:,} bytes, not {file.size_bytes:,}"


def _orphans(log: ActivityLog, snapshot: LakeSnapshot, now: datetime) -> Iterator[Finding]:
    current = {name_of(log.storage, file.path) for file in snapshot.files}
    named = {*current, *tombstones(log.storage)}
    found = orphans(log.storage, named, (now - ORPHAN_AGE).timestamp())
    if found:
        yield warning(
            _CHECK,
            f"{len(found)} files in '{log.storage.location}' belong to no version",
            "A server removes them in its next round.",
        )
