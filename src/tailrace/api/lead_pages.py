"""Pages of records that have ids: a page's token holds the last id on it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.errors import PagingTokenError, ScalarTypeError
from tailrace.domain.paging import position_of, position_token

if TYPE_CHECKING:
    from tailrace.api.parameters import Parameters

#: Ids of more digits than this are nobody's.
_MOST_DIGITS = 18


def id_in_text(text: str) -> int:
    """The positive number that `text` names. Raises ScalarTypeError."""
    if not (text.isascii() and text.isdigit() and len(text) <= _MOST_DIGITS):
        raise ScalarTypeError(value=text, type_name="Integer")
    return int(text)


def last_id_before(parameters: Parameters) -> int:
    """The id that the page begins after; 0 on the first. Raises PagingTokenError."""
    token = parameters.first("nextPageToken")
    if token is None:
        return 0
    try:
        return id_in_text(position_of(token))
    except ScalarTypeError as error:
        raise PagingTokenError from error


def token_after(last_id: int) -> str:
    """The token of the page that begins after `last_id`."""
    return position_token(str(last_id))
