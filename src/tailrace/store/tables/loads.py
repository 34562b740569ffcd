"""What is remembered of loaded files besides that they were loaded."""

from __future__ import annotations

from sqlalchemy import BigInteger, Column, ForeignKeyConstraint, Integer, String, Table

from tailrace.store.tables.base import metadata

#: Rows of a loaded file that were rejected: the only ones that another load of it looks at.
rejected_line = Table(
    "rejected_line",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    Column("line", BigInteger, primary_key=True, autoincrement=False),
    ForeignKeyConstraint(
        ["subscription_id", "kind", "sha256"],
        ["loaded_file.subscription_id", "loaded_file.kind", "loaded_file.sha256"],
    ),
)
