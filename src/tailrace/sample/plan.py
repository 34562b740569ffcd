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

    def __post_init__(self) -> None:
        if min(self.leads, self.activities) < 0 or self.days < 1:
            raise AdministrationError(
                "Sample data needs no less than 0 leads, 0 activities and 1 day."
            )
        if self.activities and not self.leads:
            raise AdministrationError("Sample activities need sample leads to happen to.")
        if self.days > _MOST_DAYS or self.until.year <= self.days // 365 + 1:
            raise AdministrationError(
                f"Sample data spans at most {_MOST_DAYS} days, none of them before year 1."
            )

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
    smart_lists: int
    seconds: float
    #: The ground truth, if it was asked for.
    truth_path: Path | None
