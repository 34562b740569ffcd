"""What the measurement of a cluster has its workers do: they import it by this name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.extract.shard import render_shard

if TYPE_CHECKING:
    from collections.abc import Generator

    import polars as pl


@dataclass(frozen=True, slots=True)
class NoRows:
    """A reader of fragments that cost nothing."""

    def read(self, fragment: object) -> Generator[pl.DataFrame]:
        del fragment
        yield from ()


def rendered_bytes(senders_versions: str, packed: bytes) -> int:
    """Renders a shard, and keeps it."""
    return render_shard(senders_versions, packed).size_bytes
