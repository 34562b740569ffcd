"""An examination of a home: what is wrong with it, and what to do. It changes nothing.

Theory of operation: the checks go from the outside in, the directory, the database, then what the
database names; where one finds that the next cannot be made, it says so and the examination ends.
A server may run on the home meanwhile, so a file that went or came in between is looked at twice.
"""

from __future__ import annotations

import hashlib
import shutil
import stat
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING

from sqlalchemy.exc import DatabaseError

from tailrace.domain.errors import (
    ExportFileNotFoundError,
    FilesUnavailableError,
    HomeError,
    StoreUnavailableError,
)
from tailrace.operation.findings import Level, fine, problem, warning
from tailrace.operation.lake_examination import examine_lake
from tailrace.store.copying import unfinished_imports
from tailrace.store.jobs import claims_in_progress
from tailrace.store.migrations import HEAD_REVISION
from tailrace.store.soundness import (
    expected_files,
    integrity_problems,
    latest_change,
    revision_of,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from tailrace.domain.cluster_state import ClusterState
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.files.result_files import OpenFile, ResultFiles
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.operation.findings import Finding
    from tailrace.store.database import Database
    from tailrace.store.soundness import ExpectedFile
    from tailrace.store.subscriptions import Subscriptions

_KEY_BYTES = 32

_MEGABYTE = 1024 * 1024

#: Bytes of a result file that are read at once.
_READ_BYTES = 4 * _MEGABYTE

#: Clocks of two servers differ by less.
_CLOCK_TOLERANCE = timedelta(minutes=1)

_RESTORE = "Restore a backup (`tailrace restore`)."
_REQUEUE = "Have the export made again: its clients get 404."


@dataclass(frozen=True, slots=True)
class Patient:
    """A home, as far as an examination needs it."""

    home: Path
    database: Database
    subscriptions: Subscriptions
    activity_log: Callable[[SubscriptionId], ActivityLog]
    clock: Callable[[], datetime]
    least_free_megabytes: int
    files: ResultFiles
    #: Looks at the cluster that renders exports; None without one.
    cluster: Callable[[], ClusterState | None] | None = None


def examine(patient: Patient, *, is_deep: bool = False) -> Iterator[Finding]:
    """Everything there is to say of a home; `is_deep` reads every result file to its end."""
    yield from _directory(patient.home)
    yield from _key(patient.home / "key")
    yield from _disk(patient)
    if patient.cluster is not None:
        yield _cluster(patient.cluster())
    try:
        findings = _database(patient)
        yield from findings
        if all(one.level is Level.OK for one in findings):
            yield from _clock(patient)
            for subscription_id in patient.subscriptions.ids():
                yield from examine_lake(
                    patient.database,
                    patient.activity_log(subscription_id),
                    subscription_id,
                    patient.clock(),
                )
                yield from _result_files(patient, subscription_id, is_deep=is_deep)
                yield from _uploads(patient, subscription_id)
    except (DatabaseError, StoreUnavailableError, HomeError) as error:
        reason = getattr(error.__cause__ or error, "orig", None) or error
        yield problem("database", f"It cannot be read: {reason}", _RESTORE)


def _directory(home: Path) -> Iterator[Finding]:
    mode = stat.S_IMODE(home.stat().st_mode)
    if mode & 0o077:
        yield warning(
            "home",
            f"Others than its owner may enter '{home}' (mode {mode:o})",
            f"chmod 700 '{home}': it holds people's data and the key to every token.",
        )
    else:
        yield fine("home", f"'{home}' is its owner's alone")


def _key(path: Path) -> Iterator[Finding]:
    if not path.is_file():
        yield problem(
            "key",
            "There is none: no client secret of this home works any more",
            "Restore it from a backup before a server makes a new one.",
        )
        return
    if path.stat().st_size != _KEY_BYTES:
        yield problem("key", f"It has not {_KEY_BYTES} bytes", "Restore it from a backup.")
    elif stat.S_IMODE(path.stat().st_mode) & 0o077:
        yield warning("key", "Others than its owner may read it", f"chmod 600 '{path}'.")
    else:
        yield fine("key", "It is there, and its owner's alone")


def _disk(patient: Patient) -> Iterator[Finding]:
    free = shutil.disk_usage(patient.home).free // _MEGABYTE
    what = f"{free:,} MB are free"
    if free < patient.least_free_megabytes:
        yield problem("disk", what, "Make room: exports fail, and the server says it is not ready.")
    else:
        yield fine("disk", what)


def _cluster(state: ClusterState | None) -> Finding:
    if state is None:
        return problem(
            "cluster",
            "The scheduler that TAILRACE_EXECUTOR names does not answer",
            "Start it, or correct the address: activity exports wait for it, and fail in the end.",
        )
    if not state.workers:
        return warning(
            "cluster",
            "The scheduler has no workers",
            "Start some, unless they are started when there is work.",
        )
    return fine("cluster", f"{state.workers:,} workers render {state.threads:,} parts at once")


def _database(patient: Patient) -> list[Finding]:
    with patient.database.read() as connection:
        revision = revision_of(connection)
        problems = integrity_problems(connection)
    return [
        *(problem("database", one, _RESTORE) for one in problems),
        _revision(revision),
    ]


def _revision(revision: str | None) -> Finding:
    if revision is None:
        return problem("database", "It has no tables of ours", _RESTORE)
    if revision > HEAD_REVISION:
        return problem(
            "database",
            f"Its tables are of revision {revision}, which this program does not know",
            "Use the program that made them, or a later one.",
        )
    if revision < HEAD_REVISION:
        return warning(
            "database",
            f"Its tables are of revision {revision}, before this program's {HEAD_REVISION}",
            "Back it up; the next start brings them up to date.",
        )
    return fine("database", f"Its tables are of revision {revision}, this program's")


def _clock(patient: Patient) -> Iterator[Finding]:
    with patient.database.read() as connection:
        latest = latest_change(connection)
    if latest is not None and latest > patient.clock() + _CLOCK_TOLERANCE:
        yield warning(
            "clock",
            f"A job changed at {latest:%Y-%m-%dT%H:%M:%SZ}, which is still to come",
            "Set this machine's clock: retention, leases and tokens go by it.",
        )
    else:
        yield fine("clock", "Nothing has happened in the future")


def _result_files(
    patient: Patient, subscription_id: SubscriptionId, *, is_deep: bool
) -> Iterator[Finding]:
    try:
        yield from _examined_files(patient, subscription_id, is_deep=is_deep)
    except FilesUnavailableError as error:
        what = f"The object storage of result files cannot be used: {error.reason}"
        yield problem("files", what, "See that it can be reached from here: exports fail.")


def _examined_files(
    patient: Patient, subscription_id: SubscriptionId, *, is_deep: bool
) -> Iterator[Finding]:
    with patient.database.read() as connection:
        expected = expected_files(connection, subscription_id)
        claims = claims_in_progress(connection, subscription_id)
    wrong = 0
    for file in expected:
        complaint = _complaint(patient.files, subscription_id, file, is_deep=is_deep)
        if complaint is not None and _is_still_expected(patient, subscription_id, file):
            wrong += 1
            yield problem("files", f"Export {file.export_id}: {complaint}", _REQUEUE)
    claimed = {f"{export_id}.{fence}" for export_id, fence in claims}
    orphans = {
        name
        for name in patient.files.names(subscription_id) - {file.name for file in expected}
        if name.rpartition(".")[0] not in claimed
    }
    if orphans:
        yield warning(
            "files",
            f"{len(orphans)} files of subscription {subscription_id} belong to no job",
            "A server removes them in its next round.",
        )
    if not wrong:
        yield fine("files", f"All {len(expected):,} result files are there")


def _complaint(
    files: ResultFiles, subscription_id: SubscriptionId, expected: ExpectedFile, *, is_deep: bool
) -> str | None:
    try:
        with files.open(subscription_id, expected.name) as file:
            if file.size_bytes != expected.size_bytes:
                return f"its file has {file.size_bytes:,} bytes, not {expected.size_bytes:,}"
            if is_deep and _sha256_of(file) != expected.sha256:
                return "its file is not what was published"
    except ExportFileNotFoundError:
        return "its file is missing"
    return None


def _sha256_of(file: OpenFile) -> str:
    content = hashlib.sha256()
    for position in range(0, file.size_bytes, _READ_BYTES):
        content.update(file.read(position, min(_READ_BYTES, file.size_bytes - position)))
    return content.hexdigest()


def _is_still_expected(
    patient: Patient, subscription_id: SubscriptionId, file: ExpectedFile
) -> bool:
    with patient.database.read() as connection:
        return file in expected_files(connection, subscription_id)


def _uploads(patient: Patient, subscription_id: SubscriptionId) -> Iterator[Finding]:
    with patient.database.read() as connection:
        numbers = unfinished_imports(connection, subscription_id)
    directory = patient.home / "imports" / str(subscription_id)
    missing = [number for number in numbers if not (directory / f"{number}.upload").is_file()]
    with patient.database.read() as connection:
        missing = [one for one in missing if one in unfinished_imports(connection, subscription_id)]
    for number in missing:
        yield problem("imports", f"The file of import {number} is missing", "Have it sent again.")
    if not missing:
        yield fine("imports", f"The files of all {len(numbers)} unfinished imports are there")
