"""Members that a JSON document gives twice: which of them counts is every decoder's own choice.

Theory of operation: a decoder that keeps one of two equal members writes fewer quotes than it
read, two a name at least, for every text that it keeps has as many as before. Decoding and
encoding so tells at a third of the cost that a document repeats nothing; only one that may do so
is taken apart member by member.
"""

from __future__ import annotations

import json

import msgspec

_NOT_SURE = (msgspec.MsgspecError, RecursionError, ValueError, OverflowError)
_decode = msgspec.json.Decoder[object]().decode
_encode = msgspec.json.Encoder().encode

#: The one way to write a quote without one.
_ESCAPED_QUOTE = b"\\u0022"


class _RepeatedError(Exception):
    """A member is there twice; its argument is the name."""


def repeated_member(document: bytes) -> str | None:
    """The name of a member that an object in the document, at any depth, has more than once.

    Raises ValueError or RecursionError for what is no JSON.
    """
    if _repeats_nothing_at_sight(document):
        return None
    try:
        json.loads(document, object_pairs_hook=_check, parse_int=str, parse_float=str)
    except _RepeatedError as repeated:
        return str(repeated)
    return None


def _repeats_nothing_at_sight(document: bytes) -> bool:
    try:
        written = _encode(_decode(document))
    except _NOT_SURE:
        return False
    return _ESCAPED_QUOTE not in document and written.count(b'"') == document.count(b'"')


def _check(members: list[tuple[str, object]]) -> None:
    seen: set[str] = set()
    for name, _ in members:
        if name in seen:
            raise _RepeatedError(name)
        seen.add(name)
