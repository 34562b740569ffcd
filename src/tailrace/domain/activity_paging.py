"""Reading the activity log forwards: which activities, from which position on (contract 6.3, 6.4).

The log is in order of date, then GUID. A position is a place in that order and not a row, so a
token outlives whatever it was given for.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, NamedTuple

from tailrace.domain.errors import PagingTokenError
from tailrace.domain.instants import FIRST_SECOND, LAST_SECOND, second_of
from tailrace.domain.paging import position_of, position_token

if TYPE_CHECKING:
    from datetime import datetime

_PREFIX = "activity"

_LARGEST_GUID = 2**63 - 1

#: Of the largest GUID.
_MOST_DIGITS = 19


class ActivityPosition(NamedTuple):
    """A place between two activities: behind all up to this second and GUID."""

    #: Seconds since 1970.
    second: int
    guid: int

    @classmethod
    def before(cls, moment: datetime) -> ActivityPosition:
        """In front of everything in that second (contract section 6.4)."""
        return cls(second_of(moment), 0)

    @classmethod
    def of_token(cls, token: str) -> ActivityPosition:
        """The position inside a token of ours. Raises PagingTokenError for any other text."""
        prefix, _, numbers = position_of(token).partition(":")
        second, _, guid = numbers.partition(":")
        if prefix != _PREFIX or not (_is_number(second.removeprefix("-")) and _is_number(guid)):
            raise PagingTokenError
        position = cls(int(second), int(guid))
        if not FIRST_SECOND <= position.second <= LAST_SECOND or position.guid > _LARGEST_GUID:
            raise PagingTokenError
        return position

    @property
    def token(self) -> str:
        return position_token(f"{_PREFIX}:{self.second}:{self.guid}")


def _is_number(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS


@dataclass(frozen=True, slots=True)
class ChangedFields:
    """Which fields a change of a data value must be of."""

    ids: frozenset[int]
    #: Display names: what a loaded activity may have instead of an id.
    names: frozenset[str]


@dataclass(frozen=True, slots=True)
class ActivitySelection:
    """Which activities a reader wants; None does not restrict."""

    type_ids: frozenset[int]
    lead_ids: frozenset[int] | None = None
    #: Ids of the assets that the activities are about.
    primary_value_ids: frozenset[int] | None = None
    #: Restricts Change Data Value, and no other type.
    changed_fields: ChangedFields | None = None


class LoggedActivity(NamedTuple):
    """One activity as the log keeps it; its members are the log's columns in their order."""

    guid: int
    lead_id: int
    #: A whole second, UTC.
    at: datetime
    type_id: int
    campaign_id: int | None
    primary_value_id: int | None
    primary_value: str | None
    #: Compact JSON object by attribute name.
    attributes: str
    action_result: str | None

    @property
    def position(self) -> ActivityPosition:
        """Right behind this activity."""
        return ActivityPosition(second_of(self.at), self.guid)


@dataclass(frozen=True, slots=True)
class ActivityPage:
    activities: tuple[LoggedActivity, ...]
    #: Where the next page begins.
    end: ActivityPosition
    #: Whether another page may hold something now. This one may be short all the same.
    has_more: bool
