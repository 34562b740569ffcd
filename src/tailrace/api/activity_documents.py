"""Activities as the look-up calls show them (contract section 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from msgspec import Raw, Struct

from tailrace.domain.activity_types import CHANGE_DATA_VALUE
from tailrace.domain.instants import format_instant

if TYPE_CHECKING:
    from collections.abc import Mapping

    from tailrace.domain.activity_paging import LoggedActivity
    from tailrace.domain.lead_fields import LeadField

_MEMBERS = msgspec.json.Decoder(dict[str, Raw])
_NULL = Raw(b"null")
_OLD_VALUE, _NEW_VALUE = "Old Value", "New Value"

#: Attributes of New Lead go by lower-case names among the changes of leads.
_NEW_LEAD_NAMES = {
    "API Method Name": "api method name",
    "Modifying User": "modifying user",
    "Request Id": "request id",
}


class AttributeRecord(Struct):
    """An attribute of an activity, its value typed as the activity type declares."""

    name: str
    value: Raw


class ActivityRecord(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """An activity; members without a value are left out."""

    id: int
    marketo_guid: str = msgspec.field(name="marketoGUID")
    lead_id: int
    #: ISO 8601, UTC, whole seconds.
    activity_date: str
    activity_type_id: int
    campaign_id: int | None = None
    primary_attribute_value_id: int | None = None
    primary_attribute_value: str | None = None
    attributes: list[AttributeRecord]


class ChangedField(Struct, rename="camel"):
    """A field of a lead with its value before and after."""

    #: The field's id in Describe Lead.
    id: int | None
    #: Its REST name.
    name: str | None
    new_value: Raw
    old_value: Raw


class LeadChangeRecord(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A change of a field, or a new lead, which has no fields."""

    id: int
    marketo_guid: str = msgspec.field(name="marketoGUID")
    lead_id: int
    #: ISO 8601, UTC, whole seconds.
    activity_date: str
    activity_type_id: int
    campaign_id: int | None = None
    fields: list[ChangedField]
    attributes: list[AttributeRecord]


def activity_record(activity: LoggedActivity) -> ActivityRecord:
    return ActivityRecord(
        id=activity.guid,
        marketo_guid=str(activity.guid),
        lead_id=activity.lead_id,
        activity_date=format_instant(activity.at),
        activity_type_id=activity.type_id,
        campaign_id=activity.campaign_id,
        primary_attribute_value_id=activity.primary_value_id,
        primary_attribute_value=activity.primary_value,
        attributes=_attributes(_MEMBERS.decode(activity.attributes)),
    )


class FieldNames:
    """Finds the field that a change is of: by its id, else by its display name."""

    def __init__(self, fields: list[LeadField]) -> None:
        self._by_id = {field.id: field for field in fields}
        self._by_display_name = {field.display_name: field for field in fields}

    def find(self, activity: LoggedActivity) -> LeadField | None:
        if activity.primary_value_id in self._by_id:
            return self._by_id[activity.primary_value_id]
        return self._by_display_name.get(activity.primary_value or "")


def lead_change_record(activity: LoggedActivity, names: FieldNames) -> LeadChangeRecord:
    members = _MEMBERS.decode(activity.attributes)
    if activity.type_id == CHANGE_DATA_VALUE:
        fields = [_changed_field(activity, members, names)]
        shown = {name: raw for name, raw in members.items() if name not in (_OLD_VALUE, _NEW_VALUE)}
        shown["Lead ID"] = Raw(str(activity.lead_id).encode())
    else:
        fields = []
        shown = {_NEW_LEAD_NAMES.get(name, name): raw for name, raw in members.items()}
    return LeadChangeRecord(
        id=activity.guid,
        marketo_guid=str(activity.guid),
        lead_id=activity.lead_id,
        activity_date=format_instant(activity.at),
        activity_type_id=activity.type_id,
        campaign_id=activity.campaign_id,
        fields=fields,
        attributes=_attributes(shown),
    )


def _changed_field(
    activity: LoggedActivity, members: Mapping[str, Raw], names: FieldNames
) -> ChangedField:
    field = names.find(activity)
    return ChangedField(
        id=activity.primary_value_id if field is None else field.id,
        name=activity.primary_value if field is None else field.name,
        new_value=members.get(_NEW_VALUE, _NULL),
        old_value=members.get(_OLD_VALUE, _NULL),
    )


def _attributes(members: Mapping[str, Raw]) -> list[AttributeRecord]:
    return [AttributeRecord(name, value) for name, value in members.items()]
