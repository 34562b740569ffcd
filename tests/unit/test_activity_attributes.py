"""Attributes documents: confirmed at sight, made canonical, or refused."""

from __future__ import annotations

import json
import re

import polars as pl
import pytest

from tailrace.domain.activity_attributes import (
    NOT_COMPACT,
    AttributeRules,
    AttributesError,
    plain_documents,
)
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


def type_of(type_id: int, **attributes: str) -> ActivityType:
    declared = (ActivityAttribute(name=name, data_type=one) for name, one in attributes.items())
    return ActivityType(id=type_id, name=f"Type {type_id}", attributes=tuple(declared))


def test_plain_documents__are_those_of_each_type_in_a_group() -> None:
    types = [type_of(1, a="string"), type_of(2, a="integer"), type_of(3, a="text", b="boolean")]
    texts, numbers = plain_documents(types)
    assert (texts.type_ids, numbers.type_ids) == ([1, 3], [2])
    documents = pl.Series(["{}", '{"a":"x","b":true}', '{"a":5}', '{"c":"x"}'])
    assert documents.str.contains(texts.pattern).to_list() == [True, True, False, False]
    assert documents.str.contains(numbers.pattern).to_list() == [True, False, True, False]


def test_plain_documents__leave_out_types_that_would_make_too_many_or_too_long_patterns() -> None:
    kinds = ("string", "integer", "float", "boolean", "array")
    contradicting = [type_of(index, a=kind) for index, kind in enumerate(kinds)]
    assert [one.type_ids for one in plain_documents(contradicting)] == [[0], [1], [2]]
    long = type_of(9, **{f"{number:0100}": "string" for number in range(201)})
    assert plain_documents([long]) == []
    assert plain_documents([type_of(1), long]) == plain_documents([type_of(1)])


def test_plain_documents__name_members_as_they_are_written() -> None:
    (plain,) = plain_documents([type_of(1, **{"a.b (c)": "string", 'say "x"': "string"})])
    documents = pl.Series(['{"a.b (c)":"x"}', '{"a_b (c)":"x"}', '{"say \\"x\\"":"x"}'])
    assert documents.str.contains(plain.pattern).to_list() == [True, False, False]


@pytest.mark.parametrize("value", ["", "-", "-0", "00", "01", "9223372036854775808", "1.0", "1e1"])
def test_plain_integer__is_one_that_stays_as_it_is(value: str) -> None:
    (plain,) = plain_documents([type_of(1, a="integer")])
    documents = pl.Series(['{"a":' + value + "}", '{"a":-7}'])
    assert documents.str.contains(plain.pattern).to_list() == [False, True]


@pytest.mark.parametrize("value", ["", "\n", "\0", '"', "\\", r"\u0041", r"\x"])
def test_plain_text__is_one_that_needs_no_second_look(value: str) -> None:
    (plain,) = plain_documents([type_of(1, a="string")])
    documents = pl.Series(['{"a":"' + value + '"}', r'{"a":"\"\n"}'])
    assert documents.str.contains(plain.pattern).to_list() == [False, True]
