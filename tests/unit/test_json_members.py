"""Members given twice: found at any depth, however the document is written."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tailrace.domain.json_members import repeated_member

TEXTS = st.text(alphabet='ab"\\:,{} é\n', max_size=4)
DOCUMENTS = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False) | TEXTS,
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(TEXTS, inner, max_size=3),
)


@pytest.mark.parametrize(
    ("document", "name"),
    [
        ('{"id":1,"id":2}', "id"),
        ('{"a":[{"b":1,"\\u0062":null}]}', "b"),
        # As many quotes as are lost with the member are won by writing the text anew.
        ('{"a":"\\u0022\\u0022","b":1,"b":2}', "b"),
        ('{"a":1e999,"b":1,"b":2}', "b"),
        ('{"":1,"":2}', ""),
        ('{"a":%s,"a":1}' % ("1" * 5000), "a"),
    ],
)
def test_member_twice_in_one_object__is_found(document: str, name: str) -> None:
    assert repeated_member(document.encode()) == name


@pytest.mark.parametrize(
    "document",
    ['[{"a":1},{"a":{"a":2}}]', '{"a":"\\"a\\":1,\\"a\\":2"}', '{"a":"\\u0022"}', "1e999", '"a"'],
)
def test_member_of_several_objects__is_no_repetition(document: str) -> None:
    assert repeated_member(document.encode()) is None


@given(DOCUMENTS, st.booleans(), st.sampled_from([None, 1]))
def test_document_without_repetition__has_none(
    document: object, is_ascii: bool, indent: int | None
) -> None:
    text = json.dumps(document, ensure_ascii=is_ascii, indent=indent)
    assert repeated_member(text.encode()) is None


@given(st.dictionaries(TEXTS, DOCUMENTS, min_size=1, max_size=3), DOCUMENTS, st.booleans())
def test_document_with_a_member_once_more__is_found_out(
    members: dict[str, object], value: object, is_ascii: bool
) -> None:
    name = next(iter(members))
    more = json.dumps({name: value}, ensure_ascii=is_ascii)
    text = f"[{more[:-1]}, {json.dumps(members)[1:]}]"
    assert repeated_member(text.encode()) == name
