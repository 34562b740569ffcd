"""The fields of a form as the asset API shows them: each asks for one lead field."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET, Struct, UnsetType

from tailrace.domain.lead_fields import DataType

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue

_DATA_TYPES = {
    DataType.EMAIL: "email",
    DataType.PHONE: "telephone",
    DataType.URL: "url",
    DataType.DATE: "date",
    DataType.DATETIME: "date",
    DataType.BOOLEAN: "single_checkbox",
    DataType.TEXT: "textarea",
    DataType.INTEGER: "number",
    DataType.FLOAT: "number",
    DataType.SCORE: "number",
    DataType.PERCENT: "number",
    DataType.CURRENCY: "currency",
}


class VisibilityRules(Struct, frozen=True, rename="camel"):
    rule_type: str = "alwaysShow"


class FormFieldItem(Struct, frozen=True, rename="camel"):
    #: The lead field, by its SOAP name where it has one.
    id: str
    label: str
    data_type: str
    row_number: int
    required: bool
    validation_message: str = "This field is required."
    column_number: int = 0
    form_prefill: bool = True
    is_sensitive: bool = False
    label_width: int = 100
    field_width: int = 150
    max_length: int | UnsetType = UNSET
    visibility_rules: VisibilityRules = VisibilityRules()


def form_field_items(names: Sequence[str], catalogue: LeadFieldCatalogue) -> list[FormFieldItem]:
    """One row a field; names of fields that are gone are passed over."""
    found = (catalogue.find(name) for name in names)
    return [_item(row, field) for row, field in enumerate(one for one in found if one is not None)]


def _item(row: int, field: LeadField) -> FormFieldItem:
    return FormFieldItem(
        id=field.soap_name or field.name,
        label=f"{field.display_name}:",
        data_type=_DATA_TYPES.get(field.data_type, "text"),
        row_number=row,
        required=field.data_type is DataType.EMAIL,
        max_length=UNSET if field.length is None else field.length,
    )
