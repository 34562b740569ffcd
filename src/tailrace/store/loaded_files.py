"""Files that were loaded, known by their content, so that a second load repeats nothing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.tables import loaded_file, rejected_line

if TYPE_CHECKING:
    from collections.abc import Collection
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId


@dataclass(frozen=True, slots=True)
class FileKey:
    """One content loaded as one kind of record."""

    subscription_id: SubscriptionId
    kind: SequenceKind
    #: SHA-256 of the file's bytes, 64 lower-case hexadecimal digits.
    sha256: str

    @property
    def columns(self) -> dict[str, object]:
        return {
            "subscription_id": self.subscription_id,
            "kind": self.kind.value,
            "sha256": self.sha256,
        }


def open_lines(connection: Connection, key: FileKey) -> frozenset[int] | None:
    """The lines that a load of this content to its end had to reject; None if there was no such."""
    query = select(loaded_file.c.completed_at).filter_by(**key.columns)
    if connection.execute(query).scalar() is None:
        return None
    rejected = select(rejected_line.c.line).filter_by(**key.columns)
    return frozenset(connection.execute(rejected).scalars())


def reserved_numbers(connection: Connection, key: FileKey) -> int | None:
    """The first of the numbers reserved for the file's rows, if any are."""
    query = select(loaded_file.c.first_number).filter_by(**key.columns)
    return connection.execute(query).scalar()


def reserve_numbers(connection: Connection, key: FileKey, count: int, *, at_least: int = 1) -> int:
    """The first of `count` numbers that belong to this file: the same at every load of it."""
    known = reserved_numbers(connection, key)
    if known is not None:
        return known
    first = take_numbers(connection, key.subscription_id, key.kind, count, at_least=at_least)
    connection.execute(insert(loaded_file).values(**key.columns, first_number=first))
    return first


def mark_completed(
    connection: Connection, key: FileKey, now: datetime, rejected_lines: Collection[int] = ()
) -> None:
    """Remember that every row of the file is stored but those of `rejected_lines`."""
    reserve_numbers(connection, key, 0)
    connection.execute(update(loaded_file).filter_by(**key.columns).values(completed_at=now))
    connection.execute(delete(rejected_line).filter_by(**key.columns))
    if rejected_lines:
        rows = [{**key.columns, "line": line} for line in rejected_lines]
        connection.execute(insert(rejected_line), rows)
