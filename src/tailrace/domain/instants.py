"""Instants of the wire: read in every form clients send, written in one.

Everything is UTC at whole seconds (contract sections 0 rule 12, 2.8 and 5.1).
"""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta, timezone

import msgspec

from tailrace.domain.errors import ScalarTypeError

INSTANT_FORMAT = "%Y-%m-%dT%H:%M:%SZ"

_WHOLE_SECONDS = len("YYYY-MM-DDThh:mm:ss")

_INSTANT = re.compile(
    r"(?P<year>\d{4})-(?P<month>\d\d)-(?P<day>\d\d)"
    r"(?:[T ](?P<hour>\d\d):(?P<minute>\d\d)(?::(?P<second>\d\d)(?:[.,]\d{1,9})?)?"
    r"\s?(?:(?P<utc>[Zz])|(?P<sign>[+-])(?P<offset_hours>\d\d):?(?P<offset_minutes>\d\d)?)?)?",
    re.ASCII,
)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

#: Seconds since 1970 of the first and the last instant that there is.
FIRST_SECOND = -62_135_596_800
LAST_SECOND = 253_402_300_799


def second_of(instant: datetime) -> int:
    """Seconds from 1970 UTC to `instant`, cut to whole ones."""
    return (instant - _EPOCH) // timedelta(seconds=1)


def instant_of(second: int) -> datetime:
    """The instant that many seconds after 1970 UTC, from FIRST_SECOND to LAST_SECOND."""
    return _EPOCH + timedelta(seconds=second)


def parse_instant(value: object) -> datetime:
    """The UTC instant that `value` names, cut to whole seconds.

    Takes `Z`, `+00:00`, `-0000`, offsets, fractions, no zone (UTC) and a date alone (midnight).
    Raises ScalarTypeError for anything else.
    """
    if not isinstance(value, str):
        raise ScalarTypeError(value=_shown(value), type_name="DateTime")
    match = _INSTANT.fullmatch(value.strip())
    if match is None:
        raise ScalarTypeError(value=value, type_name="DateTime")
    try:
        return _instant_of(match)
    except (ValueError, OverflowError) as error:
        raise ScalarTypeError(value=value, type_name="DateTime") from error


def _instant_of(match: re.Match[str]) -> datetime:
    parts = [int(match[name] or 0) for name in ("year", "month", "day", "hour", "minute", "second")]
    local = datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]
    if match["sign"] is None:
        return local
    offset = timedelta(hours=int(match["offset_hours"]), minutes=int(match["offset_minutes"] or 0))
    signed = -offset if match["sign"] == "-" else offset
    return local.replace(tzinfo=timezone(signed)).astimezone(UTC)


def format_instant(instant: datetime) -> str:
    """`instant` as the wire and the result files show it: `YYYY-MM-DDThh:mm:ssZ`."""
    # A tenth of the time that a format string takes; pages of activities have hundreds.
    return instant.astimezone(UTC).isoformat()[:_WHOLE_SECONDS] + "Z"


def _shown(value: object) -> str:
    return msgspec.json.encode(value).decode()
