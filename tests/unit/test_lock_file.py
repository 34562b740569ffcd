"""requirements.lock: complete, with hashes, and without a word of where packages come from."""

from __future__ import annotations

import re
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")


def requirement_names() -> list[str]:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    every = [
        *project["project"]["dependencies"],
        *project["project"]["optional-dependencies"]["test"],
        *project["build-system"]["requires"],
    ]
    return [re.split(r"[\[<>=;~! ]", requirement)[0] for requirement in every]


@pytest.mark.parametrize("name", requirement_names())
def test_requirement__is_pinned_with_a_hash(name: str) -> None:
    pinned = rf"^{re.escape(name.lower())}==[\w.]+[^\n]*\\\n    --hash=sha256:[0-9a-f]{{64}}"
    assert re.search(pinned, LOCK, re.MULTILINE), f"run `make lock`: {name}"


def test_lock__names_no_address() -> None:
    assert not re.search(r"://|--index-url|--extra-index|--find-links|--trusted-host", LOCK)


def test_every_requirement__has_hashes() -> None:
    pinned = re.findall(r"^[a-z0-9][^\n]*==", LOCK, re.MULTILINE)
    hashed = re.findall(r"^[a-z0-9][^\n]*\\\n    --hash=sha256:", LOCK, re.MULTILINE)
    assert len(pinned) == len(hashed) > 50
