"""Conditional headers against the entity tag of a result file (RFC 9110 section 13)."""

from __future__ import annotations

import pytest
from starlette.datastructures import Headers

from tailrace.api.conditions import Precondition, effective_range, entity_tag, precondition

TAG = entity_tag("abc")


def headers(*lines: tuple[str, str]) -> Headers:
    return Headers(raw=[(name.lower().encode(), value.encode("latin-1")) for name, value in lines])


def test_tag__is_strong_and_quoted() -> None:
    assert TAG == '"abc"'


@pytest.mark.parametrize(
    ("name", "value", "expected"),
    [
        ("If-Match", '"abc"', Precondition.PROCEED),
        ("If-Match", '"x", "abc"', Precondition.PROCEED),
        ("If-Match", "*", Precondition.PROCEED),
        ("If-Match", '"x"', Precondition.FAILED),
        ("If-Match", 'W/"abc"', Precondition.FAILED),
        ("If-Match", "abc", Precondition.FAILED),
        ("If-Match", "", Precondition.FAILED),
        ("If-None-Match", '"abc"', Precondition.NOT_MODIFIED),
        ("If-None-Match", 'W/"abc"', Precondition.NOT_MODIFIED),
        ("If-None-Match", '"x" , W/"abc"', Precondition.NOT_MODIFIED),
        ("If-None-Match", "*", Precondition.NOT_MODIFIED),
        ("If-None-Match", '"x"', Precondition.PROCEED),
        ("If-None-Match", '"a\xe9", "x,abc"', Precondition.PROCEED),
        ("If-None-Match", "nonsense", Precondition.PROCEED),
        ("If-Modified-Since", "Fri, 22 Nov 2030 03:00:00 GMT", Precondition.PROCEED),
    ],
)
def test_condition__decides(name: str, value: str, expected: Precondition) -> None:
    assert precondition(headers((name, value)), TAG) is expected


def test_no_condition__proceeds() -> None:
    assert precondition(headers(), TAG) is Precondition.PROCEED


def test_if_match__is_asked_before_if_none_match() -> None:
    both = headers(("If-None-Match", TAG), ("If-Match", '"x"'))
    assert precondition(both, TAG) is Precondition.FAILED


def test_several_lines__are_one_list() -> None:
    lines = headers(("If-None-Match", '"x"'), ("If-None-Match", TAG))
    assert precondition(lines, TAG) is Precondition.NOT_MODIFIED


@pytest.mark.parametrize("if_range", [None, TAG, f" {TAG} "])
def test_range__applies_to_the_same_file(if_range: str | None) -> None:
    lines = [("Range", "bytes=0-9")]
    if if_range is not None:
        lines.append(("If-Range", if_range))
    assert effective_range(headers(*lines), TAG) == "bytes=0-9"


@pytest.mark.parametrize(
    "if_range", ['"x"', 'W/"abc"', "abc", "", '"abc", "x"', "Fri, 22 Nov 2030 03:00:00 GMT"]
)
def test_range__does_not_apply_to_another_file(if_range: str) -> None:
    lines = headers(("Range", "bytes=0-9"), ("If-Range", if_range))
    assert effective_range(lines, TAG) is None


def test_two_range_lines__are_several_ranges() -> None:
    lines = headers(("Range", "bytes=0-1"), ("Range", "bytes=3-4"))
    assert effective_range(lines, TAG) == "bytes=0-1, bytes=3-4"
