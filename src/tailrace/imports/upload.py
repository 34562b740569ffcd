"""An uploaded file of leads before it is taken: its columns, checked one by one (section 7.4)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.domain.errors import (
    DuplicateFieldError,
    EmptyFileError,
    FieldNotFoundError,
    LookupValueMissingError,
)
from tailrace.domain.file_format import FileFormat
from tailrace.domain.lead_sync import RecordCheck, SyncAction
from tailrace.ingest.exact_records import parse_records
from tailrace.ingest.source_format import SourceFormat

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.ingest.exact_records import ExactRecords

#: Import separates SSV by semicolons, export by blanks (contract section 10, row 1).
SSV_DELIMITER = ";"

_BYTE_ORDER_MARK = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True)
class Upload:
    """What an API user wants imported."""

    content: bytes
    format: FileFormat
    #: REST name of the field that finds the lead.
    lookup_field: str
    #: Static list that the leads come into.
    list_id: int | None


def action_of(lookup: LeadField) -> SyncAction:
    """What an import does with a row: leads known by their id are updated only."""
    return SyncAction.UPDATE_ONLY if lookup.name == "id" else SyncAction.CREATE_OR_UPDATE


def column_names(header: Sequence[str], fields: LeadFieldCatalogue, lookup: LeadField) -> list[str]:
    """The REST names that the columns mean, in any letter case.

    Raises FieldNotFoundError, FieldNotAllowedError, ReadOnlyFieldError, DuplicateFieldError, or
    LookupValueMissingError without a column to find leads by.
    """
    check = RecordCheck(fields, action_of(lookup), lookup)
    names = [check.field(_spelling(fields, column.strip())).name for column in header]
    twice = [name for position, name in enumerate(names) if name in names[:position]]
    if twice:
        raise DuplicateFieldError(twice[0])
    if lookup.name not in names:
        raise LookupValueMissingError(lookup.name)
    return names


def _spelling(fields: LeadFieldCatalogue, column: str) -> str:
    field = fields.find(column)
    return column if field is None else field.name


def source_format(file_format: FileFormat, header: Sequence[str]) -> SourceFormat:
    """How the rows behind a header are read.

    The reader takes an SSV header without a semicolon for one separated by blanks, which an
    upload never is: its one column is read as well with another delimiter.
    """
    if file_format is FileFormat.SSV and len(header) == 1:
        return SourceFormat.TSV
    return SourceFormat(file_format.value.lower())


def header_text(upload: Upload) -> str:
    """The header as it stands in the file. Raises EmptyFileError or FieldNotFoundError."""
    content = upload.content.removeprefix(_BYTE_ORDER_MARK)
    if not content.strip():
        raise EmptyFileError
    found = _first_record(content, upload.format)
    if found.rejections or not found.rows:
        # What is there instead can only be shown as it is.
        raise FieldNotFoundError(content.partition(b"\n")[0].decode(errors="replace").strip())
    start, end = found.spans[0]
    return content[start:end].decode().rstrip("\r\n")


def header_names(header: str, file_format: FileFormat) -> list[str]:
    """The columns that a header line names."""
    return _first_record(header.encode(), file_format).rows[0]


def _first_record(content: bytes, file_format: FileFormat) -> ExactRecords:
    return parse_records(
        content,
        delimiter=file_format.delimiter(SSV_DELIMITER),
        width=None,
        is_at_end=True,
        limit=1,
    )
