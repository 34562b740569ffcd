"""Loading files of leads into the store.

Theory of operation: one thread reads records, one checks them, and this one stores them, some
thousand rows a transaction, so that a server on the same home is never kept waiting for long. A
lead is known by its id, else by its address; a row with neither has an id reserved for it by the
file's content and the row's place in it. So a file may be loaded again, also after a crash in the
middle; of one that was loaded to its end only the rows that were rejected are looked at again.
"""

from __future__ import annotations

from contextlib import ExitStack
from dataclasses import replace
from functools import cache
from typing import TYPE_CHECKING

from tailrace.crash_points import reach
from tailrace.domain.instants import format_instant
from tailrace.domain.lead_fields import DataType
from tailrace.ingest.json_lines import JsonLinesSource
from tailrace.ingest.lead_checks import CheckedLeads, LeadChecks
from tailrace.ingest.loading import loading, sha256_of
from tailrace.ingest.read_ahead import read_ahead
from tailrace.ingest.record_batch import match_header
from tailrace.ingest.source import line_bound, open_source
from tailrace.store.lead_batch import next_lead_id
from tailrace.store.lead_loading import Outcome, upsert_leads
from tailrace.store.loaded_files import FileKey, mark_completed, open_lines, reserve_numbers
from tailrace.store.sequences import SequenceKind, pass_number
from tailrace.store.subscriptions import add_lead_field
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterable, Sequence
    from pathlib import Path

    from tailrace.app import Application
    from tailrace.domain.lead_fields import LeadFieldCatalogue
    from tailrace.ingest.loading import Loading, LoadOptions, LoadReport, Progress
    from tailrace.ingest.record_batch import RecordSource
    from tailrace.ingest.rejections import Rejection
    from tailrace.ingest.source_format import SourceFile
    from tailrace.store.lead_loading import LeadRow

#: Rows of a transaction: it takes a fraction of a second.
ROWS_PER_TRANSACTION = 2_000

#: A file with more rejected rows than this is gone through as a whole if it is loaded again.
MOST_REMEMBERED_REJECTIONS = 100_000

#: Length of the fields that `create_fields` makes.
_NEW_FIELD_LENGTH = 255


def load_leads(
    application: Application,
    files: Sequence[Path],
    *,
    options: LoadOptions | None = None,
    progress: Progress | None = None,
) -> LoadReport:
    """Load the files in order; a row that cannot be stored is rejected alone.

    Raises AdministrationError, before anything is stored, for a file that is not there, is not of
    its format, or has a column that is there twice or, unless `options.create_fields`, unknown.
    """
    with loading(application, "leads", files, options, progress) as load:
        for source in load.sources:
            with open_source(source) as opened:
                _check_columns(load, opened)
        for source in load.sources:
            _load_file(load, source)
            load.bytes_before += source.size_bytes
        return load.report()


def _check_columns(load: Loading, opened: RecordSource) -> None:
    fields = _fields(load)
    unknown = _unknown_columns(load, opened, fields)
    known = {one.name.lower(): one.name for one in fields}
    if opened.header is not None:
        match_header(opened.header, known | {name.lower(): name for name in unknown}, ())


def _unknown_columns(load: Loading, opened: RecordSource, fields: LeadFieldCatalogue) -> list[str]:
    """The names to make fields of."""
    if not load.options.create_fields:
        return []
    is_nameless = isinstance(opened, JsonLinesSource)
    names = opened.member_names() if is_nameless else opened.header or ()
    return [name.strip() for name in names if fields.find(name.strip()) is None]


def _create_fields(load: Loading, opened: RecordSource) -> None:
    for name in _unknown_columns(load, opened, _fields(load)):
        with load.application.database.write(records_of(load.subscription_id)) as connection:
            add_lead_field(
                connection,
                load.subscription_id,
                name=name,
                display_name=name,
                data_type=DataType.STRING,
                length=_NEW_FIELD_LENGTH,
            )


def _fields(load: Loading) -> LeadFieldCatalogue:
    return load.application.subscriptions.lead_fields(load.subscription_id)


def _load_file(load: Loading, source: SourceFile) -> None:
    key = FileKey(load.subscription_id, SequenceKind.LEAD, sha256_of(source))
    with open_source(source) as opened:
        _create_fields(load, opened)
        with load.application.database.read() as connection:
            left = open_lines(connection, key)
        if left is not None and not left:
            load.already_there += _count_records(opened, _column_names(load, opened))
        else:
            _load_records(opened, _Writer(load, key, source, wanted_lines=left))
    load.report_progress(source.size_bytes)


