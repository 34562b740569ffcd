"""Result files on a directory: what no other place for them does."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tailrace.domain.export_job import ExportId, SubscriptionId
from tailrace.files.directory import FileDirectory
from tailrace.files.result_files import part_name

if TYPE_CHECKING:
    from pathlib import Path

SUBSCRIPTION = SubscriptionId(3)
EXPORT = ExportId("5fd8a7f4-7a57-4f4b-9a4f-3a8d1ad7a9c1")


@pytest.fixture
def files(tmp_path: Path) -> FileDirectory:
    return FileDirectory(tmp_path / "files")


def test_file__is_a_part_until_it_is_published(files: FileDirectory) -> None:
    with files.writer(SUBSCRIPTION, EXPORT, 1):
        assert files.names(SUBSCRIPTION) == {part_name(EXPORT, 1)}


def test_part_of_the_same_attempt__is_written_anew(files: FileDirectory, tmp_path: Path) -> None:
    directory = tmp_path / "files" / str(SUBSCRIPTION)
    directory.mkdir(parents=True)
    (directory / part_name(EXPORT, 1)).write_bytes(b"left behind by a killed process")
    with files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        out.write(b"a\n")
        assert out.publish().size_bytes == 2


def test_large_file__is_the_same_after_early_flushes(files: FileDirectory) -> None:
    piece = bytes(range(256)) * 65_536
    with files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        for _ in range(9):
            out.write(piece)
        result = out.publish()
    assert result.size_bytes == 9 * len(piece)
    assert result.sha256 == hashlib.sha256(piece * 9).hexdigest()
    with files.open(SUBSCRIPTION, result.name) as file:
        assert file.size_bytes == result.size_bytes
