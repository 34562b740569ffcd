"""Channels made: by an administrator, or when the first program wants a standard one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, update

from tailrace.domain.errors import AdministrationError
from tailrace.domain.programs import (
    DEFAULT_STATUSES,
    STANDARD_CHANNELS,
    Channel,
    ProgressionStatus,
)
from tailrace.store.asset_query import find_channels
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.tables import channel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId


def create_channel(
    connection: Connection,
    subscription_id: SubscriptionId,
    *,
    name: str,
    applicable_program_type: str,
    statuses: Sequence[ProgressionStatus],
    now: datetime,
    description: str | None = None,
) -> Channel:
    """A new channel whose statuses are numbered. Raises AdministrationError if it exists."""
    if find_channels(connection, subscription_id, name):
        raise AdministrationError(f"There is a channel '{name}' already.")
    channel_id = take_numbers(connection, subscription_id, SequenceKind.ASSET, 1)
    numbered = _numbered(connection, subscription_id, statuses)
    connection.execute(
        insert(channel).values(
            subscription_id=subscription_id,
            id=channel_id,
            name=name,
            description=description,
            applicable_program_type=applicable_program_type,
            statuses=msgspec.json.encode(numbered).decode(),
            created_at=now,
        )
    )
    return find_channels(connection, subscription_id, name)[0]


def change_channel(
    connection: Connection,
    subscription_id: SubscriptionId,
    known: Channel,
    *,
    applicable_program_type: str,
    statuses: Sequence[ProgressionStatus],
    description: str | None,
    now: datetime,
) -> bool:
    """Make a channel so; whether anything of it was otherwise. Statuses keep their numbers."""
    ids = {one.name: one.id for one in known.statuses}
    kept = [
        msgspec.structs.replace(one, id=ids.get(one.name, 0))
        for one in sorted(statuses, key=lambda status: status.step)
    ]
    wanted = (applicable_program_type, tuple(kept), description)
    if wanted == (known.applicable_program_type, known.statuses, known.description):
        return False
    new = [one for one in kept if not one.id]
    numbers = {one.name: one.id for one in _numbered(connection, subscription_id, new)}
    numbered = [msgspec.structs.replace(one, id=one.id or numbers[one.name]) for one in kept]
    connection.execute(
        update(channel)
        .where(channel.c.subscription_id == subscription_id, channel.c.id == known.id)
        .values(
            applicable_program_type=applicable_program_type,
            statuses=msgspec.json.encode(numbered).decode(),
            description=description,
            updated_at=now,
        )
    )
    return True


def ensure_channel(
    connection: Connection, subscription_id: SubscriptionId, name: str, now: datetime
) -> Channel:
    """The channel of this name; a standard one is made if need be.

    Raises AdministrationError for any other that does not exist.
    """
    found = find_channels(connection, subscription_id, name)
    if found:
        return found[0]
    standard = STANDARD_CHANNELS.get(name)
    if standard is None:
        known = ", ".join(STANDARD_CHANNELS)
        raise AdministrationError(
            f"There is no channel '{name}'. Make it first, or use a standard one: {known}."
        )
    return create_channel(
        connection,
        subscription_id,
        name=name,
        applicable_program_type=standard.applicable_program_type,
        statuses=standard.statuses,
        now=now,
    )


def statuses_of_channel(
    connection: Connection, subscription_id: SubscriptionId, name: str
) -> tuple[ProgressionStatus, ...]:
    """The statuses of a program's channel, or those of every program where it has none."""
    found = find_channels(connection, subscription_id, name)
    return found[0].statuses if found and found[0].statuses else DEFAULT_STATUSES


def _numbered(
    connection: Connection,
    subscription_id: SubscriptionId,
    statuses: Sequence[ProgressionStatus],
) -> list[ProgressionStatus]:
    """The statuses by step, each with an id of its own."""
    first = take_numbers(
        connection, subscription_id, SequenceKind.PROGRESSION_STATUS, len(statuses)
    )
    by_step = sorted(statuses, key=lambda status: status.step)
    return [
        msgspec.structs.replace(status, id=number) for number, status in enumerate(by_step, first)
    ]
