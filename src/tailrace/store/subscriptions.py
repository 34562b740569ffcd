"""Subscriptions, their settings, and the fields and activity types of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, cast

import msgspec
from sqlalchemy import delete, func, insert, select

from tailrace.domain.activity_types import (
    FIRST_CUSTOM_TYPE_ID,
    ActivityType,
    standard_activity_types,
)
from tailrace.domain.errors import AdministrationError
from tailrace.domain.export_job import SubscriptionId
from tailrace.domain.export_request import RequestRules
from tailrace.domain.lead_fields import (
    FIRST_CUSTOM_FIELD_ID,
    DataType,
    LeadField,
    LeadFieldCatalogue,
)
from tailrace.domain.subscription_settings import (
    SubscriptionSettings,
    effective_settings,
    parse_setting,
)
from tailrace.store.remembered import Remembered
from tailrace.store.tables import activity_type, lead_field, subscription, subscription_setting

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.store.database import Database

DEFAULT_SUBSCRIPTION_NAME = "default"


class Subscriptions:
    """What each subscription is and allows; asked for at every call, so changes act at once."""

    def __init__(self, database: Database, *, is_strict: bool) -> None:
        self._database = database
        self._is_strict = is_strict
        self._settings = Remembered(database, self._read_settings)
        self._rules = Remembered(database, self._read_rules)
        self._lead_fields = Remembered(database, self._read_lead_fields)
        self._activity_types = Remembered(database, self._read_activity_types)

    def ids(self) -> list[SubscriptionId]:
        with self._database.read() as connection:
            rows = connection.execute(select(subscription.c.id).order_by(subscription.c.id))
            return [SubscriptionId(row.id) for row in rows]

    def default_id(self) -> SubscriptionId:
        """The subscription that commands act on. Raises AdministrationError before set-up."""
        ids = self.ids()
        if not ids:
            raise AdministrationError("This home has no subscription yet.")
        return ids[0]

    def settings(self, subscription_id: SubscriptionId) -> SubscriptionSettings:
        return self._settings.get(subscription_id)

    def set(self, subscription_id: SubscriptionId, name: str, text: str) -> None:
        """Choose a setting's value, in force from the next call on.

        Raises AdministrationError for an unknown name or a value that breaks its rule.
        """
        value = msgspec.json.encode(parse_setting(name, text)).decode()
        key = {"subscription_id": subscription_id, "name": name}
        with self._database.write() as connection:
            connection.execute(delete(subscription_setting).filter_by(**key))
            connection.execute(insert(subscription_setting).values(**key, value=value))

    def rules(self, subscription_id: SubscriptionId) -> RequestRules:
        """What reading a create call needs to know of the subscription, at one moment."""
        return self._rules.get(subscription_id)

    def lead_fields(self, subscription_id: SubscriptionId) -> LeadFieldCatalogue:
        return self._lead_fields.get(subscription_id)

    def activity_types(self, subscription_id: SubscriptionId) -> Mapping[int, ActivityType]:
        return self._activity_types.get(subscription_id)

    def create_lead_field(
        self,
        subscription_id: SubscriptionId,
        *,
        name: str,
        display_name: str,
        data_type: DataType,
        length: int | None = None,
    ) -> LeadField:
        """Add a field of the subscription's own. Raises AdministrationError if the name is taken."""
        with self._database.write() as connection:
            return add_lead_field(
                connection,
                subscription_id,
                name=name,
                display_name=display_name,
                data_type=data_type,
                length=length,
            )

    def next_activity_type_id(self, subscription_id: SubscriptionId) -> int:
        """An id of the subscription's own that no activity type has or had."""
        with self._database.read() as connection:
            return next_activity_type_id(connection, subscription_id)

    def create_activity_type(
        self, subscription_id: SubscriptionId, definition: ActivityType
    ) -> None:
        """Add an activity type. Raises AdministrationError if its id or name is taken."""
        with self._database.write() as connection:
            add_activity_type(connection, subscription_id, definition)

    def _read_settings(self, subscription_id: SubscriptionId) -> SubscriptionSettings:
        with self._database.read() as connection:
            chosen = _chosen_settings(connection, subscription_id)
        return effective_settings(chosen, is_strict=self._is_strict)

    def _read_lead_fields(self, subscription_id: SubscriptionId) -> LeadFieldCatalogue:
        with self._database.read() as connection:
            return lead_fields_of(connection, subscription_id)

    def _read_activity_types(self, subscription_id: SubscriptionId) -> Mapping[int, ActivityType]:
        with self._database.read() as connection:
            return activity_types_of(connection, subscription_id)

    def _read_rules(self, subscription_id: SubscriptionId) -> RequestRules:
        with self._database.read() as connection:
            chosen = _chosen_settings(connection, subscription_id)
            return RequestRules(
                settings=effective_settings(chosen, is_strict=self._is_strict),
                lead_fields=lead_fields_of(connection, subscription_id),
                activity_types=activity_types_of(connection, subscription_id),
            )


