"""What an API user may do with bulk lead imports: submit a file, and look how it fares."""

from __future__ import annotations

from typing import TYPE_CHECKING

import structlog

from tailrace.crash_points import reach
from tailrace.domain.errors import (
    ImportQueueFullError,
    ImportReportNotFoundError,
    ObjectNotFoundError,
    StoreUnavailableError,
)
from tailrace.domain.lead_import import (
    FAILURE_COLUMN,
    MAXIMUM_UNFINISHED,
    ImportCounts,
    ImportState,
    LeadImport,
)
from tailrace.domain.lead_lookup import lookup_field
from tailrace.imports.upload import SSV_DELIMITER, column_names, header_names, header_text
from tailrace.store import lead_imports as store
from tailrace.store.list_members import MemberList
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.turns import jobs_of

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.caller import Caller
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.files.uploads import Uploads
    from tailrace.imports.upload import Upload
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions


_log = structlog.get_logger(__name__)


class LeadImports:
    """The imports of every subscription; all its API users see them."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        uploads: Uploads,
        *,
        clock: Callable[[], datetime],
        on_change: Callable[[], None],
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._uploads = uploads
        self._clock = clock
        #: Called after a submission, so that the runner need not wait for its next look.
        self._on_change = on_change

    def submit(self, caller: Caller, upload: Upload) -> LeadImport:
        """Take a file for import; it is durable, and queued, when this returns.

        Raises LookupFieldError, EmptyFileError, whatever `column_names` raises,
        ObjectNotFoundError for an unknown list, ImportQueueFullError, and StoreUnavailableError
        when the disk does not take the file, of which nothing stays.
        """
        owner = caller.subscription_id
        fields = self._subscriptions.lead_fields(owner)
        lookup = lookup_field(fields, upload.lookup_field)
        header = header_text(upload)
        column_names(header_names(header, upload.format), fields, lookup)
        with self._database.write(jobs_of(owner)) as connection:
            if upload.list_id is not None:
                MemberList(connection, owner, upload.list_id)
            # Looked at now as well, so that a full queue costs nothing.
            _check_queue(connection, owner)
            number = take_numbers(connection, owner, SequenceKind.LEAD_IMPORT, 1)
        self._save(owner, number, upload.content)
        submitted = LeadImport(
            id=number,
            subscription_id=owner,
            api_user_id=caller.api_user_id,
            state=ImportState.QUEUED,
            format=upload.format,
            lookup_field=lookup.name,
            list_id=upload.list_id,
            header=header,
            fence=0,
            attempts=0,
            counts=ImportCounts(),
            created_at=self._clock(),
            finished_at=None,
            failure=None,
        )
        with self._database.write(jobs_of(owner)) as connection:
            _check_queue(connection, owner)
            store.insert_import(connection, submitted)
            reach("import.submit.before_commit")
        reach("import.submit.after_commit")
        self._on_change()
        return submitted

    def _save(self, owner: SubscriptionId, number: int, content: bytes) -> None:
        try:
            self._uploads.save(owner, number, content)
        except OSError as error:
            _log.error("upload_not_taken", import_id=number, reason=error.strerror)
            raise StoreUnavailableError from error

    def status(self, caller: Caller, import_id: int) -> LeadImport:
        """The import as it is now. Raises ObjectNotFoundError."""
        with self._database.read() as connection:
            found = store.find_import(connection, caller.subscription_id, import_id)
        if found is None:
            raise ObjectNotFoundError
        return found

    def failures(self, caller: Caller, import_id: int) -> bytes:
        """The rows that were not imported, each with its reason, in the format of the upload.

        Raises ImportReportNotFoundError while there is no such file.
        """
        with self._database.read() as connection:
            found = store.find_import(connection, caller.subscription_id, import_id)
            if found is None or found.state is not ImportState.COMPLETE or not found.counts.failed:
                raise ImportReportNotFoundError
            failed = store.failed_records(connection, caller.subscription_id, import_id)
        delimiter = found.format.delimiter(SSV_DELIMITER)
        lines = [f"{found.header}{delimiter}{FAILURE_COLUMN}"]
        lines += (f"{one.text}{delimiter}{_cell(one.reason, delimiter)}" for one in failed)
        return "".join(f"{line}\n" for line in lines).encode(errors="backslashreplace")


def _check_queue(connection: Connection, subscription_id: SubscriptionId) -> None:
    if store.unfinished_count(connection, subscription_id) >= MAXIMUM_UNFINISHED:
        raise ImportQueueFullError(MAXIMUM_UNFINISHED)


def _cell(text: str, delimiter: str) -> str:
    if any(mark in text for mark in (delimiter, '"', "\n", "\r")):
        return '"' + text.replace('"', '""') + '"'
    return text
