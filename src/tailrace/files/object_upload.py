"""One result file on its way to object storage, in parts that appear as one object, or never."""

from __future__ import annotations

import time
from contextlib import suppress
from typing import TYPE_CHECKING, Self

import obstore
import structlog

from tailrace.crash_points import reach
from tailrace.domain.errors import FilesUnavailableError
from tailrace.domain.file_format import CONTENT_TYPE
from tailrace.files.content_tally import ContentTally
from tailrace.files.refusals import refusals_told
from tailrace.object_storage import reason_of

if TYPE_CHECKING:
    from types import TracebackType

    from obstore.store import ObjectStore

    from tailrace.domain.export_job import ResultFile

#: Parts on their way at once, besides the one that is filled.
_PARTS_AT_ONCE = 3

_log = structlog.get_logger(__name__)


class _AbandonedError(Exception):
    """The writer was left without publishing."""


class ObjectWriter:
    """Writes one result file, counting and hashing. Leaving it unpublished aborts the upload."""

    def __init__(self, store: ObjectStore, key: str, name: str, part_bytes: int) -> None:
        self._store = store
        self._key = key
        self._name = name
        self._tally = ContentTally()
        with refusals_told():
            self._upload = obstore.open_writer(
                store,
                key,
                attributes={"Content-Type": CONTENT_TYPE},
                buffer_size=part_bytes,
                max_concurrency=_PARTS_AT_ONCE,
            )
        self._is_ended = False
        #: Seconds spent on writing and hashing so far.
        self.write_seconds = 0.0

    def write(self, content: bytes | memoryview) -> None:
        """Appends to the file. Raises FilesUnavailableError when the store takes no more."""
        began = time.perf_counter()
        self._tally.add(content)
        with refusals_told():
            self._upload.write(content)
        reach("upload.piece_written")
        self.write_seconds += time.perf_counter() - began

    def add_rows(self, count: int) -> None:
        """Counts data rows of what was written."""
        self._tally.add_rows(count)

    def publish(self) -> ResultFile:
        """Makes the file appear under its name. Raises FilesUnavailableError."""
        reach("upload.all_written")
        with refusals_told():
            self._upload.close()
            self._is_ended = True
            reach("upload.completed")
            stored_bytes = obstore.head(self._store, self._key)["size"]
        if stored_bytes != self._tally.size_bytes:
            raise FilesUnavailableError(f"it has stored {stored_bytes} bytes of {self._key}")
        return self._tally.result(self._name)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._is_ended:
            return
        try:
            with suppress(_AbandonedError):
                self._abort()
        except Exception as failure:  # noqa: BLE001 - what ended the writing counts, not this
            _log.warning("upload_not_aborted", key=self._key, reason=reason_of(failure))

    def _abort(self) -> None:
        # For an error the library aborts the upload; without one it would complete it.
        with self._upload:
            raise _AbandonedError
