"""Links and file names in the documentation lead somewhere."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import pytest

from tests.docs.pages import PAGES, ROOT

if TYPE_CHECKING:
    from pathlib import Path

page_of = pytest.mark.parametrize("path", PAGES, ids=lambda path: str(path.relative_to(ROOT)))


@page_of
def test_relative_links__lead_to_a_file(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8")):
        if not target.startswith("https://"):
            assert (path.parent / target).exists(), target


@page_of
def test_file_names__are_of_files_that_exist(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    for name in re.findall(r"`((?:src|tests|benchmarks|scripts|docs)/[\w./-]+)`", text):
        assert (ROOT / name).exists(), name


@page_of
def test_tasks_that_are_named__exist(path: Path) -> None:
    tasks = set(re.findall(r"^([a-z]+):", (ROOT / "Makefile").read_text(), re.MULTILINE))
    named = re.findall(r"(?:^|`)make ([a-z]+)", path.read_text(encoding="utf-8"), re.MULTILINE)
    assert set(named) <= tasks


def test_architecture__names_every_part() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    parts = {path.parent.name for path in ROOT.glob("src/tailrace/*/__init__.py")}
    modules = {path.name for path in ROOT.glob("src/tailrace/*.py")} - {
        "__init__.py",
        "__main__.py",
    }
    assert {f"`{part}/`" for part in parts} <= set(re.findall(r"`[\w/]+/`", text))
    assert all(f"`{module}`" in text for module in modules)
