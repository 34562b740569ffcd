"""What sample data is asked for, and the stretch of time that it lies in."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol

from tailrace.domain.errors import AdministrationError

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

DAY_SECONDS = 86_400

_MOST_DAYS = 36_500

#: Assets are made in one transaction and kept in memory.
MOST_ASSETS = 100_000


class SeedProgress(Protocol):
    """Watches sample data being made."""

    def __call__(self, done: int, total: int, /) -> None:
        """Leads and activities stored so far, and in the end."""


@dataclass(frozen=True, slots=True)
class SeedPlan:
    """The same plan on a fresh home gives the same data, whenever and wherever."""

    leads: int
    activities: int
    days: int
    #: UTC; everything has happened by then.
    until: datetime
    seed: int = 0
    #: How many of each there shall be; fewer than those made by hand means those.
    lists: int = 0
    programs: int = 0
    campaigns: int = 0
    smart_lists: int = 0
    forms: int = 0

    def __post_init__(self) -> None:
        if min(self._counts) < 0 or self.days < 1:
            raise AdministrationError(
                "Sample data needs no less than 1 day and 0 of anything else."
            )
        if max(self._asset_counts) > MOST_ASSETS:
            raise AdministrationError(f"Sample data has at most {MOST_ASSETS:,} assets of a kind.")
        if self.activities and not self.leads:
            raise AdministrationError("Sample activities need sample leads to happen to.")
        if self.days > _MOST_DAYS or self.until.year <= self.days // 365 + 1:
            raise AdministrationError(
                f"Sample data spans at most {_MOST_DAYS} days, none of them before year 1."
            )

    @property
    def _asset_counts(self) -> tuple[int, ...]:
        return (self.lists, self.programs, self.campaigns, self.smart_lists, self.forms)

    @property
    def _counts(self) -> tuple[int, ...]:
        return (self.leads, self.activities, *self._asset_counts)

    @property
    def start(self) -> datetime:
        return self.end - timedelta(days=self.days)

    @property
    def end(self) -> datetime:
        """`until` at whole seconds."""
        return self.until.replace(microsecond=0)

    @property
    def seconds(self) -> int:
        """Length of the window."""
        return self.days * DAY_SECONDS


@dataclass(frozen=True, slots=True)
class SeedReport:
    """What was made."""

    leads: int
    activities: int
    programs: int
    forms: int
    static_lists: int
    campaigns: int
    smart_lists: int
    seconds: float
    #: The ground truth, if it was asked for.
    truth_path: Path | None
