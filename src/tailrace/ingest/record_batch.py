"""A batch of records as texts, whatever the format they were read from."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Protocol

from tailrace.domain.errors import AdministrationError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence
    from collections.abc import Set as AbstractSet

    import polars as pl

    from tailrace.ingest.rejections import Rejection


@dataclass(frozen=True, slots=True)
class RecordBatch:
    #: Columns under their canonical names; null is no value. Texts, but for integers and instants
    #: of a file that was opened to keep its types.
    frame: pl.DataFrame
    #: Line number of each row, as `Rejection.line` has it.
    lines: pl.Series
    #: The row at a position as it stands in the file.
    text_of: Callable[[int], str]
    #: What could not be taken apart into columns.
    malformed: Sequence[Rejection]
    #: How much of the file was read when this batch was complete.
    bytes_done: int
    #: Positions of rows that do not mention a column at all, which is not the same as no value.
    absent: Mapping[str, AbstractSet[int]] = field(default_factory=dict[str, "AbstractSet[int]"])


class RecordSource(Protocol):
    """A file that is open for reading its records once."""

    @property
    def header(self) -> Sequence[str] | None:
        """The columns as the file calls them; None where each record names its own."""
        ...

    def batches(self, names: Sequence[str]) -> Iterator[RecordBatch]:
        """The records in order. `names` are the canonical names of the header's columns, or of
        all columns that a record may name where there is no header.
        """
        ...

    def close(self) -> None: ...


def match_header(
    header: Sequence[str], known: Mapping[str, str], required: Sequence[str]
) -> list[str]:
    """The canonical name of each column, `known` by lower-case name.

    Raises AdministrationError naming the columns that are unknown, twice there or missing.
    """
    names = [known.get(name.strip().lower()) for name in header]
    unknown = [f"'{name}'" for name, found in zip(header, names, strict=True) if found is None]
    if unknown:
        raise AdministrationError(f"Unknown column: {', '.join(unknown)}.")
    found = [name for name in names if name is not None]
    twice = sorted({f"'{name}'" for name in found if found.count(name) > 1})
    if twice:
        raise AdministrationError(f"Column more than once: {', '.join(twice)}.")
    missing = [f"'{name}'" for name in required if name not in found]
    if missing:
        raise AdministrationError(f"Missing column: {', '.join(missing)}.")
    return found
