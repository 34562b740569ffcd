"""A batch of activities taken in by one call, and what became of it."""

from __future__ import annotations

from datetime import timedelta

from msgspec import Struct

#: Rejected lines that an answer lists one by one.
MAXIMUM_LISTED_REJECTIONS = 100

#: How long a batch is known by its idempotency key.
KEY_MEMORY = timedelta(hours=24)

MAXIMUM_KEY_CHARACTERS = 255


class RejectedLine(Struct, frozen=True):
    """A line that was not taken."""

    #: Its number, the first line of the body being 1.
    line: int
    #: The member that is wrong; empty where the line as a whole is.
    field: str
    reason: str


class BatchOutcome(Struct, frozen=True, rename="camel", omit_defaults=True, kw_only=True):
    """What became of a batch; the activities that were taken are in the log, durably."""

    accepted: int
    rejected: int
    #: Of the activities taken: they have all numbers from the first to the last, in their order.
    first_guid: int | None = None
    last_guid: int | None = None
    #: The first hundred lines that were not taken.
    rejections: list[RejectedLine]
