"""Every setting of a subscription in one table: the command line, the docs and the code read it.

A setting that nobody has set takes its default, or on a server run with `--strict` its strict
default: Marketo's own pace (contract sections 2.7 and 3.6).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.domain.errors import AdministrationError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping


@dataclass(frozen=True, slots=True)
class Setting:
    name: str
    default: int | bool | str
    help: str
    #: The default on a strict server; None where it is the same.
    strict_default: int | bool | str | None = None
    minimum: int = 0
    maximum: int = 1_000_000
    choices: tuple[str, ...] = ()


#: A hundred years: date arithmetic stays within the calendar.
_MOST_DAYS = 36_500

_TABLE = (
    Setting("queue_limit_jobs", 10, "Jobs that may be queued or processing at once.", minimum=1),
    Setting("processing_slots", 2, "Jobs that may be processing at once.", minimum=1),
    Setting(
        "quota_megabytes", 500, "Megabytes (1,048,576 bytes) of export files a day; 0 is no limit."
    ),
    Setting(
        "file_retention_days",
        7,
        "Days that a result file is kept after its job finished.",
        maximum=_MOST_DAYS,
    ),
    Setting(
        "status_retention_days",
        30,
        "Days that a finished job is kept.",
        minimum=1,
        maximum=_MOST_DAYS,
    ),
    Setting(
        "list_window_days",
        7,
        "Days of created jobs that the list call shows.",
        minimum=1,
        maximum=_MOST_DAYS,
    ),
    Setting(
        "status_refresh_seconds",
        0,
        "Seconds by which the progress that status calls show may lag; 0 shows it at once.",
        strict_default=60,
        maximum=3600,
    ),
    Setting(
        "maximum_range_days",
        31,
        "Days that a date range filter may span.",
        minimum=1,
        maximum=_MOST_DAYS,
    ),
    Setting("rate_limit_calls", 0, "Calls per window; 0 is no limit.", strict_default=100),
    Setting("rate_limit_window_seconds", 20, "Length of the rate limit's window.", minimum=1),
    Setting("daily_calls", 0, "API calls a day; 0 is no limit.", strict_default=50_000),
    Setting("concurrent_calls", 0, "API calls at once; 0 is no limit.", strict_default=10),
    Setting("lead_filter_updated_at", default=True, help="Whether lead exports take updatedAt."),
    Setting(
        "lead_filter_smart_list",
        default=True,
        help="Whether lead exports take smartListId and smartListName.",
    ),
    Setting("audience_sharing", default=False, help="Whether the lead field ecids is exported."),
    Setting("ssv_delimiter", " ", "What separates the columns of SSV files.", choices=(" ", ";")),
)

SETTINGS: dict[str, Setting] = {setting.name: setting for setting in _TABLE}


@dataclass(frozen=True, slots=True)
class SubscriptionSettings:
    """The values in force, one attribute a row of the table."""

    queue_limit_jobs: int
    processing_slots: int
    quota_megabytes: int
    file_retention_days: int
    status_retention_days: int
    list_window_days: int
    status_refresh_seconds: int
    maximum_range_days: int
    rate_limit_calls: int
    rate_limit_window_seconds: int
    daily_calls: int
    concurrent_calls: int
    lead_filter_updated_at: bool
    lead_filter_smart_list: bool
    audience_sharing: bool
    ssv_delimiter: str


def effective_settings(
    chosen: Mapping[str, int | bool | str], *, is_strict: bool
) -> SubscriptionSettings:
    """The values in force where `chosen` holds what was set by hand."""
    values = {setting.name: _default(setting, is_strict=is_strict) for setting in _TABLE}
    values.update((name, value) for name, value in chosen.items() if name in SETTINGS)
    return SubscriptionSettings(**values)  # type: ignore[arg-type]


def parse_setting(name: str, text: str) -> int | bool | str:
    """The value that `text` means for the setting `name`.

    Raises AdministrationError with the rule that it breaks.
    """
    setting = SETTINGS.get(name)
    if setting is None:
        raise AdministrationError(
            f"There is no setting '{name}'. Settings are: {', '.join(SETTINGS)}."
        )
    parsers: dict[type, Callable[[Setting, str], int | bool | str]] = {
        bool: _parse_boolean,
        int: _parse_integer,
        str: _parse_choice,
    }
    return parsers[type(setting.default)](setting, text)


def _default(setting: Setting, *, is_strict: bool) -> int | bool | str:
    if is_strict and setting.strict_default is not None:
        return setting.strict_default
    return setting.default


def _parse_boolean(setting: Setting, text: str) -> bool:
    words = {"true": True, "on": True, "yes": True, "false": False, "off": False, "no": False}
    if text.lower() not in words:
        raise AdministrationError(f"{setting.name} is true or false, not '{text}'.")
    return words[text.lower()]


def _parse_integer(setting: Setting, text: str) -> int:
    is_number = text.isascii() and text.isdigit() and len(text) <= len(str(setting.maximum))
    if not is_number or not setting.minimum <= int(text) <= setting.maximum:
        raise AdministrationError(
            f"{setting.name} is a whole number from {setting.minimum} to {setting.maximum},"
            f" not '{text}'."
        )
    return int(text)


def _parse_choice(setting: Setting, text: str) -> str:
    if text not in setting.choices:
        choices = " or ".join(f"'{choice}'" for choice in setting.choices)
        raise AdministrationError(f"{setting.name} is {choices}, not '{text}'.")
    return text
