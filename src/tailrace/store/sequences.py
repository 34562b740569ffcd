"""Numbers that a subscription gives to its records, each once, in ascending order."""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING

from sqlalchemy import insert, select, update

from tailrace.store.tables import sequence

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId


class SequenceKind(StrEnum):
    """What is numbered."""

    LEAD = "lead"
    #: GUIDs of activities that happen here.
    ACTIVITY = "activity"
    #: GUIDs given to loaded activities that came without one, a block a file.
    LOADED_ACTIVITY = "loaded_activity"
    #: Programs, channels, forms, campaigns, static and smart lists share one range.
    ASSET = "asset"
    #: Bulk lead imports.
    LEAD_IMPORT = "lead_import"
    PROGRAM_MEMBER = "program_member"
    #: Statuses of channels, as activities number them.
    PROGRESSION_STATUS = "progression_status"


#: GUIDs below are Marketo's or our own; those given to loaded rows start here and meet neither.
FIRST_LOADED_ACTIVITY = 10**15

_FIRST_NUMBER = {SequenceKind.LOADED_ACTIVITY: FIRST_LOADED_ACTIVITY, SequenceKind.ASSET: 1001}


def next_number(connection: Connection, subscription_id: SubscriptionId, kind: SequenceKind) -> int:
    """The number that would be given next."""
    key = {"subscription_id": subscription_id, "kind": kind.value}
    stored = connection.execute(select(sequence.c.next_value).filter_by(**key)).scalar()
    return _FIRST_NUMBER.get(kind, 1) if stored is None else stored


def take_numbers(
    connection: Connection,
    subscription_id: SubscriptionId,
    kind: SequenceKind,
    count: int,
    *,
    at_least: int = 1,
) -> int:
    """Reserve `count` numbers in a row, none below `at_least`, and return the first of them."""
    first = max(next_number(connection, subscription_id, kind), at_least)
    _set_next_number(connection, subscription_id, kind, first + count)
    return first


def pass_number(
    connection: Connection, subscription_id: SubscriptionId, kind: SequenceKind, number: int
) -> None:
    """See to it that `number`, which a record brought along, is never given out."""
    if next_number(connection, subscription_id, kind) <= number:
        _set_next_number(connection, subscription_id, kind, number + 1)


def _set_next_number(
    connection: Connection, subscription_id: SubscriptionId, kind: SequenceKind, value: int
) -> None:
    key = {"subscription_id": subscription_id, "kind": kind.value}
    changed = connection.execute(update(sequence).filter_by(**key).values(next_value=value))
    if changed.rowcount == 0:
        connection.execute(insert(sequence).values(**key, next_value=value))
