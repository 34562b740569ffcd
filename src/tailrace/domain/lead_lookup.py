"""By which fields a lead can be looked up, and when two values of one count as the same."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

from tailrace.domain.errors import LookupFieldError
from tailrace.domain.lead_fields import DataType

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue

#: The standard fields that leads are looked up by (contract section 6.1).
STANDARD_LOOKUP_FIELDS: Final = (
    "email",
    "id",
    "cookies",
    "externalCompanyId",
    "externalSalesPersonId",
    "leadPartitionId",
    "sfdcAccountId",
    "sfdcContactId",
    "sfdcLeadId",
    "sfdcLeadOwnerId",
)

#: The one partition that a subscription has.
PARTITION_ID: Final = 1
PARTITION_NAME: Final = "Default"

_CUSTOM_TYPES = frozenset({DataType.STRING, DataType.EMAIL, DataType.INTEGER})

#: Another word for a field that clients may look leads up by (contract section 7.1).
_ALIASES = {"cookie": "cookies"}


def lookup_fields(fields: LeadFieldCatalogue) -> Iterator[LeadField]:
    """Every field that leads can be looked up by: `searchableFields` of describe2.json."""
    yield from (fields[name] for name in STANDARD_LOOKUP_FIELDS)
    yield from (field for field in fields if field.is_custom and field.data_type in _CUSTOM_TYPES)


def lookup_field(fields: LeadFieldCatalogue, name: str) -> LeadField:
    """The field of this name, in any letter case. Raises LookupFieldError if it is none of them."""
    field = fields.find(_ALIASES.get(name, name))
    if field is None or not is_lookup_field(field):
        raise LookupFieldError(name)
    return field


def is_lookup_field(field: LeadField) -> bool:
    if field.is_custom:
        return field.data_type in _CUSTOM_TYPES
    return field.name in STANDARD_LOOKUP_FIELDS


def folded(text: str) -> str:
    """`text` as the store's indexes compare it: the case of ASCII letters is nothing."""
    return text.lower() if text.isascii() else "".join(map(_fold_letter, text))


def _fold_letter(letter: str) -> str:
    return letter.lower() if letter.isascii() else letter
