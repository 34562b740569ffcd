"""Result files, wherever they are kept: publish, open, delete."""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING

import pytest

from tailrace.domain.errors import ExportFileNotFoundError
from tailrace.domain.export_job import ExportId, ResultFile, SubscriptionId
from tailrace.files.result_files import result_name

if TYPE_CHECKING:
    from tailrace.files.result_files import ResultFiles

SUBSCRIPTION = SubscriptionId(3)
EXPORT = ExportId("5fd8a7f4-7a57-4f4b-9a4f-3a8d1ad7a9c1")


def publish(result_files: ResultFiles, content: bytes = b"a\n1\n", fence: int = 1) -> ResultFile:
    with result_files.writer(SUBSCRIPTION, EXPORT, fence) as out:
        out.write(content)
        out.add_rows(1)
        return out.publish()


def test_publish__says_what_the_file_is(result_files: ResultFiles) -> None:
    content = b"a\n1\n"
    assert publish(result_files, content, fence=7) == ResultFile(
        name=f"{EXPORT}.7.csv",
        size_bytes=4,
        sha256=hashlib.sha256(content).hexdigest(),
        row_count=1,
    )


def test_file__has_its_name_once_it_is_published(result_files: ResultFiles) -> None:
    with result_files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        out.write(b"a\n")
        assert result_name(EXPORT, 1) not in result_files.names(SUBSCRIPTION)
        out.publish()
    assert result_files.names(SUBSCRIPTION) == {result_name(EXPORT, 1)}


def test_file_left_unpublished__is_not_there(result_files: ResultFiles) -> None:
    with result_files.writer(SUBSCRIPTION, EXPORT, 1) as out:
        out.write(b"a\n")
    assert result_files.names(SUBSCRIPTION) == set()


def test_error_while_writing__leaves_nothing(result_files: ResultFiles) -> None:
    with pytest.raises(KeyError), result_files.writer(SUBSCRIPTION, EXPORT, 1):
        raise KeyError
    assert result_files.names(SUBSCRIPTION) == set()


def test_attempts__do_not_touch_each_other(result_files: ResultFiles) -> None:
    with result_files.writer(SUBSCRIPTION, EXPORT, 1) as slow:
        slow.write(b"old")
        name = publish(result_files, b"new", fence=2).name
    with result_files.open(SUBSCRIPTION, name) as file:
        assert file.read(0, 10) == b"new"


def test_open_file__has_its_size_and_bytes(result_files: ResultFiles) -> None:
    name = publish(result_files, b"0123456789").name
    with result_files.open(SUBSCRIPTION, name) as file:
        assert file.size_bytes == 10
        assert file.read(4, 3) == b"456"


def test_open_file__is_read_on_after_it_was_deleted(result_files: ResultFiles) -> None:
    name = publish(result_files, b"0123456789").name
    with result_files.open(SUBSCRIPTION, name) as file:
        result_files.delete(SUBSCRIPTION, name)
        assert file.read(0, 10) == b"0123456789"
    with pytest.raises(ExportFileNotFoundError):
        result_files.open(SUBSCRIPTION, name)


def test_delete__of_what_is_not_there_is_done(result_files: ResultFiles) -> None:
    result_files.delete(SUBSCRIPTION, "gone.csv")


def test_names__of_another_subscription_are_not_there(result_files: ResultFiles) -> None:
    name = publish(result_files).name
    other = SubscriptionId(4)
    assert result_files.names(other) == set()
    with pytest.raises(ExportFileNotFoundError):
        result_files.open(other, name)


@pytest.mark.parametrize("name", ["../3/x.csv", "/etc/passwd", "..", ".", ""])
def test_path_in_place_of_a_name__is_refused(result_files: ResultFiles, name: str) -> None:
    with pytest.raises(ValueError, match="name"):
        result_files.open(SUBSCRIPTION, name)
