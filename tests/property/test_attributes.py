"""Attributes documents: what is taken at sight is what the slow way would make of it."""

from __future__ import annotations

import json
import re
from typing import Any

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from tailrace.domain.activity_attributes import NOT_COMPACT, AttributeRules, AttributesError
from tailrace.domain.activity_types import ActivityAttribute, ActivityType

TYPES = ("string", "integer", "float", "boolean", "array", "datetime")
RULES = AttributeRules(
    ActivityType(
        id=1,
        name="Something",
        attributes=tuple(ActivityAttribute(name=one, data_type=one) for one in TYPES),
    )
)

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