def create_subscription(connection: Connection, name: str, now: datetime) -> SubscriptionId:
    """Add an empty subscription and return its id."""
    result = connection.execute(insert(subscription).values(name=name, created_at=now))
    return SubscriptionId(cast("tuple[int]", result.inserted_primary_key)[0])


def lead_fields_of(connection: Connection, subscription_id: SubscriptionId) -> LeadFieldCatalogue:
    rows = connection.execute(
        select(lead_field)
        .where(lead_field.c.subscription_id == subscription_id)
        .order_by(lead_field.c.id)
    )
    return LeadFieldCatalogue.of(
        LeadField(
            id=row.id,
            name=row.name,
            display_name=row.display_name,
            data_type=DataType(row.data_type),
            length=row.length,
            is_custom=True,
        )
        for row in rows
    )


def activity_types_of(
    connection: Connection, subscription_id: SubscriptionId
) -> dict[int, ActivityType]:
    """Standard types and the subscription's own, by id."""
    rows = connection.execute(
        select(activity_type.c.definition).where(
            activity_type.c.subscription_id == subscription_id,
            activity_type.c.definition.is_not(None),
        )
    )
    own = [msgspec.json.decode(row.definition, type=ActivityType) for row in rows]
    every = sorted((*standard_activity_types(), *own), key=lambda one: one.id)
    return {one.id: one for one in every}


def add_lead_field(
    connection: Connection,
    subscription_id: SubscriptionId,
    *,
    name: str,
    display_name: str,
    data_type: DataType,
    length: int | None = None,
) -> LeadField:
    """Add a field within the caller's transaction. Raises AdministrationError if it exists."""
    if not name.isascii() or not name.replace("_", "").isalnum():
        raise AdministrationError(
            f"A field name is made of letters, digits and underscores: '{name}' is not."
        )
    if lead_fields_of(connection, subscription_id).find(name) is not None:
        raise AdministrationError(f"There is a lead field '{name}' already.")
    last_id = connection.execute(
        select(func.max(lead_field.c.id)).where(lead_field.c.subscription_id == subscription_id)
    ).scalar()
    field = LeadField(
        id=FIRST_CUSTOM_FIELD_ID if last_id is None else last_id + 1,
        name=name,
        display_name=display_name,
        data_type=data_type,
        length=length,
        is_custom=True,
    )
    connection.execute(
        insert(lead_field).values(
            subscription_id=subscription_id,
            id=field.id,
            name=name,
            lower_name=name.lower(),
            display_name=display_name,
            data_type=data_type.value,
            length=length,
        )
    )
    return field


def next_activity_type_id(connection: Connection, subscription_id: SubscriptionId) -> int:
    """An id of the subscription's own that no activity type has or had, also not as a draft."""
    last_id = connection.execute(
        select(func.max(activity_type.c.id)).where(
            activity_type.c.subscription_id == subscription_id
        )
    ).scalar()
    return max(last_id or 0, FIRST_CUSTOM_TYPE_ID) + 1


def add_activity_type(
    connection: Connection, subscription_id: SubscriptionId, definition: ActivityType
) -> None:
    """Add a type within the caller's transaction. Raises AdministrationError if it exists."""
    known = activity_types_of(connection, subscription_id)
    of_id = select(activity_type.c.id).filter_by(subscription_id=subscription_id, id=definition.id)
    # Its number stays a type's that was deleted, for the sake of its activities.
    if definition.id in known or connection.execute(of_id).first() is not None:
        raise AdministrationError(f"There is an activity type {definition.id} already.")
    if definition.name.lower() in {one.name.lower() for one in known.values()}:
        raise AdministrationError(f"There is an activity type '{definition.name}' already.")
    if definition.id < 1:
        raise AdministrationError(
            f"An activity type id is positive; your own start at {FIRST_CUSTOM_TYPE_ID}."
        )
    connection.execute(
        insert(activity_type).values(
            subscription_id=subscription_id,
            id=definition.id,
            definition=msgspec.json.encode(definition).decode(),
        )
    )


def _chosen_settings(
    connection: Connection, subscription_id: SubscriptionId
) -> dict[str, int | bool | str]:
    rows = connection.execute(
        select(subscription_setting).where(
            subscription_setting.c.subscription_id == subscription_id
        )
    )
    return {row.name: msgspec.json.decode(row.value, type=int | bool | str) for row in rows}
