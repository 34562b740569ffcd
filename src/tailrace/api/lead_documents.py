"""A lead as the API shows it: the fields that were asked for, each in its JSON form."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from tailrace.domain.errors import FieldNotFoundError
from tailrace.domain.lead_fields import Storage

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from tailrace.api.parameters import Parameters
    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.domain.lead_values import StoredValue

_DEFAULT_FIELDS = ("id", "email", "firstName", "lastName", "createdAt", "updatedAt")


class LeadRecord(msgspec.Struct, rename="camel"):
    """A lead: the fields that were asked for, else these. Every one is there, `null` if empty."""

    id: int
    email: str | None
    first_name: str | None
    last_name: str | None
    created_at: str
    updated_at: str


class ShownFields:
    """The fields of a call's answer, under the names that the caller gave them."""

    def __init__(self, names: Sequence[str], fields: Sequence[LeadField]) -> None:
        self._names = names
        self.fields = fields

    @classmethod
    def asked_for(cls, parameters: Parameters, catalogue: LeadFieldCatalogue) -> ShownFields:
        """`fields`, or the default ones; the id is always there.

        Raises FieldNotFoundError for a name that is no field's in any letter case.
        """
        names = list(dict.fromkeys(("id", *(parameters.pieces("fields") or _DEFAULT_FIELDS))))
        return cls(names, [_field(catalogue, name) for name in names])

    def documents(self, leads: Iterable[Sequence[StoredValue | None]]) -> list[dict[str, object]]:
        """The leads as members by name."""
        shown = [
            _shown if one.data_type.storage is Storage.DECIMAL else None for one in self.fields
        ]
        return [
            {
                name: value if show is None else show(value)
                for name, show, value in zip(self._names, shown, values, strict=True)
            }
            for values in leads
        ]


def _field(catalogue: LeadFieldCatalogue, name: str) -> LeadField:
    field = catalogue.find(name)
    if field is None:
        raise FieldNotFoundError(name)
    return field


def _shown(value: StoredValue | None) -> object:
    # A decimal rests as text that is a JSON number already: nothing of it gets lost.
    return None if value is None else msgspec.Raw(str(value).encode())
