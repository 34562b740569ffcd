"""Attributes documents: confirmed at sight, made canonical, or refused."""

from __future__ import annotations

import json
import re

import pytest

from tailrace.domain.activity_attributes import NOT_COMPACT, AttributeRules, AttributesError
from tailrace.domain.activity_types import ActivityAttribute, ActivityType

TYPE = ActivityType(
    id=1,
    name="Something",
    attributes=tuple(
        ActivityAttribute(name=name, data_type=data_type)
        for name, data_type in (
            ("Text", "string"),
            ("Count", "Integer"),
            ("Share", "float"),
            ("Flag", "boolean"),
            ("Ids", "array"),
        )
    ),
)

RULES = AttributeRules(TYPE)


def is_taken_at_sight(document: str) -> bool:
    is_compact = not any(re.search(pattern, document) for pattern in NOT_COMPACT)
    return is_compact and document == document.strip() and not RULES.find_unconfirmed([document])


@pytest.mark.parametrize(
    "document",
    [
        "{}",
        '{"Text":"a: b, \\"c\\"","Count":3,"Share":1,"Flag":true,"Ids":[1,2]}',
        '{"Share":0.5,"Text":"Mozilla/5.0 (X11; Linux) (KHTML, like Gecko)"}',
        '{"Unknown":[1.10,{"a":"b"}],"Count":-9223372036854775808,"Share":1e5}',
        '{"Text":"\\u2028\u2028"}',
        '{"Text":"5 % off, today only: now or never"}',
    ],
)
def test_canonical_document__is_taken_at_sight_and_stays_as_it_is(document: str) -> None:
    assert is_taken_at_sight(document)
    assert RULES.canonical(document) == document


@pytest.mark.parametrize(
    ("document", "canonical"),
    [
        (' {"Count": 3 ,\n\t"Text" : "a b"}\n', '{"Count":3,"Text":"a b"}'),
        ('{"Ids":[1, 2,3 ]}', '{"Ids":[1,2,3]}'),
        ('{"Ids":[1, true]}', '{"Ids":[1,true]}'),
        ('{"Unknown":[1, null, false]}', '{"Unknown":[1,null,false]}'),
        ('{"Text":"","Count":null,"Unknown":null,"Other":""}', "{}"),
        ('{"Count":"12","Share":"1.50","Flag":"TRUE"}', '{"Count":12,"Share":1.5,"Flag":true}'),
        ('{"Count":12.0,"Flag":0}', '{"Count":12,"Flag":false}'),
        ('{"Text":1.10}', '{"Text":"1.10"}'),
        ('{"Text":true}', '{"Text":"true"}'),
        ('{"Text":[887]}', '{"Text":[887]}'),
        ('{"Ids":5}', '{"Ids":[5]}'),
        ('{"Unknown":1.10,"Text":5}', '{"Unknown":1.10,"Text":"5"}'),
        ('{"Text":"a","Text":"b"}', '{"Text":"b"}'),
    ],
)
def test_other_document__becomes_canonical(document: str, canonical: str) -> None:
    assert is_taken_at_sight(document) is (document.count('"Text"') == 2)
    assert RULES.canonical(document) == canonical
    assert is_taken_at_sight(canonical) or '"Text":[' in canonical


@pytest.mark.parametrize(
    "document",
    [
        "",
        "null",
        "[]",
        '"text"',
        "{",
        '{"Text":"a\nb"}',
        '{"Text":"\\ud800"}',
        '{"Count":"many"}',
        '{"Count":true}',
        '{"Count":123456789012345678901234567890}',
        '{"Share":true}',
        '{"Count":[1]}',
        '{"Share":"much"}',
        '{"Flag":"perhaps"}',
        '{"Count":NaN}',
        '{"Unknown":' + "[" * 100_000 + "]" * 100_000 + "}",
    ],
)
def test_document_that_is_none__is_refused(document: str) -> None:
    assert not is_taken_at_sight(document)
    with pytest.raises(AttributesError):
        RULES.canonical(document)


def test_refusal__names_the_attribute() -> None:
    with pytest.raises(AttributesError, match=r"'Count' is not integer: \"many\""):
        RULES.canonical(json.dumps({"Text": "x", "Count": "many"}))


def test_type_without_declarations__keeps_every_member() -> None:
    rules = AttributeRules(None)
    assert rules.find_unconfirmed(['{"a":1}', "[]", '{"b":[]}']) == [1]
    assert rules.canonical('{"a": 1, "b": ""}') == '{"a":1}'
