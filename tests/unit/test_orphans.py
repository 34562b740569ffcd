"""Orphans of a table: a file that any version names is none, however the log is laid out."""

from __future__ import annotations

from typing import TYPE_CHECKING

import polars as pl
import pytest

from tailrace.lake.directory_storage import DirectoryStorage
from tailrace.lake.orphans import orphans
from tailrace.lake.table_storage import LOG_DIRECTORY

if TYPE_CHECKING:
    from pathlib import Path

FUTURE = 4_000_000_000.0
VERSION = "00000000000000000010"


@pytest.mark.parametrize(
    "checkpoint",
    [
        f"{VERSION}.checkpoint.parquet",
        f"{VERSION}.checkpoint.0000000001.0000000001.parquet",
        f"{VERSION}.checkpoint.80a083e8-7026-4e79-81be-64bd76c43a11.parquet",
        "_sidecars/3a0d65cd-4056-49b8-937b-95f9e3ee90e5.parquet",
    ],
)
def test_file_that_only_a_checkpoint_names__is_no_orphan(tmp_path: Path, checkpoint: str) -> None:
    day = tmp_path / "activityDay=2026-01-01"
    day.mkdir()
    for name in ("kept.parquet", "removed.parquet", "orphan.parquet"):
        (day / name).touch()
    written = tmp_path / LOG_DIRECTORY / checkpoint
    written.parent.mkdir(parents=True)
    actions = pl.DataFrame(
        {
            "add": [{"path": f"{day.name}/kept.parquet"}, None],
            "remove": [None, {"path": f"{day.name}/removed.parquet"}],
        }
    )
    actions.write_parquet(written)
    assert orphans(DirectoryStorage(tmp_path), set(), before=FUTURE) == [
        f"{day.name}/orphan.parquet"
    ]
