"""Rows of loaded files that were rejected."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rejected_line",
        sa.Column("subscription_id", sa.Integer(), nullable=False),
        sa.Column("kind", sa.String(16), nullable=False),
        sa.Column("sha256", sa.String(64), nullable=False),
        sa.Column("line", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id", "kind", "sha256"],
            ["loaded_file.subscription_id", "loaded_file.kind", "loaded_file.sha256"],
        ),
        sa.PrimaryKeyConstraint("subscription_id", "kind", "sha256", "line"),
    )
