"""The CSV dialect of contract section 4, written a second time and plainly."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

DELIMITERS = {"CSV": ",", "TSV": "\t", "SSV": " "}


def cell(value: object, delimiter: str) -> str:
    """A cell as the contract spells it; no value and empty text are `null`."""
    if value is None or value == "":
        return "null"
    if isinstance(value, bool):
        return "true" if value else "false"
    text = str(value)
    if any(mark in text for mark in (delimiter, '"', "\r", "\n")):
        return '"' + text.replace('"', '""') + '"'
    return text


def document(
    header: Sequence[str], rows: Iterable[Sequence[object]], file_format: str = "CSV"
) -> bytes:
    """A whole result file."""
    delimiter = DELIMITERS[file_format]
    lines = (delimiter.join(cell(value, delimiter) for value in row) for row in (header, *rows))
    return "".join(f"{line}\n" for line in lines).encode()
