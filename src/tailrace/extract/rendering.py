"""Frames as the bytes of a result file: the only place that renders rows."""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, cast

from polars import selectors as cs

from tailrace.domain.file_format import NULL_TEXT
from tailrace.extract.instant_text import instant_text

if TYPE_CHECKING:
    import polars as pl

    from tailrace.extract.stage import Put


def write_csv(frame: pl.DataFrame, delimiter: str, put: Put[bytes]) -> None:
    """Renders the frame as contract section 4 says, given that no text in it is empty.

    Hands over pieces of about 8 MB, from threads of Polars.
    """
    if frame.is_empty():
        return
    texts = frame.with_columns(
        instant_text(column) for column in frame.select(cs.datetime()).iter_columns()
    )
    texts.write_csv(
        cast("IO[bytes]", _PieceFile(put)),
        include_header=False,
        separator=delimiter,
        null_value=NULL_TEXT,
        # A cell is quoted if it holds the delimiter, a quote, CR or LF.
        quote_style="necessary",
    )


class _PieceFile:
    """What Polars writes into: it hands over pieces of about 8 MB, from a thread of its own."""

    def __init__(self, put: Put[bytes]) -> None:
        self._put = put

    def write(self, content: bytes) -> int:
        self._put(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Polars asks for it; everything is handed over already."""
