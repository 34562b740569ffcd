"""Rows that could not be loaded: what each is told, and the file that keeps them for mending."""

from __future__ import annotations

import csv
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Self

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path
    from types import TracebackType

HEADER = ("file", "line", "field", "reason", "text")

#: Characters of a rejected row's text that are kept; more than that is nobody's typing error.
MAXIMUM_TEXT = 100_000


@dataclass(frozen=True, slots=True)
class Rejection:
    """One row that is not loaded."""

    #: Number of the row's first line, the first line of the file being 1; for Parquet the row's.
    line: int
    #: The column that is wrong; empty where the row as a whole is.
    field: str
    reason: str
    #: The row as it stands in the file.
    text: str


class RejectFile:
    """Collects rejections as CSV; exists only once there is one."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._file: IO[str] | None = None
        self.count = 0

    @property
    def path(self) -> Path | None:
        """Where the rejections are; None while there are none."""
        return self._path if self.count else None

    def add(self, source: Path, rejections: Iterable[Rejection]) -> None:
        for rejection in rejections:
            if self._file is None:
                self._file = self._create()
            csv.writer(self._file, lineterminator="\n").writerow(
                (
                    source,
                    rejection.line,
                    rejection.field,
                    rejection.reason,
                    rejection.text[:MAXIMUM_TEXT],
                )
            )
            self.count += 1

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        error_type: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        if self._file is not None:
            self._file.close()

    def _create(self) -> IO[str]:
        self._path.parent.mkdir(parents=True, exist_ok=True)
        # A value that is no Unicode text is shown by its bytes.
        file = self._path.open("w", encoding="utf-8", errors="backslashreplace", newline="")
        csv.writer(file, lineterminator="\n").writerow(HEADER)
        return file
