"""Fragments that were rendered before: a later export of the same rows copies their bytes.

Theory of operation: a data file never changes, so fragments of the same files, range, filter and
columns are the same bytes. Every result file has such bytes in it already; this only remembers
which ones, and where. Nothing is stored twice, nothing has to be evicted in time: a file that is
gone, or a process that starts anew, means that fragments are rendered again. Who copies from a file
holds it open, so it may be deleted meanwhile.
"""

from __future__ import annotations

import errno
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.domain.errors import ExportFileNotFoundError

if TYPE_CHECKING:
    from collections.abc import Generator, Iterable

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.files.result_files import ResultFiles

#: As much as the CSV writer hands over at once, about.
_PIECE_BYTES = 4 * 1024 * 1024


@dataclass(slots=True)
class WrittenFragment:
    """A fragment within the result file that is being written."""

    #: What makes its bytes those of another fragment.
    identity: str
    position: int
    size_bytes: int = 0
    row_count: int = 0


@dataclass(frozen=True, slots=True)
class RenderedFragment:
    """A fragment within a published result file."""

    subscription_id: SubscriptionId
    file_name: str
    position: int
    size_bytes: int
    row_count: int


class RenderedFragments:
    """Where the latest `most` fragments are that this process has rendered; none if 0."""

    def __init__(self, files: ResultFiles, most: int) -> None:
        self._files = files
        self._most = most
        self._lock = threading.Lock()
        #: By identity; the one that was used last stands last.
        self._fragments: OrderedDict[str, RenderedFragment] = OrderedDict()

    def __len__(self) -> int:
        with self._lock:
            return len(self._fragments)

    def find(self, identity: str) -> RenderedFragment | None:
        """The fragment's bytes, as far as is known: their file may be gone."""
        with self._lock:
            found = self._fragments.get(identity)
            if found is not None:
                self._fragments.move_to_end(identity)
            return found

    def pieces(self, fragment: RenderedFragment) -> Generator[bytes]:
        """The bytes of the fragment, piece by piece.

        Raises ExportFileNotFoundError, before the first piece, if they are gone, and OSError.
        """
        end = fragment.position + fragment.size_bytes
        with self._files.open(fragment.subscription_id, fragment.file_name) as file:
            if file.size_bytes < end:
                raise ExportFileNotFoundError
            for position in range(fragment.position, end, _PIECE_BYTES):
                length = min(_PIECE_BYTES, end - position)
                piece = file.read(position, length)
                if len(piece) < length:
                    raise OSError(errno.EIO, "a result file became shorter", fragment.file_name)
                yield piece

    def remember(
        self, subscription_id: SubscriptionId, file_name: str, written: Iterable[WrittenFragment]
    ) -> None:
        """A file was published that has these fragments in it."""
        with self._lock:
            for one in written:
                self._fragments[one.identity] = RenderedFragment(
                    subscription_id, file_name, one.position, one.size_bytes, one.row_count
                )
                self._fragments.move_to_end(one.identity)
            while len(self._fragments) > self._most:
                self._fragments.popitem(last=False)
