"""The formats a file of leads or activities may be in, told by its name."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from tailrace.domain.errors import AdministrationError

if TYPE_CHECKING:
    from pathlib import Path


class SourceFormat(StrEnum):
    CSV = "csv"
    TSV = "tsv"
    #: Separated by semicolons where the header line has one, else by blanks.
    SSV = "ssv"
    #: One JSON object a line.
    NDJSON = "ndjson"
    PARQUET = "parquet"


_BY_EXTENSION = {f".{one.value}": one for one in SourceFormat} | {".jsonl": SourceFormat.NDJSON}


@dataclass(frozen=True, slots=True)
class SourceFile:
    """A file to load, before it is opened."""

    path: Path
    format: SourceFormat
    is_gzip: bool

    @property
    def size_bytes(self) -> int:
        return self.path.stat().st_size


def source_file(path: Path, chosen: SourceFormat | None = None) -> SourceFile:
    """What `path` is, by its extension unless a format is chosen; `.gz` goes on top of any.

    Raises AdministrationError for a file that is not there or whose name tells no format.
    """
    if not path.is_file():
        raise AdministrationError(f"There is no file '{path}'.")
    extensions = [extension.lower() for extension in path.suffixes]
    is_gzip = bool(extensions) and extensions[-1] == ".gz"
    if is_gzip:
        extensions.pop()
    known = chosen or _BY_EXTENSION.get(extensions[-1] if extensions else "")
    if known is None:
        raise AdministrationError(
            f"The name of '{path}' does not tell its format; choose one of"
            f" {', '.join(SourceFormat)}."
        )
    return SourceFile(path, known, is_gzip)
