"""Chance that can be repeated: a value depends on the seed, its name and the row's number alone.

Because it does not depend on what was drawn before, data comes out the same however many rows
are made at once, and any row's values can be made again where another table speaks of them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING
from zlib import crc32

import polars as pl

if TYPE_CHECKING:
    from collections.abc import Sequence

_FRACTION_SIDES = 2**30


@dataclass(frozen=True, slots=True)
class Dice:
    """Draws for each row by the number in its column `row`."""

    seed: int
    row: str = "index"

    def of(self, row: str) -> Dice:
        """The same dice for the rows that another column numbers."""
        return Dice(self.seed, row)

    def roll(self, name: str, sides: int) -> pl.Expr:
        """An integer from 0 to `sides` - 1."""
        stream = crc32(f"{self.seed}/{name}".encode())
        return (pl.col(self.row).cast(pl.Int64).hash(stream) % sides).cast(pl.Int64)

    def between(self, name: str, least: int, most: int) -> pl.Expr:
        """An integer, both ends included."""
        return self.roll(name, most - least + 1) + least

    def fraction(self, name: str) -> pl.Expr:
        """A number from 0 to below 1."""
        return self.roll(name, _FRACTION_SIDES) / _FRACTION_SIDES

    def chance(self, name: str, percent: float) -> pl.Expr:
        """True for about so many rows of a hundred."""
        return self.roll(name, 100_000) < round(percent * 1000)

    def pick(self, name: str, choices: Sequence[str]) -> pl.Expr:
        """One of the texts."""
        return chosen(choices, self.roll(name, len(choices)))


def chosen(choices: Sequence[str], place: pl.Expr) -> pl.Expr:
    """The text at a place."""
    return pl.lit(pl.Series(list(choices), dtype=pl.String)).gather(place)
