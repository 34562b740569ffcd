"""Asset files to load, and every row that they may write."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from sqlalchemy import select

from tailrace.domain.asset_entries import EntryKind, Outcome
from tailrace.domain.errors import AdministrationError
from tailrace.ingest.assets import load_assets
from tailrace.store.tables import (
    campaign,
    channel,
    form,
    lead_field,
    program,
    program_member,
    smart_list,
    static_list,
    static_list_member,
)

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.app import Application

_TABLES = (
    lead_field,
    channel,
    program,
    campaign,
    static_list,
    static_list_member,
    form,
    smart_list,
    program_member,
)


class AssetLoader:
    """Loads texts as files of one directory."""

    def __init__(self, application: Application, directory: Path) -> None:
        self._application = application
        self._directory = directory

    def __call__(
        self, text: str, name: str = "assets.yaml", kind: EntryKind | None = None
    ) -> dict[str, dict[str, int]]:
        """What became of the entries, by kind; outcomes that none had are left out."""
        path = self._directory / name
        path.write_text(text, encoding="utf-8", newline="")
        report = load_assets(self._application, [path], kind)
        return {
            str(one): {str(outcome): found[outcome] for outcome in Outcome if found[outcome]}
            for one, found in report.counts.items()
        }

    def refusal(self, text: str, name: str = "assets.yaml", kind: EntryKind | None = None) -> str:
        """The sentence about a bad file, without its directory; nothing may be stored."""
        before = asset_rows(self._application)
        with pytest.raises(AdministrationError) as caught:
            self(text, name, kind)
        assert asset_rows(self._application) == before
        return str(caught.value).replace(f"{self._directory}/", "")


def asset_rows(application: Application) -> dict[str, list[tuple[object, ...]]]:
    """Every row that asset files may write."""
    with application.database.read() as connection:
        return {
            one.name: [tuple(row) for row in connection.execute(select(one))] for one in _TABLES
        }
