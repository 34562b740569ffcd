"""The fields of a lead: the standard ones that every subscription has, and its own.

A value rests in the store as its data type says (`Storage`); decimals, dates and date-times rest
as the text that a result file shows, which is exact and sorts as time does.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator


class Storage(StrEnum):
    """How the store keeps a value."""

    TEXT = "text"
    INTEGER = "integer"
    BOOLEAN = "boolean"
    #: Canonical decimal text: no exponent, no grouping, no trailing zeros.
    DECIMAL = "decimal"
    #: `YYYY-MM-DD`.
    DATE = "date"
    #: `YYYY-MM-DDThh:mm:ssZ`.
    INSTANT = "instant"


class DataType(StrEnum):
    """The data types that describe.json knows (contract section 6.1)."""

    STRING = "string"
    TEXT = "text"
    EMAIL = "email"
    PHONE = "phone"
    URL = "url"
    LEAD_FUNCTION = "lead_function"
    INTEGER = "integer"
    SCORE = "score"
    REFERENCE = "reference"
    FLOAT = "float"
    CURRENCY = "currency"
    PERCENT = "percent"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"

    @property
    def storage(self) -> Storage:
        return _STORAGE.get(self, Storage.TEXT)


_STORAGE = {
    DataType.INTEGER: Storage.INTEGER,
    DataType.SCORE: Storage.INTEGER,
    DataType.REFERENCE: Storage.INTEGER,
    DataType.FLOAT: Storage.DECIMAL,
    DataType.CURRENCY: Storage.DECIMAL,
    DataType.PERCENT: Storage.DECIMAL,
    DataType.BOOLEAN: Storage.BOOLEAN,
    DataType.DATE: Storage.DATE,
    DataType.DATETIME: Storage.INSTANT,
}

#: What an integer may be at most, and its opposite at least: 64 bits everywhere.
LARGEST_INTEGER = 2**63 - 1

#: The only field that an export needs a switched-on feature for (contract 5.2, audience sharing).
AUDIENCE_SHARING_FIELD = "ecids"


class LeadField(msgspec.Struct, frozen=True, rename="camel"):
    #: The id in describe.json; primary attribute of Change Data Value and Change Score.
    id: int
    #: The REST API name, case as described.
    name: str
    #: What people read.
    display_name: str
    data_type: DataType
    #: The longest value in characters; absent where the type has no length.
    length: int | None = None
    #: Whether the API refuses to write it.
    read_only: bool = False
    #: The SOAP API name; absent for fields that have REST access only.
    soap_name: str | None = None
    #: Whether the subscription added it.
    is_custom: bool = False

    def is_exported(self, *, has_audience_sharing: bool) -> bool:
        """Whether a subscription with that feature on or off hands the field out in bulk."""
        return has_audience_sharing or self.name != AUDIENCE_SHARING_FIELD


#: Ids of a subscription's own fields start here, above every standard one.
FIRST_CUSTOM_FIELD_ID = 1001

#: What boolean fields hold when nobody ever set them (contract section 8.2).
BOOLEAN_DEFAULTS: dict[str, bool] = {"isLead": True, "emailSuspended": False}


@dataclass(frozen=True, slots=True)
class LeadFieldCatalogue:
    """The fields of one subscription, found by name in any letter case."""

    by_lower_name: dict[str, LeadField]

    @classmethod
    def of(cls, custom_fields: Iterable[LeadField]) -> LeadFieldCatalogue:
        """The standard fields and these."""
        every = (*standard_lead_fields(), *custom_fields)
        return cls({field.name.lower(): field for field in every})

    def find(self, name: str) -> LeadField | None:
        return self.by_lower_name.get(name.lower())

    def __getitem__(self, name: str) -> LeadField:
        return self.by_lower_name[name.lower()]

    def __iter__(self) -> Iterator[LeadField]:
        return iter(self.by_lower_name.values())


@cache
def standard_lead_fields() -> tuple[LeadField, ...]:
    """The fields of contract section 8.2, by id."""
    text = files("tailrace.domain.data").joinpath("lead_fields.json").read_bytes()
    return tuple(msgspec.json.decode(text, type=list[LeadField]))
