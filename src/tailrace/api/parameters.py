"""Request parameters: named texts from the query string, form bodies and JSON members, as one.

Clients send list values with commas, repeated, or both at once (contract section 2.3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, cast
from urllib.parse import parse_qsl

from tailrace.api.multipart import read_multipart

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

#: More form fields than any call has; a body with more is not taken for a form.
MAXIMUM_FORM_FIELDS = 10_000


class Parameters:
    """Values by name, in the order they came."""

    def __init__(self, pairs: Iterable[tuple[str, str]] = ()) -> None:
        self._values: dict[str, list[str]] = {}
        for name, value in pairs:
            self._values.setdefault(name, []).append(value)

    def __contains__(self, name: str) -> bool:
        return name in self._values

    def first(self, name: str) -> str | None:
        """The first value, blanks trimmed; None where it is absent or blank."""
        values = self._values.get(name)
        return (values[0].strip() or None) if values else None

    def first_in_any_case(self, name: str) -> str | None:
        """As `first`, whatever the letter case of the name."""
        named = (given for given in self._values if given.lower() == name.lower())
        return next((value for given in named if (value := self.first(given))), None)

    def spellings(self, name: str) -> list[str]:
        """The first value as it was sent and with its blanks trimmed; empty where it is blank.

        Names may begin with a blank that clients send back, or that one of them added.
        """
        trimmed = self.first(name)
        return [] if trimmed is None else list(dict.fromkeys((self._values[name][0], trimmed)))

    def pieces(self, name: str) -> list[str]:
        """Every piece of a list value, however it was written; empty pieces are dropped."""
        pieces = ",".join(self._values.get(name, ())).split(",")
        return [piece.strip() for piece in pieces if piece.strip()]

    def followed_by(self, more: Parameters) -> Parameters:
        """These, then `more` behind them."""
        return Parameters([*self._pairs(), *more._pairs()])

    def _pairs(self) -> Iterable[tuple[str, str]]:
        return ((name, value) for name, values in self._values.items() for value in values)


def parse_query(query_string: bytes) -> Parameters:
    """The parameters of a query string; never fails."""
    return Parameters(parse_qsl(query_string.decode("latin-1"), keep_blank_values=True))


def parse_urlencoded(body: bytes) -> Parameters | None:
    """The fields of an `application/x-www-form-urlencoded` body, or None if it cannot be one."""
    try:
        pairs = parse_qsl(body.decode(), keep_blank_values=True, max_num_fields=MAXIMUM_FORM_FIELDS)
    except ValueError:
        return None
    return Parameters(pairs)


def parse_multipart(content_type: str, body: bytes) -> Parameters | None:
    """The fields of a `multipart/form-data` body, its files left out; None if it is malformed."""
    found = read_multipart(content_type, body)
    return None if found is None else Parameters(found.fields)


def of_members(members: Mapping[str, object]) -> Parameters:
    """The scalar members of a JSON object, and of lists in it, as parameters."""
    pairs: list[tuple[str, str]] = []
    for name, value in members.items():
        for item in cast("list[object]", value) if isinstance(value, list) else [value]:
            text = _scalar_text(item)
            if text is not None:
                pairs.append((name, text))
    return Parameters(pairs)


def _scalar_text(value: object) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    return str(value) if isinstance(value, str | int | float) else None
