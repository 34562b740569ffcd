"""From a row source to a result file: read, render, write, each in a thread of its own.

Theory of operation: a thread reads one frame ahead, or two do so in turn where frames are small:
reading and ordering those takes longer than rendering them. Another renders frames to bytes with
Polars' CSV writer, in pieces of about 8 MB; the calling thread writes and hashes them. It is the one
that calls `checkpoint`, so a lost lease or a cancelled job ends the export there, and every other
thread with it. Memory is bounded by a few frames and pieces, whatever the number of rows. A fragment
that is in an earlier result file is neither read nor rendered, but copied.

With an executor, and rows that any process can read, fragments are rendered there: one thread
hands them out some ahead and takes the shards in order, and the calling thread does what it does.
"""

from __future__ import annotations

import threading
from contextlib import ExitStack, closing, contextmanager
from dataclasses import dataclass, field
from functools import partial
from hashlib import sha256
from itertools import cycle
from typing import TYPE_CHECKING, Any, NamedTuple

from tailrace.domain.errors import ExportFileNotFoundError
from tailrace.domain.file_format import header_cell
from tailrace.extract.executor import Work
from tailrace.extract.rendered import WrittenFragment
from tailrace.extract.rendering import write_csv
from tailrace.extract.shard import packed_task
from tailrace.extract.stage import Put, Stage, StageAbandonedError

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Iterator, Sequence

    import polars as pl

    from tailrace.domain.export_request import ExportRequest
    from tailrace.extract.executor import FragmentExecutor
    from tailrace.extract.rendered import RenderedFragment, RenderedFragments
    from tailrace.extract.rows import RowSource
    from tailrace.extract.shard import FragmentReader, Shard
    from tailrace.files.result_files import ResultWriter

_PIECES_AHEAD = 2
#: A shard has more pieces than that, so the next one is fetched while it is written.
_SHARD_PIECES_AHEAD = 8


class _Part(NamedTuple):
    """One frame of a fragment, or where all of the fragment was rendered before."""

    fragment: Any
    identity: str | None
    frame: pl.DataFrame | None
    rendered: RenderedFragment | None


class _Rendered(NamedTuple):
    content: bytes | memoryview
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
    executor: FragmentExecutor | None = None,
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
    rendering = _Rendering(source, delimiter, known)
    with rendering.stage(executor) as rendered:
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
    is_over: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def stage(self, executor: FragmentExecutor | None) -> Generator[Stage[_Rendered]]:
        """What renders, here or there, while the block lasts."""
        reader = None if executor is None else self.source.reader()
        if executor is None or reader is None:
            with Stage(self.render, ahead=_PIECES_AHEAD, name="render") as rendered:
                yield rendered
            return
        produce = partial(self.render_elsewhere, executor, reader)
        with Stage(produce, ahead=_SHARD_PIECES_AHEAD, name="gather") as rendered:
            try:
                yield rendered
            finally:
                # It may be waiting for a shard, not for somebody who takes one.
                self.is_over.set()

    def render_elsewhere(
        self, executor: FragmentExecutor, reader: FragmentReader, put: Put[_Rendered]
    ) -> None:
        executor.render(self._works(reader), partial(self._take, put), self._check_wanted)

    def _works(self, reader: FragmentReader) -> Iterator[Work[_Part]]:
        for fragment in self.source.fragments():
            part = self._part(fragment)
            is_copied = part.rendered is not None
            yield Work(part, None if is_copied else packed_task(reader, fragment, self.delimiter))

    def _take(self, put: Put[_Rendered], part: _Part, shard: Shard | None) -> None:
        if shard is None:
            self._copy_or_render(part, put)
            return
        for piece in shard.pieces:
            put(_Rendered(piece, 0, part.identity))
        put(_Rendered(b"", shard.row_count, part.identity))

    def _check_wanted(self) -> None:
        if self.is_over.is_set():
            raise StageAbandonedError

    def render(self, put: Put[_Rendered]) -> None:
        with self._parts() as parts:
            for part in parts:
                if part.frame is not None:
                    self._render_frame(part.frame, part.identity, put)
                else:
                    self._copy_or_render(part, put)
                # Its frame is not to be in memory until the next one comes.
                del part

    @contextmanager
    def _parts(self) -> Generator[Iterator[_Part]]:
        """What is read ahead, in order, by as many threads as the source allows."""
        fragments, threads = self.source.fragments(), self.source.reads_at_once
        with ExitStack() as running:
            stages = [
                running.enter_context(
                    Stage(partial(self._read, fragments[first::threads]), ahead=1, name="read")
                )
                for first in range(threads)
            ]
            # In turn: with several, each has one part for each of its fragments.
            yield map(next, cycle([stage.items() for stage in stages]))

    def _read(self, fragments: Sequence[Any], put: Put[_Part]) -> None:
        for fragment in fragments:
            part = self._part(fragment)
            if part.rendered is not None:
                put(part)
                continue
            for frame in self._frames(fragment):
                put(part._replace(frame=frame))
                # The one that takes it lets go of it, while the next one is read.
                del frame

    def _part(self, fragment: Any) -> _Part:
        identity = self._identity(fragment)
        rendered = self.known.find(identity) if self.known is not None and identity else None
        return _Part(fragment, identity, None, rendered)

    def _frames(self, fragment: Any) -> Iterator[pl.DataFrame]:
        with closing(self.source.read(fragment)) as frames:
            yield from frames

    def _identity(self, fragment: Any) -> str | None:
        rows = self.source.identity(fragment)
        return None if rows is None else sha256(f"{self.delimiter}{rows}".encode()).hexdigest()

    def _copy_or_render(self, part: _Part, put: Put[_Rendered]) -> None:
        if part.rendered is None or not self._copy(part, part.rendered, put):
            for frame in self._frames(part.fragment):
                self._render_frame(frame, part.identity, put)

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
        write_csv(frame, self.delimiter, lambda content: put(_Rendered(content, 0, identity)))
        put(_Rendered(b"", frame.height, identity))
