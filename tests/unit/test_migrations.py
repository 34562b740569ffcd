"""The migrations make exactly the tables that the queries name."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory

from tailrace.domain.errors import HomeError
from tailrace.store.database import Database
from tailrace.store.migrations import HEAD_REVISION
from tailrace.store.migrations.upgrade import alembic_config
from tailrace.store.tables import metadata
from tests.support.stores import STORES, new_store

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize("store", STORES)
def test_migrated_database__has_the_tables_of_the_program(tmp_path: Path, store: str) -> None:
    with new_store(tmp_path, store).read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_head_revision__is_the_newest_migration() -> None:
    assert ScriptDirectory.from_config(alembic_config()).get_heads() == [HEAD_REVISION]


def test_migrate__changes_nothing_the_second_time(tmp_path: Path) -> None:
    database = Database(tmp_path / "tailrace.db")
    database.migrate()
    database.close()
    before = (tmp_path / "tailrace.db").read_bytes()
    again = Database(tmp_path / "tailrace.db")
    again.migrate()
    again.close()
    assert (tmp_path / "tailrace.db").read_bytes() == before


def test_database_of_a_later_program__is_refused_and_left_alone(tmp_path: Path) -> None:
    database = Database(tmp_path / "tailrace.db")
    database.migrate()
    with database.write() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(HomeError, match="9999"):
        database.migrate()
    with database.read() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []
    database.close()
