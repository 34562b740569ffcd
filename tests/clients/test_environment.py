"""Where the package index cannot be reached: skipped with the reason, but a failure in CI."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.clients import environment

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def no_index(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(environment, "_CACHE", tmp_path)
    for name, value in {"PIP_CONFIG_FILE": "/dev/null", "PIP_NO_INDEX": "1"}.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("PIP_FIND_LINKS", raising=False)


def test_client_that_cannot_be_had__is_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("CI", raising=False)
    with pytest.raises(pytest.skip.Exception, match="marketorestpython could not be installed"):
        environment.client_environment("marketorestpython")


def test_client_that_cannot_be_had__fails_continuous_integration(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setenv("CI", "true")
    with pytest.raises(pytest.fail.Exception, match="marketorestpython could not be installed"):
        environment.client_environment("marketorestpython")
