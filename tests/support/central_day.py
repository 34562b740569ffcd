"""The day that quota, limits and statistics count by: no test of them may see it end."""

from __future__ import annotations

import time
from datetime import UTC, datetime, timedelta
from zoneinfo import ZoneInfo

_CENTRAL = ZoneInfo("America/Chicago")

#: Longer than any test of it takes.
_MARGIN = timedelta(seconds=90)


def central_day(days_ago: int = 0) -> str:
    """The day in US Central, so many days ago."""
    return _day_of(datetime.now(UTC) - timedelta(days=days_ago))


def wait_for_a_day_that_lasts() -> None:
    """Return at once, or after midnight if that is near."""
    while _day_of(datetime.now(UTC)) != _day_of(datetime.now(UTC) + _MARGIN):
        time.sleep(1)


def _day_of(moment: datetime) -> str:
    return moment.astimezone(_CENTRAL).date().isoformat()
