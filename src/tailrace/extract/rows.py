"""The seam between an object family and the pipeline: where the rows of an export come from."""

from __future__ import annotations

from typing import TYPE_CHECKING, Protocol, TypeVar

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import polars as pl

    from tailrace.extract.shard import FragmentReader

#: A family's fragment: a small frozen value that can be pickled.
Fragment = TypeVar("Fragment")


class RowSource(Protocol[Fragment]):
    """The rows of one export on one snapshot, in file order, as fragments of bounded memory."""

    @property
    def reads_at_once(self) -> int:
        """How many fragments may be read at the same time; if several, each is one frame."""
        ...

    def fragments(self) -> Sequence[Fragment]:
        """The parts whose rows, one part after another, are the rows of the file."""
        ...

    def identity(self, fragment: Fragment) -> str | None:
        """What makes the rows of a fragment the same as those of any other, also of later exports.

        None if nothing does: they may have changed when they are read again.
        """
        ...

    def reader(self) -> FragmentReader | None:
        """What reads the fragments in any process; None if only this one can."""
        ...

    def read(self, fragment: Fragment) -> Generator[pl.DataFrame]:
        """The rows of a fragment in file order: the requested columns, in the request's order.

        Values are ready to render: numbers, booleans, instants in UTC, and texts that are never
        empty. Reading the same fragment again gives the same rows.
        """
        ...
