"""Inserting many rows, as each database takes them fastest."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, literal_column

from tailrace.store.dialects.expressions import POSTGRESQL
from tailrace.store.dialects.postgresql import copy_to_postgresql
from tailrace.store.dialects.sqlite import insert_on_sqlite

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from sqlalchemy import Connection, Table

    #: What every driver takes as it is.
    PlainValue = str | int | bool | None


def insert_rows(
    connection: Connection,
    table: Table,
    columns: Sequence[str],
    rows: Sequence[Sequence[PlainValue]],
    constants: Mapping[str, int] | None = None,
) -> None:
    """Insert rows of values in the order of two or more `columns`; the others are NULL.

    Values go to the driver as they are, so instants must be microseconds already. The fewer
    columns, the faster: each costs as much as the row itself. `constants` are whole numbers that
    all rows hold, and are said once.
    """
    if not rows:
        return
    constants = constants or {}
    if connection.dialect.name == POSTGRESQL:
        shared = tuple(map(int, constants.values()))
        every_row = ((*row, *shared) for row in rows) if shared else rows
        copy_to_postgresql(connection, table, [*columns, *constants], every_row)
        return
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    for name, value in constants.items():
        values[name] = literal_column(str(int(value)))
    insert_on_sqlite(connection, insert(table).values(values), columns, rows)
