"""Result files on a directory: publish, open, delete."""

from __future__ import annotations

import hashlib
import os
from typing import TYPE_CHECKING

import pytest

from tailrace.domain.errors import ExportFileNotFoundError
from tailrace.domain.export_job import ExportId, ResultFile, SubscriptionId
from tailrace.files.directory import FileDirectory, part_name, result_name

if TYPE_CHECKING:
    from pathlib import Path

SUBSCRIPTION = SubscriptionId(3)
EXPORT = ExportId("5fd8a7f4-7a57-4f4b-9a4f-3a8d1ad7a9c1")


@pytest.fixture
def files(tmp_path: Path) -> FileDirectory:
    return FileDirectory(tmp_path / "files")


def publish(files: FileDirectory, content: bytes = b"a\n1\n", fence: int = 1) -> ResultFile:
    with files.writer(SUBSCRIPTION, EXPORT, fence) as out:
        out.write(content)
        out.add_rows(1)
        return out.publish()


def test_publish__says_what_the_file_is(files: FileDirectory) -> None:
    content = b"a\n1\n"
    assert publish(files, content, fence=7) == ResultFile(
        name=f"{EXPORT}.7.csv",
        size_bytes=4,
        sha256=hashlib.sha256(content).hexdigest(),
        row_count=1,
    )


def test_file__is_a_part_until_it_is_published(files: FileDirectory) -> None:
    with files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        assert files.names(SUBSCRIPTION) == {part_name(EXPORT, 1)}
        out.publish()
    assert files.names(SUBSCRIPTION) == {result_name(EXPORT, 1)}


def test_file_left_unpublished__is_removed(files: FileDirectory) -> None:
    with files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        out.write(b"a\n")
    assert files.names(SUBSCRIPTION) == set()


def test_error_while_writing__removes_the_part(files: FileDirectory) -> None:
    with pytest.raises(KeyError), files.writer(SUBSCRIPTION, EXPORT, 1):
        raise KeyError
    assert files.names(SUBSCRIPTION) == set()


def test_attempts__do_not_touch_each_other(files: FileDirectory) -> None:
    with files.writer(SUBSCRIPTION, EXPORT, 1) as slow:
        slow.write(b"old")
        name = publish(files, b"new", fence=2).name
    with files.open(SUBSCRIPTION, name) as file:
        assert os.pread(file.fd, 10, 0) == b"new"


def test_part_of_the_same_attempt__is_written_anew(files: FileDirectory, tmp_path: Path) -> None:
    directory = tmp_path / "files" / str(SUBSCRIPTION)
    directory.mkdir(parents=True)
    (directory / part_name(EXPORT, 1)).write_bytes(b"left behind by a killed process")
    assert publish(files, b"a\n").size_bytes == 2


def test_open_file__has_its_size_and_bytes(files: FileDirectory) -> None:
    name = publish(files, b"0123456789").name
    with files.open(SUBSCRIPTION, name) as file:
        assert file.size_bytes == 10
        assert os.pread(file.fd, 3, 4) == b"456"


def test_open_file__is_read_on_after_it_was_deleted(files: FileDirectory) -> None:
    name = publish(files, b"0123456789").name
    with files.open(SUBSCRIPTION, name) as file:
        files.delete(SUBSCRIPTION, name)
        assert os.pread(file.fd, 10, 0) == b"0123456789"
    with pytest.raises(ExportFileNotFoundError):
        files.open(SUBSCRIPTION, name)


def test_delete__of_what_is_not_there_is_done(files: FileDirectory) -> None:
    files.delete(SUBSCRIPTION, "gone.csv")


def test_names__of_another_subscription_are_not_there(files: FileDirectory) -> None:
    name = publish(files).name
    other = SubscriptionId(4)
    assert files.names(other) == set()
    with pytest.raises(ExportFileNotFoundError):
        files.open(other, name)


@pytest.mark.parametrize("name", ["../3/x.csv", "/etc/passwd", "..", ".", ""])
def test_path_in_place_of_a_name__is_refused(files: FileDirectory, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        files.open(SUBSCRIPTION, name)


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