def _load_records(opened: RecordSource, writer: _Writer) -> None:
    load = writer.load
    checks = LeadChecks(_fields(load))
    with ExitStack() as stages:
        batches = stages.enter_context(read_ahead(opened.batches(_column_names(load, opened))))
        for checked in stages.enter_context(read_ahead(map(checks.check, batches))):
            writer.reject(checked.rejections)
            writer.store(checked)
            load.report_progress(checked.batch.bytes_done)
    writer.finish()


def _column_names(load: Loading, opened: RecordSource) -> list[str]:
    fields = _fields(load)
    known = {one.name.lower(): one.name for one in fields}
    if opened.header is None:
        return list(known.values())
    return match_header(opened.header, known, ())


def _count_records(opened: RecordSource, names: Sequence[str]) -> int:
    return sum(batch.frame.height for batch in opened.batches(names))


class _Writer:
    """Stores the rows of one file."""

    def __init__(
        self,
        load: Loading,
        key: FileKey,
        source: SourceFile,
        *,
        wanted_lines: Collection[int] | None = None,
    ) -> None:
        """Of `wanted_lines` alone, unless that is None: the other rows are stored already."""
        self.load = load
        self._key = key
        self._source = source
        self._wanted_lines = wanted_lines
        self._rejected_lines: list[int] = []
        self._fields = _fields(load)
        # Both are found out only for a file that has such rows.
        self._keep_numbers_apart: Callable[[], None] = cache(lambda: _pass_ids(load, source))
        self._first_reserved_id: Callable[[], int] = cache(lambda: _reserve_ids(load, key, source))

    def store(self, checked: CheckedLeads) -> None:
        wanted = self._wanted_places(checked)
        self.load.already_there += len(checked.rows) - len(wanted)
        for start in range(0, len(wanted), ROWS_PER_TRANSACTION):
            places = wanted[start : start + ROWS_PER_TRANSACTION]
            rows = [self._identified(checked, place) for place in places]
            outcomes = self._upsert(rows)
            self.load.created += outcomes.count(Outcome.CREATED)
            self.load.updated += outcomes.count(Outcome.UPDATED)
            self.load.already_there += outcomes.count(Outcome.UNCHANGED)
            self.reject(
                checked.reject(place, "email", "several leads have this address")
                for place, outcome in zip(places, outcomes, strict=True)
                if outcome is Outcome.AMBIGUOUS
            )
            reach("load.leads.batch_committed")

    def reject(self, rejections: Iterable[Rejection]) -> None:
        for rejection in rejections:
            self.load.rejects.add(self._source.path, [rejection])
            if len(self._rejected_lines) <= MOST_REMEMBERED_REJECTIONS:
                self._rejected_lines.append(rejection.line)

    def finish(self) -> None:
        """Remember that the file is loaded to its end."""
        if len(self._rejected_lines) > MOST_REMEMBERED_REJECTIONS:
            return
        reach("load.leads.before_completed")
        application = self.load.application
        with application.database.write(records_of(self.load.subscription_id)) as connection:
            mark_completed(connection, self._key, application.clock(), self._rejected_lines)

    def _wanted_places(self, checked: CheckedLeads) -> Sequence[int]:
        places = range(len(checked.rows))
        if self._wanted_lines is None:
            return places
        return [place for place in places if checked.line_of(place) in self._wanted_lines]

    def _identified(self, checked: CheckedLeads, place: int) -> LeadRow:
        """The row, with an id of its own if it has nothing to be known by."""
        row = checked.rows[place]
        if row.id is not None:
            return row
        self._keep_numbers_apart()
        if row.address is not None:
            return row
        return replace(row, reserved_id=self._first_reserved_id() + checked.line_of(place))

    def _upsert(self, rows: Sequence[LeadRow]) -> list[Outcome]:
        application = self.load.application
        now = format_instant(application.clock())
        with application.database.write(records_of(self.load.subscription_id)) as connection:
            return upsert_leads(connection, self.load.subscription_id, self._fields, rows, now)


def _pass_ids(load: Loading, source: SourceFile) -> None:
    """See to it that a new lead is not given an id which another row of the file brings along."""
    largest = 0
    with open_source(source) as opened:
        names = _column_names(load, opened)
        for batch in opened.batches(names) if "id" in names else ():
            if "id" in batch.frame.columns:
                ids = LeadChecks(_fields(load)).ids(batch)
                largest = max(largest, max(ids, default=0))
    with load.application.database.write(records_of(load.subscription_id)) as connection:
        pass_number(connection, load.subscription_id, SequenceKind.LEAD, largest)


def _reserve_ids(load: Loading, key: FileKey, source: SourceFile) -> int:
    """What to add to a row's line number for the id reserved for it."""
    lines = line_bound(source)
    with load.application.database.write(records_of(load.subscription_id)) as connection:
        least = next_lead_id(connection, load.subscription_id)
        return reserve_numbers(connection, key, lines + 1, at_least=least)
