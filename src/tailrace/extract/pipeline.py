"""From a row source to a result file: read, render, write, each in a thread of its own.

Theory of operation: a thread reads one frame ahead; a second renders frames to bytes with Polars'
CSV writer, in pieces of about 8 MB; the calling thread writes and hashes them. It is the one
that calls `checkpoint`, so a lost lease or a cancelled job ends the export there, and every other
thread with it. Memory is bounded by a few frames and pieces, whatever the number of rows.
"""

from __future__ import annotations

from contextlib import closing
from functools import partial
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from polars import selectors as cs

from tailrace.domain.file_format import NULL_TEXT, header_cell
from tailrace.extract.instant_text import instant_text
from tailrace.extract.stage import Put, Stage

if TYPE_CHECKING:
    from collections.abc import Callable

    import polars as pl

    from tailrace.domain.export_request import ExportRequest
    from tailrace.extract.rows import RowSource
    from tailrace.files.result_files import ResultWriter

_PIECES_AHEAD = 4


class _Rendered(NamedTuple):
    content: bytes
    #: Data rows that are complete with this piece.
    row_count: int


def write_export(
    source: RowSource[Any],
    request: ExportRequest,
    delimiter: str,
    out: ResultWriter,
    checkpoint: Callable[[], None],
) -> None:
    """Writes the header line and all rows of `source` to `out` (contract section 4).

    Calls `checkpoint` in the calling thread after each piece of some 8 MB, after each frame, and
    each second that none comes; what it raises ends the export. Raises OSError when the disk is
    full, and whatever the source raises.
    """
    out.write(_header_line(request, delimiter))
    produce = partial(_render, source, delimiter)
    with Stage(produce, ahead=_PIECES_AHEAD, name="render") as rendered:
        for piece in rendered.items(on_idle=checkpoint):
            out.write(piece.content)
            out.add_rows(piece.row_count)
            checkpoint()


def _header_line(request: ExportRequest, delimiter: str) -> bytes:
    cells = (header_cell(column.header, delimiter) for column in request.columns)
    return f"{delimiter.join(cells)}\n".encode()


def _read(source: RowSource[Any], put: Put[pl.DataFrame]) -> None:
    for fragment in source.fragments():
        with closing(source.read(fragment)) as frames:
            for frame in frames:
                put(frame)


def _render(source: RowSource[Any], delimiter: str, put: Put[_Rendered]) -> None:
    with Stage(partial(_read, source), ahead=1, name="read") as frames:
        for frame in frames.items():
            _write_csv(frame, delimiter, put)
            put(_Rendered(b"", frame.height))


def _write_csv(frame: pl.DataFrame, delimiter: str, put: Put[_Rendered]) -> None:
    """Renders the frame as contract section 4 says, given that no text in it is empty."""
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

    def __init__(self, put: Put[_Rendered]) -> None:
        self._put = put

    def write(self, content: bytes) -> int:
        self._put(_Rendered(bytes(content), 0))
        return len(content)

    def flush(self) -> None:
        """Polars asks for it; everything is handed over already."""
