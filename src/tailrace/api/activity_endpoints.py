"""Looking the activity log up: types, positions, and pages of it (contract sections 6.2 to 6.4)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import Struct

from tailrace.api.activity_documents import FieldNames, activity_record, lead_change_record
from tailrace.api.envelope import success_response
from tailrace.api.list_values import integers
from tailrace.api.paging import batch_size
from tailrace.domain.activity_paging import ActivityPosition, ActivitySelection, ChangedFields
from tailrace.domain.activity_types import (
    CHANGE_DATA_VALUE,
    DELETE_LEAD,
    FIRST_CUSTOM_TYPE_ID,
    NEW_LEAD,
    api_name_of,
)
from tailrace.domain.errors import (
    FieldNotFoundError,
    ListTooLargeError,
    MissingParameterError,
    TooManyValuesError,
    UnknownActivityTypeError,
)
from tailrace.domain.instants import parse_instant
from tailrace.store.list_members import MemberList

if TYPE_CHECKING:
    from collections.abc import Callable

    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.domain.activity_paging import LoggedActivity
    from tailrace.domain.activity_types import ActivityAttribute, ActivityType

MAXIMUM_TYPES = 10
MAXIMUM_LEADS = 30

#: A static list may be named while it has fewer leads.
MAXIMUM_LIST_LEADS = 10_000


class AttributeDefinition(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """What an activity type says of an attribute."""

    name: str
    #: Of the subscription's own types only.
    api_name: str | None = None
    data_type: str


class ActivityTypeRecord(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """An activity type; `primaryAttribute` is left out where there is none."""

    id: int
    #: Of the subscription's own types only.
    api_name: str | None = None
    name: str
    description: str
    primary_attribute: AttributeDefinition | None = None
    attributes: list[AttributeDefinition]


def activity_types(call: Call) -> Response:
    """Every type that activities can have, by id."""
    types = call.application.subscriptions.activity_types(call.caller.subscription_id)
    return success_response(call.request_id, [_type_record(one) for one in types.values()])


def paging_token(call: Call) -> Response:
    """The token of the page that begins with a moment."""
    text = call.request.parameters.first_in_any_case("sinceDatetime")
    if text is None:
        raise MissingParameterError("sinceDatetime")
    position = ActivityPosition.before(parse_instant(text))
    return success_response(call.request_id, None, next_page_token=position.token)


def activities(call: Call) -> Response:
    """A page of activities of up to ten types."""
    after = _position(call)
    type_ids = _limited(call, "activityTypeIds", MAXIMUM_TYPES)
    if type_ids is None:
        raise MissingParameterError("activityTypeIds")
    known = call.application.subscriptions.activity_types(call.caller.subscription_id)
    for type_id in type_ids:
        if type_id not in known:
            raise UnknownActivityTypeError(type_id)
    asset_ids = integers(call.request.parameters, "assetIds")
    wanted = ActivitySelection(
        type_ids=frozenset(type_ids),
        lead_ids=_lead_ids(call),
        primary_value_ids=None if asset_ids is None else frozenset(asset_ids),
    )
    return _page(call, wanted, after, activity_record)


def lead_changes(call: Call) -> Response:
    """A page of changes of some fields, and of new leads."""
    after = _position(call)
    names = call.request.parameters.pieces("fields")
    if not names:
        raise MissingParameterError("fields")
    catalogue = call.application.subscriptions.lead_fields(call.caller.subscription_id)
    fields = [catalogue.find(name) for name in names]
    for name, field in zip(names, fields, strict=True):
        if field is None:
            raise FieldNotFoundError(name)
    found = [field for field in fields if field is not None]
    wanted = ActivitySelection(
        type_ids=frozenset({NEW_LEAD, CHANGE_DATA_VALUE}),
        lead_ids=_lead_ids(call),
        changed_fields=ChangedFields(
            ids=frozenset(field.id for field in found),
            names=frozenset(field.display_name for field in found),
        ),
    )
    finder = FieldNames(found)
    return _page(call, wanted, after, lambda activity: lead_change_record(activity, finder))


def deleted_leads(call: Call) -> Response:
    """A page of deletions."""
    wanted = ActivitySelection(type_ids=frozenset({DELETE_LEAD}))
    return _page(call, wanted, _position(call), activity_record)


def _page(
    call: Call,
    wanted: ActivitySelection,
    after: ActivityPosition,
    record: Callable[[LoggedActivity], Struct],
) -> Response:
    page = call.application.activity_pages.page(
        call.caller.subscription_id, wanted, after, batch_size(call.request.parameters)
    )
    return success_response(
        call.request_id,
        [record(activity) for activity in page.activities],
        next_page_token=page.end.token,
        more_result=page.has_more,
    )


def _position(call: Call) -> ActivityPosition:
    token = call.request.parameters.first("nextPageToken")
    if token is None:
        raise MissingParameterError("nextPageToken")
    return ActivityPosition.of_token(token)


def _limited(call: Call, name: str, maximum: int) -> list[int] | None:
    values = integers(call.request.parameters, name)
    if values is not None and len(values) > maximum:
        raise TooManyValuesError(name, maximum)
    return values


def _lead_ids(call: Call) -> frozenset[int] | None:
    """The leads that `leadIds` and `listId` leave; None where neither is given."""
    given = _limited(call, "leadIds", MAXIMUM_LEADS)
    list_ids = integers(call.request.parameters, "listId")
    if list_ids is None:
        return None if given is None else frozenset(given)
    subscription_id = call.caller.subscription_id
    with call.application.database.read() as connection:
        members = MemberList(connection, subscription_id, list_ids[0]).page(0, MAXIMUM_LIST_LEADS)
    if len(members) >= MAXIMUM_LIST_LEADS:
        raise ListTooLargeError(MAXIMUM_LIST_LEADS)
    return frozenset(members) if given is None else frozenset(members) & frozenset(given)


def _type_record(activity_type: ActivityType) -> ActivityTypeRecord:
    primary = activity_type.primary_attribute
    is_own = activity_type.id >= FIRST_CUSTOM_TYPE_ID
    return ActivityTypeRecord(
        id=activity_type.id,
        api_name=api_name_of(activity_type) if is_own else None,
        name=activity_type.name,
        description=activity_type.description,
        primary_attribute=None if primary is None else _definition(primary, is_own=is_own),
        attributes=[_definition(one, is_own=is_own) for one in activity_type.attributes],
    )


def _definition(attribute: ActivityAttribute, *, is_own: bool) -> AttributeDefinition:
    return AttributeDefinition(
        name=attribute.name,
        api_name=api_name_of(attribute) if is_own else None,
        data_type=attribute.data_type,
    )
