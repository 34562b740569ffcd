"""From a row source to a result file: read, render, write, each in a thread of its own.

Theory of operation: a thread reads one frame ahead; a second renders frames to bytes with Polars'
CSV writer, in pieces of about 8 MB; the calling thread writes and hashes them. It is the one
that calls `checkpoint`, so a lost lease or a cancelled job ends the export there, and every other
thread with it. Memory is bounded by a few frames and pieces, whatever the number of rows. A fragment
that is in an earlier result file is neither read nor rendered, but copied.
"""

from __future__ import annotations

from contextlib import closing
from dataclasses import dataclass
from hashlib import sha256
from typing import IO, TYPE_CHECKING, Any, NamedTuple, cast

from polars import selectors as cs

from tailrace.domain.errors import ExportFileNotFoundError
from tailrace.domain.file_format import NULL_TEXT, header_cell
from tailrace.extract.instant_text import instant_text
from tailrace.extract.rendered import WrittenFragment
from tailrace.extract.stage import Put, Stage

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import polars as pl

    from tailrace.domain.export_request import ExportRequest
    from tailrace.extract.rendered import RenderedFragment, RenderedFragments
    from tailrace.extract.rows import RowSource
    from tailrace.files.result_files import ResultWriter

_PIECES_AHEAD = 4


class _Part(NamedTuple):
    """One frame of a fragment, or where all of the fragment was rendered before."""

    fragment: Any
    identity: str | None
    frame: pl.DataFrame | None
    rendered: RenderedFragment | None


class _Rendered(NamedTuple):
    content: bytes
    #: Data rows that are complete with this piece.
    row_count: int
    #: Of the fragment that the piece belongs to.
    identity: str | None


def write_export(
    source: RowSource[Any],
    request: ExportRequest,
    delimiter: str,
    out: ResultWriter,
    checkpoint: Callable[[], None],
    *,
    known: RenderedFragments | None = None,
) -> list[WrittenFragment]:
    """Writes the header line and all rows of `source` to `out` (contract section 4).

    Copies fragments that are `known`, and returns those that can be known from now on. Calls
    `checkpoint` in the calling thread after each piece of some 8 MB, after each frame, and each
    second that none comes; what it raises ends the export. Raises OSError when the disk is full,
    and whatever the source raises.
    """
    content = _header_line(request, delimiter)
    out.write(content)
    position = len(content)
    written: dict[str, WrittenFragment] = {}
    produce = _Rendering(source, delimiter, known).render
    with Stage(produce, ahead=_PIECES_AHEAD, name="render") as rendered:
        for piece in rendered.items(on_idle=checkpoint):
            out.write(piece.content)
            out.add_rows(piece.row_count)
            if piece.identity is not None:
                one = written.setdefault(piece.identity, WrittenFragment(piece.identity, position))
                one.size_bytes += len(piece.content)
                one.row_count += piece.row_count
            position += len(piece.content)
            checkpoint()
    return list(written.values())


def _header_line(request: ExportRequest, delimiter: str) -> bytes:
    cells = (header_cell(column.header, delimiter) for column in request.columns)
    return f"{delimiter.join(cells)}\n".encode()


@dataclass(frozen=True, slots=True)
class _Rendering:
    """The stages that run in threads of their own."""

    source: RowSource[Any]
    delimiter: str
    known: RenderedFragments | None

    def render(self, put: Put[_Rendered]) -> None:
        with Stage(self._read, ahead=1, name="read") as parts:
            for part in parts.items():
                if part.frame is not None:
                    self._render_frame(part.frame, part.identity, put)
                elif part.rendered is not None and not self._copy(part, part.rendered, put):
                    for frame in self._frames(part.fragment):
                        self._render_frame(frame, part.identity, put)

    def _read(self, put: Put[_Part]) -> None:
        for fragment in self.source.fragments():
            identity = self._identity(fragment)
            rendered = self.known.find(identity) if self.known is not None and identity else None
            if rendered is not None:
                put(_Part(fragment, identity, None, rendered))
                continue
            for frame in self._frames(fragment):
                put(_Part(fragment, identity, frame, None))

    def _frames(self, fragment: Any) -> Iterator[pl.DataFrame]:
        with closing(self.source.read(fragment)) as frames:
            yield from frames

    def _identity(self, fragment: Any) -> str | None:
        rows = self.source.identity(fragment)
        return None if rows is None else sha256(f"{self.delimiter}{rows}".encode()).hexdigest()

    def _copy(self, part: _Part, rendered: RenderedFragment, put: Put[_Rendered]) -> bool:
        """False, with nothing put, if what was rendered is gone."""
        if self.known is None:
            return False
        try:
            with closing(self.known.pieces(rendered)) as pieces:
                for piece in pieces:
                    put(_Rendered(piece, 0, part.identity))
        except ExportFileNotFoundError:
            return False
        put(_Rendered(b"", rendered.row_count, part.identity))
        return True

    def _render_frame(self, frame: pl.DataFrame, identity: str | None, put: Put[_Rendered]) -> None:
        _write_csv(frame, self.delimiter, lambda content: put(_Rendered(content, 0, identity)))
        put(_Rendered(b"", frame.height, identity))


def _write_csv(frame: pl.DataFrame, delimiter: str, put: Put[bytes]) -> None:
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

    def __init__(self, put: Put[bytes]) -> None:
        self._put = put

    def write(self, content: bytes) -> int:
        self._put(bytes(content))
        return len(content)

    def flush(self) -> None:
        """Polars asks for it; everything is handed over already."""
