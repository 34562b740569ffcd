"""What fault tests have: homes whose lake is on a disk, and on object storage."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from tests.support.lakes import LAKES

if TYPE_CHECKING:
    from pathlib import Path

    from tests.support.object_storage import Bucket


@pytest.fixture(params=LAKES)
def either_lake(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Homes of this process and its children have their lake where the parameter says."""
    if request.param == "object storage":
        bucket: Bucket = request.getfixturevalue("bucket")
        monkeypatch.setenv("TAILRACE_LAKE", bucket.address)


@pytest.fixture
def place(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """Where a log is, in the words of `log_at`; on a disk unless the parameter says otherwise."""
    if getattr(request, "param", "directory") == "directory":
        return str(tmp_path / "activities")
    bucket: Bucket = request.getfixturevalue("bucket")
    return bucket.address
