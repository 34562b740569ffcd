"""Bulk lead import: a file submitted, its status, the rows that failed (contract section 7.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from starlette.responses import Response

from tailrace.api.envelope import success_response
from tailrace.api.lead_pages import id_in_text
from tailrace.api.multipart import read_multipart
from tailrace.api.request import media_type
from tailrace.domain.errors import (
    BodyTooLargeError,
    ImportReportNotFoundError,
    MissingParameterError,
    MultipartError,
    ObjectNotFoundError,
    ScalarTypeError,
)
from tailrace.domain.file_format import CONTENT_TYPE, parse_format
from tailrace.domain.lead_import import MAXIMUM_UPLOAD_BYTES, ImportState, LeadImport
from tailrace.domain.lead_sync import DEFAULT_LOOKUP_FIELD, check_partition
from tailrace.imports.upload import Upload

if TYPE_CHECKING:
    from tailrace.api.parameters import Parameters
    from tailrace.api.route import Call

_MEGABYTE = 1024 * 1024

#: What a body may have around the file: boundaries, headers, a few fields.
MAXIMUM_BODY_BYTES = MAXIMUM_UPLOAD_BYTES + 64 * 1024


class ImportRecord(msgspec.Struct, rename="camel", omit_defaults=True):
    batch_id: int
    import_id: str
    #: `Queued`, `Importing`, `Complete` or `Failed`.
    status: str
    num_of_leads_processed: int | None = None
    num_of_rows_failed: int | None = None
    num_of_rows_with_warning: int | None = None
    message: str | None = None


def submit(call: Call) -> Response:
    """An import that is queued, of the file in the body."""
    request = call.request
    if media_type(request.headers) != "multipart/form-data":
        raise MultipartError
    body = read_multipart(request.headers["content-type"], request.body)
    if body is None or not body.is_complete:
        raise MultipartError
    content = body.content("file")
    if content is None:
        raise MissingParameterError("file")
    if len(content) > MAXIMUM_UPLOAD_BYTES:
        raise BodyTooLargeError(MAXIMUM_UPLOAD_BYTES // _MEGABYTE)
    submitted = call.application.lead_imports.submit(
        call.caller, _upload(request.parameters, content)
    )
    return success_response(call.request_id, [_document(submitted)])


def status(call: Call) -> Response:
    """The import as it is now."""
    found = call.application.lead_imports.status(call.caller, _import_id(call))
    return success_response(call.request_id, [_document(found)])


def failures(call: Call) -> Response:
    """The rows that were not imported, with the reasons, as a file."""
    try:
        import_id = _import_id(call)
    except ObjectNotFoundError as error:
        raise ImportReportNotFoundError from error
    content = call.application.lead_imports.failures(call.caller, import_id)
    return Response(content, media_type=CONTENT_TYPE)


def warnings(_: Call) -> Response:
    """Nothing is imported with a warning: a row is imported as it is, or not at all."""
    raise ImportReportNotFoundError


def _upload(parameters: Parameters, content: bytes) -> Upload:
    """Raises MissingParameterError, UnknownFormatError, ScalarTypeError or PartitionError."""
    file_format = parameters.first("format")
    if file_format is None:
        raise MissingParameterError("format")
    check_partition(parameters.first("partitionName"))
    list_id = parameters.first("listId")
    return Upload(
        content=content,
        format=parse_format(file_format),
        lookup_field=parameters.first("lookupField") or DEFAULT_LOOKUP_FIELD,
        list_id=None if list_id is None else id_in_text(list_id),
    )


def _import_id(call: Call) -> int:
    try:
        return id_in_text(call.path_values["batchId"])
    except ScalarTypeError as error:
        raise ObjectNotFoundError from error


def _document(found: LeadImport) -> ImportRecord:
    record = ImportRecord(found.id, str(found.id), found.state.value)
    if found.state is ImportState.FAILED:
        record.message = found.failure
    if found.state is ImportState.COMPLETE:
        counts = found.counts
        record.num_of_leads_processed = counts.imported
        record.num_of_rows_failed = counts.failed
        record.num_of_rows_with_warning = 0
        record.message = _message(counts.imported, counts.failed)
    return record


def _message(imported: int, failed: int) -> str:
    records = f"{imported} records imported ({imported} members)"
    if failed:
        return f"Import completed with errors, {records}, {failed} failed"
    return f"Import succeeded, {records}"
