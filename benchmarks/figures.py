"""Medians, spreads and ratios: what is said of several runs."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence


def median(values: Sequence[float]) -> float:
    """Raises StatisticsError if there are none."""
    return statistics.median(values)


def spread(values: Sequence[float]) -> tuple[float, float]:
    """The least and the largest."""
    return min(values), max(values)


def ratio(mine: Sequence[float], theirs: Sequence[float]) -> float:
    """The median of the ratios of each round: what slowed a whole round down stays out of it.

    Raises ValueError if they are not as many.
    """
    return median([one / other for one, other in zip(mine, theirs, strict=True)])


def percentile(values: Sequence[float], share: float) -> float:
    """The value that `share` of all values, 0 to 1, do not exceed."""
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(len(ordered) * share))]
