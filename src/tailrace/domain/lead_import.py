"""A bulk lead import as a value: the file that was uploaded, and how far it has come (section 7.4).

    submit → Queued ──slot free──► Importing ──► Complete
                                       └───────► Failed

An import that was interrupted goes on behind the records that are done: each of its transactions
holds some records, what they changed, and the new count of records done.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from datetime import datetime

    from tailrace.domain.export_job import ApiUserId, SubscriptionId
    from tailrace.domain.file_format import FileFormat

#: Imports of a subscription that may be unfinished, and those of them that run at once.
MAXIMUM_UNFINISHED: Final = 10
MAXIMUM_RUNNING: Final = 2

#: Bytes of an uploaded file.
MAXIMUM_UPLOAD_BYTES: Final = 10 * 1024 * 1024

#: The column that a failed row gets.
FAILURE_COLUMN: Final = "Import Failure Reason"


class ImportState(StrEnum):
    QUEUED = "Queued"
    IMPORTING = "Importing"
    COMPLETE = "Complete"
    FAILED = "Failed"


@dataclass(frozen=True, slots=True)
class ImportCounts:
    """What has become of records; to be added up."""

    #: Rows dealt with, imported or not.
    records: int = 0
    imported: int = 0
    failed: int = 0


@dataclass(frozen=True, slots=True)
class LeadImport:
    id: int
    subscription_id: SubscriptionId
    api_user_id: ApiUserId
    state: ImportState
    format: FileFormat
    #: REST name of the field that finds the lead.
    lookup_field: str
    #: Static list that the leads come into.
    list_id: int | None
    #: The header line of the file as it stands there.
    header: str
    fence: int
    attempts: int
    counts: ImportCounts
    created_at: datetime
    finished_at: datetime | None
    #: Why it failed as a whole.
    failure: str | None


@dataclass(frozen=True, slots=True)
class FailedRecord:
    """A row that was not imported."""

    #: Its place in the file, its first line being 1.
    line: int
    #: As it stands in the file, without the line end.
    text: str
    reason: str
