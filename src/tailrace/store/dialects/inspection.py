"""What a database tells of itself, asked as each one wants it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from sqlalchemy import text

from tailrace.store.dialects.expressions import POSTGRESQL, SQLITE

if TYPE_CHECKING:
    from sqlalchemy import Connection

_INDEXES: Final = {
    SQLITE: "SELECT 1 FROM sqlite_master WHERE type = 'index' AND name = :name",
    POSTGRESQL: "SELECT 1 FROM pg_class WHERE relkind = 'i' AND relname = :name"
    " AND relnamespace = current_schema()::regnamespace",
}


def has_index(connection: Connection, name: str) -> bool:
    query = text(_INDEXES[connection.dialect.name])
    return connection.execute(query, {"name": name}).first() is not None
