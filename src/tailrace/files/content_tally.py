"""What a result file holds so far: bytes, rows, and their hash."""

from __future__ import annotations

import hashlib

from tailrace.domain.export_job import ResultFile


class ContentTally:
    """Counts and hashes content in the order in which it is written."""

    def __init__(self) -> None:
        self._hash = hashlib.sha256()
        self.size_bytes = 0
        self._row_count = 0

    def add(self, content: bytes | memoryview) -> None:
        self._hash.update(content)
        self.size_bytes += len(content)

    def add_rows(self, count: int) -> None:
        self._row_count += count

    def result(self, name: str) -> ResultFile:
        """The file of that name, if it holds just what was added."""
        return ResultFile(name, self.size_bytes, self._hash.hexdigest(), self._row_count)
