"""Inserting many rows: past SQLAlchemy's handling of each value, which costs more than SQLite's."""

from __future__ import annotations

from operator import itemgetter
from typing import TYPE_CHECKING, Any

from sqlalchemy import bindparam, insert, literal_column

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
    values: dict[str, Any] = {name: bindparam(name) for name in columns}
    for name, value in (constants or {}).items():
        values[name] = literal_column(str(int(value)))
    statement = insert(table).values(values)
    compiled = statement.compile(dialect=connection.dialect, column_keys=list(columns))
    if compiled.positional and compiled.positiontup is not None:
        in_order = itemgetter(*(columns.index(name) for name in compiled.positiontup))
        connection.exec_driver_sql(str(compiled), [in_order(row) for row in rows])
    else:
        connection.execute(statement, [dict(zip(columns, row, strict=True)) for row in rows])
