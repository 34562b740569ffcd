"""The attributes document of an activity: checked and brought to the one form that the log keeps.

Theory of operation: the canonical form is a compact JSON object whose members are typed as the
activity type declares them, without empty members (contract section 4). Nearly every document
arrives in that form, and of plain members: a regular expression of many types confirms those, a
whole column at a time. A decoder compiled for the type only confirms the others; what it refuses
is taken apart member by member, and what has no declaration is kept as it is.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tailrace.domain.errors import ScalarTypeError
from tailrace.domain.lead_values import parse_boolean, parse_decimal, parse_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from tailrace.domain.activity_types import ActivityType

#: What `attributes` holds when there are none.
NO_ATTRIBUTES = "{}"

#: Regular expressions of which one finds every document, without blanks around it, that a typed
#: decoder lets pass although it is not canonical: blanks between tokens, and empty members. They
#: may also find blanks inside texts; that costs only time. Four short ones are twice as fast as
#: one that says it all, for each begins with a byte to look for.
NOT_COMPACT = (
    r"[\t\n\r]",
    r"[,:] (?:[\"{\[\-0-9]|true|false|null)| [,}\]:]",
    r"[{\[] ",
    r":(?:null|\"\")[,}]",
)

_NOT_JSON = (msgspec.MsgspecError, RecursionError, UnicodeError)
_RAW_MEMBERS = msgspec.json.Decoder(dict[str, msgspec.Raw])
_EMPTY_VALUES = (b"null", b'""')

#: Any that fits into 64 bits for sure, and a text without escapes by number.
_PLAIN_INTEGER = "(?:0|-?[1-9][0-9]{0,17})"
_PLAIN_TEXT = r'"(?:[^"\\\x00-\x1f]|\\["\\/bfnrt])+"'

#: How many expressions are tried on a document, and how long the names in one may be together.
_MOST_GROUPS = 3
_LONGEST_NAMES = 20_000

#: Declared data types whose JSON form is not text; every other is a string.
_INTEGERS = frozenset({"integer", "score", "reference"})
_NUMBERS = frozenset({"float", "currency", "percent", "number"})
_LISTS = frozenset({"array", "list"})


class AttributesError(ValueError):
    """A document that is no attributes of its type; the text says why."""


class AttributeRules:
    """The attributes that one activity type declares."""

    def __init__(self, activity_type: ActivityType | None) -> None:
        attributes = () if activity_type is None else activity_type.attributes
        self._types = {one.name: one.data_type.lower() for one in attributes}
        members = [
            (
                f"member_{index}",
                _checked_type(data_type),
                msgspec.field(name=name, default=msgspec.UNSET),
            )
            for index, (name, data_type) in enumerate(self._types.items())
        ]
        # Nothing decoded is kept, so the garbage collector need not know of it.
        self._confirm: Callable[[str], object] = msgspec.json.Decoder(
            msgspec.defstruct("Attributes", members, gc=False)
        ).decode

    def find_unconfirmed(self, documents: Iterable[str]) -> list[int]:
        """Positions of the documents that are not at sight an object of the declared types."""
        confirm = self._confirm
        unconfirmed: list[int] = []
        for position, document in enumerate(documents):
            try:
                confirm(document)
            except _NOT_JSON:
                unconfirmed.append(position)
        return unconfirmed

    def canonical(self, document: str) -> str:
        """The canonical form of any document. Raises AttributesError."""
        try:
            members = _RAW_MEMBERS.decode(document)
        except msgspec.ValidationError as error:
            raise AttributesError("the attributes are not a JSON object") from error
        except _NOT_JSON as error:
            raise AttributesError(f"the attributes are not JSON: {error}") from error
        kept = {
            name: coerced
            for name, raw in members.items()
            if bytes(raw) not in _EMPTY_VALUES
            and bytes(coerced := self._coerced(name, raw)) not in _EMPTY_VALUES
        }
        return msgspec.json.format(msgspec.json.encode(kept), indent=-1).decode()

    def _coerced(self, name: str, raw: msgspec.Raw) -> msgspec.Raw:
        data_type = self._types.get(name)
        if data_type is None:
            return raw
        try:
            return msgspec.Raw(_coerced_text(bytes(raw).decode(), data_type).encode())
        except (ScalarTypeError, *_NOT_JSON) as error:
            shown = bytes(raw).decode()
            raise AttributesError(f"attribute '{name}' is not {data_type}: {shown}") from error


@dataclass(frozen=True, slots=True)
class PlainDocuments:
    """What documents of some types look like that are canonical for sure."""

    type_ids: list[int]
    #: Matches nothing but whole documents that are canonical for each of these types.
    pattern: str


def plain_documents(types: Iterable[ActivityType]) -> list[PlainDocuments]:
    """The activity types in a few groups that declare no name in two ways, and those of each.

    Types that fit into none are left out: their documents have to be decoded.
    """
    groups: list[tuple[list[int], dict[str, str]]] = []
    for one in types:
        declared = {each.name: _plain_value(each.data_type.lower()) for each in one.attributes}
        if len(groups) < _MOST_GROUPS:
            groups.append(([], {}))
        for type_ids, values in groups:
            if _do_agree(values, declared):
                type_ids.append(one.id)
                values.update(declared)
                break
    return [
        PlainDocuments(type_ids, _plain_document(values)) for type_ids, values in groups if type_ids
    ]


def _do_agree(values: Mapping[str, str], declared: Mapping[str, str]) -> bool:
    """Whether one expression can stand for both."""
    agree = all(values.get(name, value) == value for name, value in declared.items())
    return agree and sum(map(len, (*values, *declared))) <= _LONGEST_NAMES


def _plain_document(values: Mapping[str, str]) -> str:
    """Documents with members of these names, each with a value that its expression matches."""
    names: dict[str, list[str]] = {}
    for name, value in values.items():
        # Other names are not written as they are called.
        if value and re.fullmatch(r'[^"\\\x00-\x1f]*', name):
            names.setdefault(value, []).append(re.escape(name))
    member = "|".join(f'"(?:{"|".join(some)})":{value}' for value, some in names.items())
    return rf"\A\{{(?:(?:{member})(?:,(?:{member}))*)?\}}\z" if member else r"\A\{\}\z"


def _plain_value(data_type: str) -> str:
    if data_type in _INTEGERS:
        return _PLAIN_INTEGER
    if data_type in _NUMBERS:
        return rf"{_PLAIN_INTEGER}(?:\.[0-9]{{1,17}})?"
    if data_type == "boolean":
        return "(?:true|false)"
    return "" if data_type in _LISTS else _PLAIN_TEXT


def _checked_type(data_type: str) -> Any:
    if data_type in _INTEGERS:
        return Annotated[int, msgspec.Meta(ge=-(2**63), le=2**63 - 1)]
    if data_type in _NUMBERS:
        return float
    if data_type == "boolean":
        return bool
    if data_type in _LISTS:
        return list[Any]
    return Annotated[str, msgspec.Meta(min_length=1)]


def _coerced_text(raw: str, data_type: str) -> str:
    """The JSON text of a value in its declared type. Raises ScalarTypeError."""
    value = msgspec.json.decode(raw)
    if data_type in _LISTS:
        return raw if isinstance(value, list) else f"[{raw}]"
    text = value if isinstance(value, str) else raw
    if data_type in _INTEGERS:
        return str(parse_integer(text))
    if data_type in _NUMBERS:
        return raw if type(value) in (int, float) else parse_decimal(text)
    if data_type == "boolean":
        return "true" if parse_boolean(text) else "false"
    # Types of Marketo's own are known to be declared as text and to hold lists.
    return raw if isinstance(value, str | list | dict) else json.dumps(text)
