"""What the activity log says of a change of a lead (contract section 7.1).

Theory of operation: a change is told in the transaction that makes it, so the log is true by
construction: New Lead for one that was not there, Change Data Value for each field that a record
changed, Change Score besides where the field is a score.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.domain.instants import format_instant
from tailrace.domain.lead_fields import Storage
from tailrace.domain.lead_scores import is_score
from tailrace.store.hot_activities import NewActivity

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator
    from datetime import datetime

    from tailrace.domain.lead_fields import LeadField, LeadFieldCatalogue
    from tailrace.domain.lead_values import StoredValue
    from tailrace.store.hot_activities import AttributeValue
    from tailrace.store.lead_batch import FieldChange, LeadChange

NEW_LEAD = 12
CHANGE_DATA_VALUE = 13
CHANGE_SCORE = 22
ADD_TO_LIST = 24
REMOVE_FROM_LIST = 25
DELETE_LEAD = 37


@dataclass(frozen=True, slots=True)
class ChangeCause:
    """Who changed leads, how and when: what the log says of each change besides the change."""

    at: datetime
    #: `Web service API` or `List import`.
    source: str
    api_method: str | None = None
    #: The e-mail address of an API user.
    user: str | None = None
    request_id: str | None = None
    #: Of an import into a list.
    list_name: str | None = None

    @property
    def call(self) -> dict[str, AttributeValue]:
        """The attributes that name the call."""
        return {
            "API Method Name": self.api_method,
            "Modifying User": self.user,
            "Request Id": self.request_id,
        }


def change_activities(
    changes: Iterable[LeadChange], fields: LeadFieldCatalogue, cause: ChangeCause
) -> Iterator[NewActivity]:
    """The activities of these changes, in their order."""
    new_lead: dict[str, AttributeValue] = {
        "Created Date": format_instant(cause.at)[:10],
        "List Name": cause.list_name,
        "Source Type": cause.source,
        **cause.call,
    }
    for change in changes:
        if change.is_new:
            source = change.lead_source
            yield NewActivity(
                lead_id=change.lead_id,
                type_id=NEW_LEAD,
                at=cause.at,
                attributes={**new_lead, "Lead Source": source} if source else new_lead,
                primary_value_id=change.lead_id,
                primary_value=change.full_name,
            )
        for one in change.fields:
            yield from _field_activities(change.lead_id, fields[one.name], one, cause)


def list_activity(
    type_id: int, lead_id: int, list_id: int, list_name: str, cause: ChangeCause
) -> NewActivity:
    """That a lead came into a list or left it; the name is with its programs (section 5.3)."""
    return NewActivity(
        lead_id=lead_id,
        type_id=type_id,
        at=cause.at,
        attributes={"Source": cause.source},
        primary_value_id=list_id,
        primary_value=list_name,
    )


def _field_activities(
    lead_id: int, field: LeadField, change: FieldChange, cause: ChangeCause
) -> Iterator[NewActivity]:
    yield NewActivity(
        lead_id=lead_id,
        type_id=CHANGE_DATA_VALUE,
        at=cause.at,
        attributes={
            "New Value": _shown(field, change.new),
            "Old Value": _shown(field, change.old),
            "Reason": cause.source,
            "Source": cause.source,
            **cause.call,
        },
        primary_value_id=field.id,
        primary_value=field.display_name,
    )
    if is_score(field):
        old, new = int(change.old or 0), int(change.new or 0)
        yield NewActivity(
            lead_id=lead_id,
            type_id=CHANGE_SCORE,
            at=cause.at,
            attributes={
                "Change Value": f"{new - old:+d}",
                "New Value": new,
                "Old Value": old,
                "Reason": cause.source,
            },
            primary_value_id=field.id,
            primary_value=field.display_name,
        )


def _shown(field: LeadField, value: StoredValue | None) -> str | None:
    """A value as the log spells it: `True`, `2023-01-26 18:46:00` (contract section 4)."""
    if value is None:
        return None
    if field.data_type.storage is Storage.INSTANT:
        return str(value).replace("T", " ").removesuffix("Z")
    return str(value)
