"""The Range header against a naive reading of RFC 9110, and its time against its length."""

from __future__ import annotations

import re
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.domain.errors import UnsatisfiableRangeError
from tailrace.files.byte_range import parse_range

digits = st.text("0123456789", max_size=30)
specifiers = st.one_of(
    st.builds("{}-{}".format, digits, digits),
    st.integers(0, 30).flatmap(
        lambda first: st.integers(0, 40).map(lambda more: f"{first}-{first + more}")
    ),
    st.text("0123456789-, x", max_size=12),
)
headers = st.one_of(
    st.builds("bytes={}".format, specifiers),
    st.builds("{}={}".format, st.sampled_from(["Bytes", "items", ""]), specifiers),
    st.text(max_size=20),
)


def naive(header: str, size: int) -> tuple[int, int] | str:
    """`whole`, `unsatisfiable`, or first and last byte."""
    unit, _, specifier = header.strip(" \t").partition("=")
    if unit.lower() != "bytes" or not re.fullmatch("[0-9]*-[0-9]*", specifier):
        return "whole"
    first, last = specifier.split("-")
    if not first and not last:
        return "whole"
    if first and last and int(first) > int(last):
        return "whole"
    wanted = set(range(size))
    if first:
        wanted &= set(range(min(int(first), size), size))
        wanted &= set(range(min(int(last), size) + 1)) if last else wanted
    else:
        wanted &= set(range(max(0, size - int(last)), size))
    return (min(wanted), max(wanted)) if wanted else "unsatisfiable"


def parsed(header: str, size: int) -> tuple[int, int] | str:
    try:
        found = parse_range(header, size)
    except UnsatisfiableRangeError:
        return "unsatisfiable"
    return "whole" if found is None else (found.first, found.last)


@given(header=headers, size=st.integers(0, 40))
def test_range__is_what_a_naive_reading_says(header: str, size: int) -> None:
    assert parsed(header, size) == naive(header, size)


@pytest.mark.parametrize(
    "header",
    [
        "bytes=" + "1" * 10**6,
        "bytes=" + "1" * 10**6 + "-" + "1" * 10**6,
        "bytes=" + "0" * 10**6 + "-",
        "bytes=-" + "9" * 10**6,
        "bytes=" + "-" * 10**6,
        "bytes=" + "0-0," * 250_000,
        "bytes=" + " " * 10**6,
        " \t" * 500_000 + "bytes=0-0",
        "b" * 10**6,
    ],
)
def test_header_of_a_megabyte__takes_no_time(header: str) -> None:
    started = time.process_time()
    parsed(header, 1000)
    assert time.process_time() - started < 0.5
