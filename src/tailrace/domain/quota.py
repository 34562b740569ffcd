"""The day of the export quota: from midnight to midnight US Central (contract section 3.6)."""

from __future__ import annotations

from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

BYTES_PER_MEGABYTE = 1024 * 1024

_US_CENTRAL = ZoneInfo("America/Chicago")


def quota_day(now: datetime) -> date:
    """The quota day that holds `now`, as the calendar in US Central names it."""
    return now.astimezone(_US_CENTRAL).date()


def quota_day_start(now: datetime) -> datetime:
    """The UTC instant at which the quota day that holds `now` began."""
    local = now.astimezone(_US_CENTRAL)
    return local.replace(hour=0, minute=0, second=0, microsecond=0).astimezone(UTC)
