"""Conditional request headers against the strong entity tag of a result file (RFC 9110 section 13).

Dates are never compared: result files carry no Last-Modified, because the tag is their content.
"""

from __future__ import annotations

import re
from enum import Enum
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from starlette.datastructures import Headers

_ENTITY_TAG = re.compile(r'(W/)?("[\x21\x23-\x7e\x80-\xff]*")')


class Precondition(Enum):
    """What the conditions of a request come to."""

    PROCEED = "proceed"
    #: The client has this very file already: 304.
    NOT_MODIFIED = "not modified"
    #: The client wants another file than there is: 412.
    FAILED = "failed"


def entity_tag(sha256: str) -> str:
    """The strong tag of a file with this checksum: equal tags mean equal bytes."""
    return f'"{sha256}"'


def precondition(headers: Headers, tag: str) -> Precondition:
    """If-Match, then If-None-Match, in the order of RFC 9110 section 13.2.2."""
    if_match = _joined(headers, "if-match")
    if if_match is not None and not _names(if_match, tag, is_weak_good=False):
        return Precondition.FAILED
    if_none_match = _joined(headers, "if-none-match")
    if if_none_match is not None and _names(if_none_match, tag, is_weak_good=True):
        return Precondition.NOT_MODIFIED
    return Precondition.PROCEED


def effective_range(headers: Headers, tag: str) -> str | None:
    """The Range header, unless If-Range says that the client's part is of another file.

    A weak tag or a date in If-Range never matches: a resumed download must not join two files.
    """
    if_range = headers.get("if-range")
    if if_range is not None and if_range.strip() != tag:
        return None
    return _joined(headers, "range")


def _joined(headers: Headers, name: str) -> str | None:
    """All lines of a header as one (RFC 9110 section 5.3)."""
    lines = headers.getlist(name)
    return ", ".join(lines) if lines else None


def _names(value: str, tag: str, *, is_weak_good: bool) -> bool:
    if value.strip() == "*":
        return True
    return any(
        match[2] == tag and (is_weak_good or match[1] is None)
        for match in _ENTITY_TAG.finditer(value)
    )
