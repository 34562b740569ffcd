"""Which writers take turns: a transaction that writes names what it must have to itself.

Theory of operation: SQLite has one writer at a time, whatever the turn. On PostgreSQL a turn is a
lock that is held to the transaction's end, so transactions with the same turn follow each other
as if there were no others, and what one has read cannot change before it writes. `EVERYTHING`
waits for every other turn and keeps every other waiting: right for what is rare. No transaction
takes two turns, so none waits for another in a circle.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum
from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from tailrace.domain.export_job import SubscriptionId


class TurnKind(IntEnum):
    EVERYTHING = 0
    RECORDS = 1
    JOBS = 2
    CLAIMS = 3
    TOKENS = 4
    COUNTS = 5
    #: Of whoever writes to a lake elsewhere: held besides transactions, never within one.
    LAKE = 6


@dataclass(frozen=True, slots=True)
class Turn:
    kind: TurnKind
    #: 0 for what concerns all of them.
    subscription_id: int = 0


EVERYTHING: Final = Turn(TurnKind.EVERYTHING)

#: Who runs which export job or import: claims and leases of all subscriptions.
CLAIMS: Final = Turn(TurnKind.CLAIMS)

#: Access tokens, given out and forgotten.
TOKENS: Final = Turn(TurnKind.TOKENS)

#: Counts of calls and errors.
COUNTS: Final = Turn(TurnKind.COUNTS)


def records_of(subscription_id: SubscriptionId) -> Turn:
    """Leads, lists, members and activities of a subscription, and the numbers given to them.

    GUIDs of activities ascend in the order of commits because their writers take this turn.
    """
    return Turn(TurnKind.RECORDS, subscription_id)


def jobs_of(subscription_id: SubscriptionId) -> Turn:
    """What API users do with the export jobs and imports of a subscription."""
    return Turn(TurnKind.JOBS, subscription_id)
