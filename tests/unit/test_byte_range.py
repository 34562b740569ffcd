"""The Range header, rule by rule (contract section 3.8)."""

from __future__ import annotations

import pytest

from tailrace.domain.errors import UnsatisfiableRangeError
from tailrace.files.byte_range import ByteRange, parse_range

SIZE = 1000


@pytest.mark.parametrize(
    ("header", "first", "last"),
    [
        ("bytes=0-0", 0, 0),
        ("bytes=0-", 0, 999),
        ("bytes=5-9", 5, 9),
        ("bytes=999-999", 999, 999),
        ("bytes=900-5000", 900, 999),
        ("bytes=900-" + "9" * 5000, 900, 999),
        ("bytes=-1", 999, 999),
        ("bytes=-1000", 0, 999),
        ("bytes=-5000", 0, 999),
        ("bytes=-" + "9" * 5000, 0, 999),
        ("bytes=" + "0" * 5000 + "7-" + "0" * 5000 + "8", 7, 8),
        ("BYTES=1-2", 1, 2),
        (" bytes=1-2\t", 1, 2),
    ],
)
def test_one_range__is_cut_to_the_file(header: str, first: int, last: int) -> None:
    found = parse_range(header, SIZE)
    assert found == ByteRange(first, last)
    assert ByteRange(first, last).length == last - first + 1


@pytest.mark.parametrize(
    "header",
    [
        None,
        "",
        "bytes",
        "bytes=",
        "bytes=-",
        "bytes=a-b",
        "bytes=1",
        "bytes=5-2",
        "bytes=" + "9" * 50 + "-" + "8" * 50,
        "bytes=1-2-3",
        "bytes=--5",
        "bytes=+1-2",
        "bytes=1 - 2",
        "bytes 1-2",
        "bytes=0x1-2",
        "bytes=٣-٤",
        "lines=1-2",
        "bytes=0-1,3-4",
        "bytes=0-1,",
        ",bytes=0-1",
        "bytes=1-2\n",
    ],
)
def test_anything_else__means_the_whole_file(header: str | None) -> None:
    assert parse_range(header, SIZE) is None


@pytest.mark.parametrize(
    "header",
    ["bytes=1000-", "bytes=1000-1001", "bytes=" + "9" * 5000 + "-", "bytes=-0", "bytes=-000"],
)
def test_range_without_a_byte__is_unsatisfiable(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError) as raised:
        parse_range(header, SIZE)
    assert raised.value.size_bytes == SIZE


@pytest.mark.parametrize("header", ["bytes=0-", "bytes=-5", "bytes=0-0"])
def test_empty_file__has_no_satisfiable_range(header: str) -> None:
    with pytest.raises(UnsatisfiableRangeError):
        parse_range(header, 0)
