"""How much of a long answer a call wants, and from where on (contract sections 2.9 and 6)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.errors import ScalarTypeError

if TYPE_CHECKING:
    from tailrace.api.parameters import Parameters

#: Default and most of records on a page of the lead database, and of jobs on one of their list.
MAXIMUM_BATCH_SIZE = 300

DEFAULT_ASSETS = 20
MAXIMUM_ASSETS = 200

#: Numbers of more digits are cut to this: Python refuses to read those of thousands.
_MOST_DIGITS = 18


def batch_size(parameters: Parameters) -> int:
    """How many records at most: `batchSize`, or as many as there may be.

    Raises ScalarTypeError unless it is a positive integer; more than may be is cut.
    """
    return positive_integer(parameters, "batchSize", MAXIMUM_BATCH_SIZE, MAXIMUM_BATCH_SIZE)


def positive_integer(parameters: Parameters, name: str, default: int, maximum: int) -> int:
    """The parameter, cut to `maximum`. Raises ScalarTypeError unless it is a positive integer."""
    text = parameters.first(name)
    if text is None:
        return default
    value = _integer(text)
    if value < 1:
        raise ScalarTypeError(value=text, type_name="Positive Integer")
    return min(value, maximum)


def asset_window(parameters: Parameters) -> tuple[int, int]:
    """`offset` and `maxReturn` of an asset list. Raises ScalarTypeError."""
    text = parameters.first("offset")
    offset = 0 if text is None else _integer(text)
    if offset < 0:
        raise ScalarTypeError(value=text or "", type_name="Non-negative Integer")
    return offset, positive_integer(parameters, "maxReturn", DEFAULT_ASSETS, MAXIMUM_ASSETS)


def _integer(text: str) -> int:
    digits = text.removeprefix("+").removeprefix("-")
    if not (digits.isascii() and digits.isdigit()):
        raise ScalarTypeError(value=text, type_name="Integer")
    size = int(digits) if len(digits) <= _MOST_DIGITS else 10**_MOST_DIGITS
    return -size if text.startswith("-") else size
