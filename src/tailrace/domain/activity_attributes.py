"""The attributes document of an activity: checked and brought to the one form that the log keeps.

Theory of operation: the canonical form is a compact JSON object whose members are typed as the
activity type declares them, without empty members (contract section 4). Nearly every document
arrives in that form, so a decoder compiled for the type only confirms it; what it refuses is
taken apart member by member, and what has no declaration is kept as it is.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Annotated, Any

import msgspec

from tailrace.domain.errors import ScalarTypeError
from tailrace.domain.lead_values import parse_boolean, parse_decimal, parse_integer

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

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
