"""A fragment rendered away from its export: what is sent there, and what comes back.

Theory of operation: a task is this module's function, a text and bytes, so that a process with
another version of us says so rather than stumbles over what it cannot unpickle. A task names files,
rows and columns, and holds no credentials: who renders has them in its own environment. Rendering
a fragment again, anywhere, gives the same bytes.
"""

from __future__ import annotations

import pickle
import platform
from importlib.metadata import version
from operator import index
from typing import TYPE_CHECKING, Any, Protocol, SupportsIndex

from tailrace import __version__
from tailrace.crash_points import reach
from tailrace.domain.errors import TailraceError

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import polars as pl


_PROTOCOL_WITHOUT_COPIES = 5


class FragmentReader(Protocol):
    """Reads the fragments of one export, in any process: it can be pickled."""

    def read(self, fragment: Any) -> Generator[pl.DataFrame]:
        """As `RowSource.read`."""
        ...


class Shard:
    """The rendered bytes of a fragment, in pieces of some megabytes."""

    __slots__ = ("pieces", "row_count")

    def __init__(self, pieces: Sequence[bytes | memoryview], row_count: int) -> None:
        self.pieces = tuple(pieces)
        self.row_count = row_count

    @property
    def size_bytes(self) -> int:
        return sum(len(piece) for piece in self.pieces)

    def __sizeof__(self) -> int:
        """A worker is told what its results weigh, to keep within its memory."""
        return super().__sizeof__() + self.size_bytes

    def __reduce_ex__(self, protocol: SupportsIndex, /) -> tuple[Any, ...]:
        """Pickled without copying the pieces, if the protocol can do that."""
        is_able = index(protocol) >= _PROTOCOL_WITHOUT_COPIES
        packed = pickle.PickleBuffer if is_able else bytes
        return Shard, ([packed(piece) for piece in self.pieces], self.row_count)


class OtherVersionsError(Exception):
    """A task came from a process with other versions than this one; the text names both."""


class RenderingError(Exception):
    """What went wrong with a task where it was rendered.

    Arguments: the error's class and text, and its number if it is one of the operating system.
    """

    def __init__(self, kind: str, text: str, number: int | None = None) -> None:
        super().__init__(kind, text, number)
        self.kind = kind
        self.text = text
        self.number = number

    def __str__(self) -> str:
        return f"{self.kind}: {self.text}"


def versions() -> str:
    """What decides whether two processes render the same bytes, and understand each other."""
    major, minor, _ = platform.python_version_tuple()
    return f"Tailrace {__version__}, Polars {version('polars')}, Python {major}.{minor}"


def packed_task(reader: FragmentReader, fragment: object, delimiter: str) -> bytes:
    """The part of a task that only the same versions understand."""
    return pickle.dumps((reader, fragment, delimiter))


def render_shard(senders_versions: str, packed: bytes) -> Shard:
    """The shard of a packed task.

    Raises OtherVersionsError, our own errors of reading, and RenderingError for any other.
    """
    if senders_versions != versions():
        raise OtherVersionsError(f"{versions()} was asked by {senders_versions}")
    reach("shard.begin")
    try:
        shard = _rendered(packed)
    except TailraceError:
        raise
    except OSError as error:
        raise RenderingError(type(error).__name__, str(error), error.errno or 0) from None
    except Exception as error:  # noqa: BLE001 - those of libraries cannot always be sent
        raise RenderingError(type(error).__name__, str(error)) from None
    reach("shard.rendered")
    return shard


def _rendered(packed: bytes) -> Shard:
    # Heavy, and the scheduler of a cluster imports this module, too.
    from tailrace.extract.rendering import write_csv

    # It was packed by one of ours: who may send tasks to a cluster may run anything there.
    reader, fragment, delimiter = pickle.loads(packed)  # noqa: S301 - see above
    pieces: list[bytes] = []
    row_count = 0
    for frame in reader.read(fragment):
        write_csv(frame, delimiter, pieces.append)
        row_count += frame.height
    return Shard(pieces, row_count)
