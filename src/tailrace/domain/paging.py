"""Position-based paging tokens: opaque, URL-safe, checked (contract section 2.9)."""

from __future__ import annotations

import base64
import binascii

from tailrace.domain.errors import PagingTokenError

_PREFIX = "position:"


def position_token(position: str) -> str:
    """The token that continues after `position`; base32 text with `=` padding."""
    return base64.b32encode(f"{_PREFIX}{position}".encode()).decode()


def position_of(token: str) -> str:
    """The position inside a token of ours. Raises PagingTokenError for any other text."""
    try:
        text = base64.b32decode(token.strip()).decode()
    except (binascii.Error, ValueError) as error:
        raise PagingTokenError from error
    if not text.startswith(_PREFIX):
        raise PagingTokenError
    return text.removeprefix(_PREFIX)
