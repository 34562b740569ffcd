"""The Range header: which bytes of a file a client asks for (RFC 9110 section 14, contract 3.8).

Time is linear in the length of the header, whatever is in it.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from tailrace.domain.errors import UnsatisfiableRangeError

# Several ranges hold a comma, so they do not match: they mean the whole file, as RFC 9110 allows.
_RANGE = re.compile(r"bytes=([0-9]*)-([0-9]*)", re.ASCII | re.IGNORECASE)

#: More digits than any file size has: Python refuses to convert thousands of them.
_MOST_DIGITS = 20


@dataclass(frozen=True, slots=True)
class ByteRange:
    #: Both ends are inclusive.
    first: int
    last: int

    @property
    def length(self) -> int:
        return self.last - self.first + 1


def parse_range(header: str | None, size_bytes: int) -> ByteRange | None:
    """The bytes asked for, cut to the file; None means the whole file.

    An absent or malformed header, another unit, a range that ends before it starts and several
    ranges all mean the whole file. Raises UnsatisfiableRangeError for a range without any byte.
    """
    match = _RANGE.fullmatch(header.strip(" \t")) if header else None
    if match is None:
        return None
    first, last = match[1].lstrip("0"), match[2].lstrip("0")
    if not match[1]:
        return _suffix(_number(last), size_bytes) if match[2] else None
    if match[2] and (len(first), first) > (len(last), last):
        return None
    if _number(first) >= size_bytes:
        raise UnsatisfiableRangeError(size_bytes)
    end = size_bytes - 1
    return ByteRange(_number(first), min(_number(last), end) if match[2] else end)


def _suffix(length: int, size_bytes: int) -> ByteRange:
    if length == 0 or size_bytes == 0:
        raise UnsatisfiableRangeError(size_bytes)
    return ByteRange(max(0, size_bytes - length), size_bytes - 1)


def _number(digits: str) -> int:
    """The value of digits without leading zeros, up to a bound above every file size."""
    if len(digits) > _MOST_DIGITS:
        return 10**_MOST_DIGITS
    return int(digits or "0")
