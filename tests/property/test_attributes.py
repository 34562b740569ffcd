"""Attributes documents: what is taken at sight is what the slow way would make of it."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
import polars as pl
from hypothesis import given
from hypothesis import strategies as st

from tailrace.domain.activity_attributes import (
    NOT_COMPACT,
    AttributeRules,
    AttributesError,
    plain_documents,
)
from tailrace.domain.activity_types import ActivityAttribute, ActivityType

TYPES = ("string", "integer", "float", "boolean", "array", "datetime")
TYPE = ActivityType(
    id=1,
    name="Something",
    attributes=tuple(ActivityAttribute(name=one, data_type=one) for one in TYPES),
)
RULES = AttributeRules(TYPE)
(PLAIN,) = plain_documents([TYPE])

scalars = (
    st.none()
    | st.booleans()
    | st.integers(-(2**70), 2**70)
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["", "true", "12", "1.50", " ", 'a, "b": c', "[1 ]", " }"])
)
values = st.recursive(
    scalars, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner)
)
documents = st.dictionaries(st.sampled_from([*TYPES, "unknown"]) | st.text(max_size=3), values)
styles = st.sampled_from(
    [
        {"separators": (",", ":")},
        {"separators": (", ", ": ")},
        {"indent": 1},
        {"separators": (" ,", " :")},
        {"separators": (",", ":"), "ensure_ascii": False},
    ]
)


def is_taken_at_sight(document: str) -> bool:
    is_compact = not any(re.search(pattern, document) for pattern in NOT_COMPACT)
    return is_compact and document == document.strip() and not RULES.find_unconfirmed([document])


@given(document=documents, style=styles)
def test_document__has_one_canonical_form(document: dict[str, Any], style: dict[str, Any]) -> None:
    text = json.dumps(document, **style)
    try:
        canonical = RULES.canonical(text)
    except AttributesError:
        assert not is_taken_at_sight(text)
        return
    assert RULES.canonical(canonical) == canonical
    assert msgspec.json.format(canonical, indent=-1) == canonical
    members = json.loads(canonical)
    if is_taken_at_sight(text):
        assert members == document
        # Names of members are spelled anew, so only their escapes may differ.
        assert canonical == text or "\\" in text
    assert members.keys() == {name for name, value in document.items() if value not in (None, "")}
    assert all(members[name] == document[name] for name in members if name not in TYPES)


VALUES = {
    "string": ['"a, b"', r'"\"\\\n"', '"ü\u2028"'],
    "integer": ["0", "-12", "123456789012345678"],
    "float": ["0", "-1.50", "7"],
    "boolean": ["true", "false"],
}
plain_members = st.sampled_from([(name, one) for name, some in VALUES.items() for one in some])


def is_plain(document: str) -> bool:
    return pl.Series([document]).str.contains(PLAIN.pattern).item()


@given(
    members=st.lists(plain_members, max_size=4),
    place=st.integers(0, 100),
    change=st.sampled_from([*'{}[]":,\\ \n\t0-.e', "", "null", '""', "\\u0041", "\0", "\x7f"]),
    removed=st.integers(0, 2),
)
def test_plain_document__would_be_taken_at_sight(
    members: list[tuple[str, str]], place: int, change: str, removed: int
) -> None:
    text = "{" + ",".join(f'"{name}":{value}' for name, value in members) + "}"
    text = text[:place] + change + text[place + removed :]
    if is_plain(text):
        assert is_taken_at_sight(text)
