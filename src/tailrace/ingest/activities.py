"""Loading files of activities into the activity log.

Theory of operation: one thread reads records, one checks and collects them, and this one appends
them in batches of one commit each, while the next batch is being collected. An activity is known
by its GUID, so a file may be loaded again, also after a crash in the middle: what the log holds by
then is passed over, and so is what happened here, for it settles first. A row without a GUID is
given one that follows from the file's content and the row's place in it, so it is known again
too. The log is locked from the look-up of a batch's GUIDs to its commit.
"""

from __future__ import annotations

from contextlib import ExitStack
from functools import cache
from typing import TYPE_CHECKING

import polars as pl

from tailrace.activities.settling import settle
from tailrace.crash_points import reach
from tailrace.domain.activity_types import ActivityType
from tailrace.ingest.activity_checks import (
    REQUIRED_COLUMNS,
    ActivityChecks,
    CheckedActivities,
)
from tailrace.ingest.loading import loading, sha256_of
from tailrace.ingest.read_ahead import read_ahead
from tailrace.ingest.record_batch import match_header
from tailrace.ingest.source import open_source
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA, are_distinct
from tailrace.store.loaded_files import FileKey, reserve_numbers
from tailrace.store.sequences import FIRST_LOADED_ACTIVITY, SequenceKind, pass_number
from tailrace.store.subscriptions import add_activity_type
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    from tailrace.app import Application
    from tailrace.ingest.loading import Loading, LoadOptions, LoadReport, Progress
    from tailrace.ingest.record_batch import RecordSource
    from tailrace.ingest.source_format import SourceFile
    from tailrace.lake.activity_log import ActivityLog

#: A commit's rows and bytes: large enough that the log has few files, and two fit into memory.
BATCH_ROWS = 300_000
BATCH_BYTES = 160 * 1024 * 1024

#: More rows than any file has: its rows' GUIDs are its first number plus the row's line.
NUMBERS_PER_FILE = 10**12

_COLUMNS = {name.lower(): name for name in ACTIVITY_SCHEMA}


def load_activities(
    application: Application,
    files: Sequence[Path],
    *,
    options: LoadOptions | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the files in order; a row that cannot be loaded is rejected alone.

    Raises AdministrationError, before anything is stored, for a file that is not there, is not of
    its format, or has a column that is unknown, missing or there twice.
    """
    with loading(application, "activities", files, options, progress) as load:
        for source in load.sources:
            with open_source(source) as opened:
                _column_names(opened)
        checks = ActivityChecks(_known_types(load), _registrar(load))
        for source in load.sources:
            with open_source(source, keeps_types=True) as opened:
                _load_file(load, checks, source, opened)
            load.bytes_before += source.size_bytes
        return load.report()


def _column_names(opened: RecordSource) -> list[str]:
    if opened.header is None:
        return list(ACTIVITY_SCHEMA)
    return match_header(opened.header, _COLUMNS, REQUIRED_COLUMNS)


def _load_file(
    load: Loading, checks: ActivityChecks, source: SourceFile, opened: RecordSource
) -> None:
    log = load.application.activity_log(load.subscription_id)
    with ExitStack() as stages:
        batches = stages.enter_context(read_ahead(opened.batches(_column_names(opened))))
        collected = _collected(load, source, map(checks.check, batches))
        for frames in stages.enter_context(read_ahead(collected, ahead=1)):
            _append(load, log, frames)
    load.report_progress(source.size_bytes)


def _collected(
    load: Loading, source: SourceFile, every: Iterable[CheckedActivities]
) -> Iterator[list[pl.DataFrame]]:
    """The rows that can be loaded, as many together as are appended at once."""
    guid_base = cache(lambda: _reserve_guids(load, source))
    frames: list[pl.DataFrame] = []
    rows = size_bytes = 0
    for checked in every:
        load.rejects.add(source.path, checked.rejections)
        frames.append(_with_guids(checked, guid_base))
        load.report_progress(checked.bytes_done)
        rows += checked.frame.height
        size_bytes += int(checked.frame.estimated_size())
        if rows >= BATCH_ROWS or size_bytes >= BATCH_BYTES:
            yield frames
            frames = []
            rows = size_bytes = 0
    if frames:
        yield frames


def _append(load: Loading, log: ActivityLog, frames: list[pl.DataFrame]) -> None:
    """Append what is there in one commit, but for what the log holds already."""
    rows = pl.concat(frames, rechunk=True)
    # Whoever made the list may hold it still.
    frames.clear()
    guids = rows["marketoGUID"]
    # In this order no activity that happens meanwhile can have or get one of these GUIDs unseen.
    _keep_numbers_apart(load, guids)
    with log.exclusive():
        settle(load.application.database, log, load.subscription_id)
        fresh = _not_in(log.contains(guids), rows)
        log.append(fresh)
    load.created += fresh.height
    load.already_there += rows.height - fresh.height
    reach("load.activities.batch_appended")


def _not_in(known: pl.Series, rows: pl.DataFrame) -> pl.DataFrame:
    """The rows whose GUIDs are not known, of several with the same GUID the first."""
    guids = rows["marketoGUID"]
    if known.is_empty() and are_distinct(guids):
        return rows
    return rows.filter(guids.is_first_distinct() & ~guids.is_in(known.implode()))


def _keep_numbers_apart(load: Loading, guids: pl.Series) -> None:
    """No activity of our own shall ever be given one of these GUIDs."""
    largest = guids.filter(guids < FIRST_LOADED_ACTIVITY).max()
    if isinstance(largest, int):
        with load.application.database.write(records_of(load.subscription_id)) as connection:
            pass_number(connection, load.subscription_id, SequenceKind.ACTIVITY, largest)


def _with_guids(checked: CheckedActivities, guid_base: Callable[[], int]) -> pl.DataFrame:
    guids = checked.frame["marketoGUID"]
    if guids.null_count() == 0:
        return checked.frame
    given = pl.coalesce("marketoGUID", pl.lit(checked.lines) + guid_base())
    return checked.frame.with_columns(given.alias("marketoGUID"))


def _reserve_guids(load: Loading, source: SourceFile) -> int:
    key = FileKey(load.subscription_id, SequenceKind.LOADED_ACTIVITY, sha256_of(source))
    with load.application.database.write(records_of(load.subscription_id)) as connection:
        return reserve_numbers(connection, key, NUMBERS_PER_FILE)


def _known_types(load: Loading) -> Mapping[int, ActivityType]:
    return load.application.subscriptions.activity_types(load.subscription_id)


def _registrar(load: Loading) -> Callable[[Iterable[int]], Mapping[int, ActivityType]]:
    def register(type_ids: Iterable[int]) -> Mapping[int, ActivityType]:
        if not load.options.register_types:
            return {}
        new = {one: ActivityType(id=one, name=f"Activity type {one}") for one in type_ids}
        with load.application.database.write(records_of(load.subscription_id)) as connection:
            for definition in new.values():
                add_activity_type(connection, load.subscription_id, definition)
        return new

    return register
