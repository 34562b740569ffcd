"""Running the migrations with Alembic within an open transaction."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from alembic import command
from alembic.config import Config
from alembic.util import CommandError

from tailrace.domain.errors import HomeError

if TYPE_CHECKING:
    from sqlalchemy import Connection


def upgrade(connection: Connection) -> None:
    """Apply every migration that the database lacks, within the caller's transaction.

    Raises HomeError if that is impossible, such as for a database of a later program.
    """
    config = alembic_config()
    config.attributes["connection"] = connection
    try:
        command.upgrade(config, "head")
    except CommandError as error:
        raise HomeError(f"The database cannot be brought up to date: {error}.") from error


def alembic_config() -> Config:
    """Alembic's settings without a file."""
    config = Config()
    config.set_main_option("script_location", str(Path(__file__).parent).replace("%", "%%"))
    return config
