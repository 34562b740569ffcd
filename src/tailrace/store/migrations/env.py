"""Alembic's entry point: migrate on the connection that `upgrade` brings."""

from __future__ import annotations

from alembic import context

from tailrace.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
context.run_migrations()
