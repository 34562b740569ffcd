"""The subscription's own activity types, each with the version that counts and its draft."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import insert, select, update

from tailrace.domain.activity_type_changes import MAXIMUM_TYPES, OwnActivityType
from tailrace.domain.activity_types import (
    FIRST_CUSTOM_TYPE_ID,
    api_name_of,
    standard_activity_types,
    taken_name,
)
from tailrace.domain.errors import (
    ActivityTypeExistsError,
    ObjectNotFoundError,
    TooManyActivityTypesError,
)
from tailrace.store.tables import activity_type

if TYPE_CHECKING:
    from collections.abc import Iterable

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId


@dataclass(frozen=True, slots=True)
class OwnType:
    """A type of the subscription's own; one of the two versions is there."""

    id: int
    #: None before it is approved for the first time.
    approved: OwnActivityType | None
    #: None where nothing waits to be approved.
    draft: OwnActivityType | None

    @property
    def status(self) -> str:
        """As the API calls it."""
        if self.approved is None:
            return "draft"
        return "approved" if self.draft is None else "approved with draft"

    @property
    def latest(self) -> OwnActivityType:
        """What further changes apply to."""
        version = self.draft or self.approved
        assert version is not None, "a type without a version"
        return version

    @property
    def versions(self) -> tuple[OwnActivityType, ...]:
        return tuple(one for one in (self.approved, self.draft) if one is not None)


def own_types(connection: Connection, subscription_id: SubscriptionId) -> list[OwnType]:
    """Every type that was not deleted, by id."""
    rows = connection.execute(
        select(activity_type)
        .where(
            activity_type.c.subscription_id == subscription_id,
            # A load may have registered types that only Marketo's own numbers are known of.
            activity_type.c.id >= FIRST_CUSTOM_TYPE_ID,
        )
        .order_by(activity_type.c.id)
    )
    every = (OwnType(row.id, _decoded(row.definition), _decoded(row.draft)) for row in rows)
    return [one for one in every if one.versions]


def own_type(connection: Connection, subscription_id: SubscriptionId, api_name: str) -> OwnType:
    """The type with this API name, in any letter case. Raises ObjectNotFoundError."""
    for one in own_types(connection, subscription_id):
        if api_name.lower() in {api_name_of(version).lower() for version in one.versions}:
            return one
    raise ObjectNotFoundError


def add_own_type(
    connection: Connection, subscription_id: SubscriptionId, draft: OwnActivityType
) -> OwnType:
    """A new type that is a draft only.

    Raises TooManyActivityTypesError, or ActivityTypeExistsError if a name is taken.
    """
    known = own_types(connection, subscription_id)
    if len(known) >= MAXIMUM_TYPES:
        raise TooManyActivityTypesError(MAXIMUM_TYPES)
    _check_names(draft, known)
    connection.execute(
        insert(activity_type).values(
            subscription_id=subscription_id, id=draft.id, draft=_encoded(draft)
        )
    )
    return OwnType(draft.id, None, draft)


def save_own_type(
    connection: Connection, subscription_id: SubscriptionId, changed: OwnType
) -> None:
    """Keep both versions of a type; with neither, it is deleted and its id stays used.

    Raises ActivityTypeExistsError if a name of the draft is another type's.
    """
    if changed.draft is not None:
        known = own_types(connection, subscription_id)
        _check_names(changed.draft, (one for one in known if one.id != changed.id))
    connection.execute(
        update(activity_type)
        .filter_by(subscription_id=subscription_id, id=changed.id)
        .values(definition=_encoded(changed.approved), draft=_encoded(changed.draft))
    )


def _check_names(draft: OwnActivityType, others: Iterable[OwnType]) -> None:
    taken = {name for other in others for version in other.versions for name in version.names}
    taken |= {one.name.lower() for one in standard_activity_types()}
    clash = taken_name(draft, taken)
    if clash is not None:
        raise ActivityTypeExistsError(clash)


def _decoded(text: str | None) -> OwnActivityType | None:
    return None if text is None else msgspec.json.decode(text, type=OwnActivityType)


def _encoded(version: OwnActivityType | None) -> str | None:
    return None if version is None else msgspec.json.encode(version).decode()
