"""Parameters that hold several ids or names, and ids that stand in a path (contract section 2.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.errors import ScalarTypeError

if TYPE_CHECKING:
    from tailrace.api.parameters import Parameters
    from tailrace.api.route import Call

#: Above every id there is; Python refuses to read numbers of thousands of digits.
_MOST_DIGITS = 18


def integer(text: str) -> int:
    """The number that `text` is. Raises ScalarTypeError; one that is too long for any id is cut."""
    digits = text.removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ScalarTypeError(value=text, type_name="Integer")
    return int(text) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS


def integers(parameters: Parameters, name: str) -> list[int] | None:
    """The numbers of a list value; None where it is absent. Raises ScalarTypeError."""
    pieces = parameters.pieces(name)
    return [integer(piece) for piece in pieces] if pieces else None


def names(parameters: Parameters, name: str) -> list[str] | None:
    """The names of a list value; None where it is absent.

    A name may hold commas itself, so the whole value counts as one, too.
    """
    pieces = parameters.pieces(name)
    return list(dict.fromkeys((*pieces, *parameters.spellings(name)))) if pieces else None


def path_integer(call: Call, name: str) -> int:
    """The number in the path. Raises ScalarTypeError."""
    return integer(call.path_values[name])
