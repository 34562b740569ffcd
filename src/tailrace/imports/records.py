"""The rows of an uploaded file as records for the store, in order, or why one is none."""

from __future__ import annotations

from contextlib import contextmanager
from operator import attrgetter
from typing import TYPE_CHECKING

import msgspec

from tailrace.domain.errors import LookupValueMissingError, PartitionChangeError
from tailrace.domain.lead_lookup import PARTITION_ID
from tailrace.domain.lead_sync import SyncRecord
from tailrace.imports.upload import column_names, header_names, source_format
from tailrace.ingest.delimited import DelimitedSource
from tailrace.ingest.lead_checks import CheckedLeads, LeadChecks
from tailrace.ingest.rejections import Rejection
from tailrace.ingest.source_format import SourceFile

if TYPE_CHECKING:
    from collections.abc import Generator, Iterator
    from pathlib import Path

    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.domain.lead_import import LeadImport
    from tailrace.ingest.record_batch import RecordBatch

#: What is parsed at once: an import's memory is a few times this.
_CHUNK_BYTES = 1024 * 1024


class ImportRow(msgspec.Struct, frozen=True):
    #: Number of its first line, the first line of the file being 1.
    line: int
    #: None for a row that is no record; then `reason` says why.
    record: SyncRecord | None
    reason: str
    #: What tells how it stands in the file.
    source: CheckedLeads | Rejection
    #: Where it is among the checked rows.
    place: int = 0

    @property
    def text(self) -> str:
        """The row as it stands in the file, without its line end."""
        if isinstance(self.source, Rejection):
            return self.source.text
        return self.source.batch.text_of(self.source.positions[self.place])


@contextmanager
def open_rows(
    path: Path, running: LeadImport, fields: LeadFieldCatalogue, lookup: LeadField
) -> Generator[Iterator[ImportRow]]:
    """Every row of a file behind its header, open while the block lasts.

    The same file gives the same rows in the same order every time, so an import can go on behind
    those that are done. Raises OSError where the file is gone.
    """
    header = header_names(running.header, running.format)
    names = column_names(header, fields, lookup)
    source = SourceFile(path, source_format(running.format, header), is_gzip=False)
    opened = DelimitedSource(source, _CHUNK_BYTES)
    try:
        yield _rows(opened.batches(names), LeadChecks(fields), lookup)
    finally:
        opened.close()


def _rows(
    batches: Iterator[RecordBatch], checks: LeadChecks, lookup: LeadField
) -> Iterator[ImportRow]:
    for batch in batches:
        checked = checks.check(batch)
        lines = batch.lines.to_list()
        rows = [
            _row(checked, place, lines[position], lookup)
            for place, position in enumerate(checked.positions)
        ]
        if checked.rejections:
            rows += map(_rejected, checked.rejections)
            rows.sort(key=attrgetter("line"))
        yield from rows


def _row(checked: CheckedLeads, place: int, line: int, lookup: LeadField) -> ImportRow:
    row = checked.rows[place]
    values = {**row.values, "id": row.id} if lookup.name == "id" else row.values
    record: SyncRecord = values
    if values.get(lookup.name) is None:
        record = LookupValueMissingError(lookup.name)
    elif values.get("leadPartitionId", PARTITION_ID) != PARTITION_ID:
        record = PartitionChangeError()
    return ImportRow(line, record, "", checked, place)


def _rejected(rejection: Rejection) -> ImportRow:
    named = f"Field '{rejection.field}' is " if rejection.field else ""
    return ImportRow(rejection.line, None, f"{named}{rejection.reason}", rejection)
