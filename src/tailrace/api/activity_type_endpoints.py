"""The subscription's own activity types: shown, drafted, approved (contract section 7.5)."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from msgspec import Struct

from tailrace.api.envelope import success_response
from tailrace.api.request import decode_json
from tailrace.domain import activity_type_changes as changes
from tailrace.domain.activity_types import api_name_of
from tailrace.domain.errors import ActivityTypeWithoutDraftError
from tailrace.domain.instants import format_instant
from tailrace.store.activity_type_drafts import (
    OwnType,
    add_own_type,
    own_type,
    own_types,
    save_own_type,
)
from tailrace.store.subscriptions import next_activity_type_id

if TYPE_CHECKING:
    from collections.abc import Callable

    from sqlalchemy import Connection
    from starlette.responses import Response

    from tailrace.api.route import Call
    from tailrace.domain.activity_type_changes import OwnActivityType
    from tailrace.domain.activity_types import ActivityAttribute

    #: A definition, the body of a call and the moment, to the definition that comes of it.
    Change = Callable[[OwnActivityType, object, str], OwnActivityType]


class OwnAttributeRecord(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """An attribute; `isPrimary` is there for the primary one."""

    api_name: str
    name: str
    data_type: str
    is_primary: bool = False


class OwnTypeRecord(Struct, rename="camel", omit_defaults=True, kw_only=True):
    """A type of the subscription's own, in one of its versions."""

    id: int
    api_name: str
    name: str
    description: str
    trigger_name: str | None = None
    filter_name: str | None = None
    #: `draft`, `approved`, `approved with draft` or `deleted`.
    status: str
    primary_attribute: OwnAttributeRecord | None = None
    attributes: list[OwnAttributeRecord]
    #: ISO 8601, UTC; left out for types that an administrator made.
    created_at: str | None = None
    updated_at: str | None = None


class OwnTypeRequest(Struct, rename="camel", omit_defaults=True, kw_only=True):
    api_name: str
    name: str
    trigger_name: str
    filter_name: str
    description: str = ""
    primary_attribute: OwnAttributeRecord


class OwnAttributesRequest(Struct):
    #: By API name; at most 20 a type.
    attributes: list[OwnAttributeRecord]


def list_types(call: Call) -> Response:
    """Every own type, in the version that counts where there is one."""
    with call.application.database.read() as connection:
        types = own_types(connection, call.caller.subscription_id)
    return success_response(
        call.request_id, [_record(one, one.approved or one.latest) for one in types]
    )


def describe(call: Call) -> Response:
    """One type in the version that counts, or with `draft=true` as it may become."""
    with call.application.database.read() as connection:
        found = _named(call, connection)
    is_draft_wanted = (call.request.parameters.first("draft") or "").lower() == "true"
    version = found.latest if is_draft_wanted else found.approved or found.latest
    return success_response(call.request_id, [_record(found, version)])


def create(call: Call) -> Response:
    """A new type, a draft until it is approved."""
    body = decode_json(call.request.body)
    subscription_id = call.caller.subscription_id
    with call.application.database.write() as connection:
        type_id = next_activity_type_id(connection, subscription_id)
        draft = changes.new_type(body, type_id, _now(call))
        made = add_own_type(connection, subscription_id, draft)
    return success_response(call.request_id, [_record(made, draft)])


def update(call: Call) -> Response:
    """The draft with other names or another primary attribute."""
    return _changed(call, changes.changed_type)


def create_attributes(call: Call) -> Response:
    """The draft with further attributes."""
    return _changed(call, changes.with_attributes)


def update_attributes(call: Call) -> Response:
    """The draft with attributes changed."""
    return _changed(call, changes.with_changed_attributes)


def delete_attributes(call: Call) -> Response:
    """The draft without some attributes."""
    return _changed(call, changes.without_attributes)


def approve(call: Call) -> Response:
    """The type as its draft says, for activities from now on."""
    with call.application.database.write() as connection:
        found = _named(call, connection)
        if found.draft is None:
            raise ActivityTypeWithoutDraftError(call.path_values["apiName"])
        approved = OwnType(found.id, found.draft, None)
        save_own_type(connection, call.caller.subscription_id, approved)
    return success_response(call.request_id, [_record(approved, found.draft)])


def discard_draft(call: Call) -> Response:
    """The type as it was approved; one that never was has nothing to go back to."""
    with call.application.database.write() as connection:
        found = _named(call, connection)
        if found.draft is None or found.approved is None:
            raise ActivityTypeWithoutDraftError(call.path_values["apiName"])
        left = replace(found, draft=None)
        save_own_type(connection, call.caller.subscription_id, left)
    return success_response(call.request_id, [_record(left, found.approved)])


def delete(call: Call) -> Response:
    """The type that is gone; activities of it stay in the log."""
    with call.application.database.write() as connection:
        found = _named(call, connection)
        save_own_type(connection, call.caller.subscription_id, OwnType(found.id, None, None))
    return success_response(call.request_id, [_record(found, found.latest, status="deleted")])


def _changed(call: Call, change: Change) -> Response:
    body = decode_json(call.request.body)
    with call.application.database.write() as connection:
        found = _named(call, connection)
        draft = change(found.latest, body, _now(call))
        changed = replace(found, draft=draft)
        save_own_type(connection, call.caller.subscription_id, changed)
    return success_response(call.request_id, [_record(changed, draft)])


def _named(call: Call, connection: Connection) -> OwnType:
    return own_type(connection, call.caller.subscription_id, call.path_values["apiName"])


def _now(call: Call) -> str:
    return format_instant(call.application.clock())


def _record(found: OwnType, version: OwnActivityType, status: str | None = None) -> OwnTypeRecord:
    primary = version.primary_attribute
    return OwnTypeRecord(
        id=version.id,
        api_name=api_name_of(version),
        name=version.name,
        description=version.description,
        trigger_name=version.trigger_name,
        filter_name=version.filter_name,
        status=status or found.status,
        primary_attribute=None if primary is None else _attribute(primary, is_primary=True),
        attributes=[_attribute(one) for one in version.attributes],
        created_at=version.created_at,
        updated_at=version.updated_at,
    )


def _attribute(attribute: ActivityAttribute, *, is_primary: bool = False) -> OwnAttributeRecord:
    return OwnAttributeRecord(
        api_name=api_name_of(attribute),
        name=attribute.name,
        data_type=attribute.data_type,
        is_primary=is_primary,
    )
