"""Expressions that databases spell differently; every other statement is the same on all of them.

They give the same answers everywhere: the letter case of ASCII letters alone is folded, and texts
compare byte by byte, whatever the collation of the database.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

import msgspec
from sqlalchemy import BigInteger, Text, bindparam, cast, func, select
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement

if TYPE_CHECKING:
    from collections.abc import Sequence

    from sqlalchemy import BindParameter, ColumnElement, Select
    from sqlalchemy.sql.compiler import SQLCompiler

SQLITE: Final = "sqlite"
POSTGRESQL: Final = "postgresql"


#: An entry of an index of PostgreSQL holds 2,700 bytes at most.
KEY_CHARACTERS: Final = 600


class _LookupKey(FunctionElement[str]):
    inherit_cache = True
    type = Text()


class _JsonMember(FunctionElement[str]):
    inherit_cache = True
    type = Text()


class _JsonElements(FunctionElement[str]):
    inherit_cache = True


def lookup_key(text: ColumnElement[Any]) -> ColumnElement[str]:
    """A text as it is indexed and looked up: compares to what `KEY_CHARACTERS` leave of a value.

    The value is `folded`; letter case is nothing. Longer texts with the same beginning are the
    same here on some databases, so who looks for one that long compares the whole text as well.
    """
    return _LookupKey(text)


def folded_text(text: ColumnElement[Any]) -> ColumnElement[str]:
    """A text as `folded` has it: ours compare byte by byte, and there ASCII alone has case."""
    return func.lower(text, type_=Text())


def json_member(document: ColumnElement[str], name: str) -> ColumnElement[str]:
    """A member of a JSON object in a text column; NULL where there is none.

    A text comes as itself, a number or truth value must be cast to what it is. The name, of
    letters, digits and underscores, is spelled out in the statement: the database would not see
    that an index over the member fits otherwise.
    """
    assert name.isascii(), name
    assert name.replace("_", "").isalnum(), name
    spelled: BindParameter[str] = bindparam(
        None, name, type_=Text(), literal_execute=True, unique=True
    )
    return _JsonMember(document, spelled)


def numbers_in(numbers: Sequence[int]) -> Select[int]:
    """Any number of whole numbers as rows, bound as one value."""
    document: BindParameter[str] = bindparam(
        None, msgspec.json.encode(numbers).decode(), type_=Text(), unique=True
    )
    elements = _JsonElements(document).table_valued("value")
    return select(cast(elements.c.value, BigInteger))


def _operands(element: FunctionElement[str], compiler: SQLCompiler, options: Any) -> list[str]:
    return [compiler.process(one, **options) for one in element.clauses]


@compiles(_LookupKey, SQLITE)
def _lookup_key_on_sqlite(element: _LookupKey, compiler: SQLCompiler, **options: Any) -> str:
    (text,) = _operands(element, compiler, options)
    return f"{text} COLLATE NOCASE"


@compiles(_LookupKey, POSTGRESQL)
def _lookup_key_on_postgresql(element: _LookupKey, compiler: SQLCompiler, **options: Any) -> str:
    (text,) = _operands(element, compiler, options)
    return f'lower("left"({text}, {KEY_CHARACTERS}))'


@compiles(_JsonMember, SQLITE)
def _json_member_on_sqlite(element: _JsonMember, compiler: SQLCompiler, **options: Any) -> str:
    document, name = _operands(element, compiler, options)
    return f"({document} ->> {name})"


@compiles(_JsonMember, POSTGRESQL)
def _json_member_on_postgresql(element: _JsonMember, compiler: SQLCompiler, **options: Any) -> str:
    document, name = _operands(element, compiler, options)
    return f'((CAST({document} AS JSONB) ->> {name}) COLLATE "C")'


@compiles(_JsonElements, SQLITE)
def _json_elements_on_sqlite(element: _JsonElements, compiler: SQLCompiler, **options: Any) -> str:
    (document,) = _operands(element, compiler, options)
    return f"json_each({document})"


@compiles(_JsonElements, POSTGRESQL)
def _json_elements_on_postgresql(
    element: _JsonElements, compiler: SQLCompiler, **options: Any
) -> str:
    (document,) = _operands(element, compiler, options)
    return f"jsonb_array_elements_text(CAST({document} AS JSONB))"
