"""The fields of a subscription's own: what is said about them, and making them by request."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import func, select, update

from tailrace.domain.errors import LeadFieldExistsError, TooManyLeadFieldsError
from tailrace.domain.lead_field_request import CREATABLE_TYPES, MAXIMUM_CREATED_FIELDS
from tailrace.store.subscriptions import add_lead_field, lead_fields_of
from tailrace.store.tables import lead_field

if TYPE_CHECKING:
    from sqlalchemy import Connection, Row

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.lead_field_request import NewLeadField


def own_field_rows(connection: Connection, subscription_id: SubscriptionId) -> dict[int, Row[Any]]:
    """The rows of lead_field by id."""
    query = select(lead_field).where(lead_field.c.subscription_id == subscription_id)
    return {row.id: row for row in connection.execute(query)}


def create_requested_field(
    connection: Connection, subscription_id: SubscriptionId, requested: NewLeadField
) -> None:
    """Add a field that an API user asked for.

    Raises LeadFieldExistsError, or TooManyLeadFieldsError once there are as many as may be.
    """
    if lead_fields_of(connection, subscription_id).find(requested.name) is not None:
        raise LeadFieldExistsError(requested.name)
    if _requested_count(connection, subscription_id) >= MAXIMUM_CREATED_FIELDS:
        raise TooManyLeadFieldsError(MAXIMUM_CREATED_FIELDS)
    field = add_lead_field(
        connection,
        subscription_id,
        name=requested.name,
        display_name=requested.display_name,
        data_type=requested.data_type,
        length=CREATABLE_TYPES[requested.data_type],
    )
    connection.execute(
        update(lead_field)
        .where(lead_field.c.subscription_id == subscription_id, lead_field.c.id == field.id)
        .values(
            description=requested.description,
            is_api_created=True,
            is_hidden=requested.is_hidden,
            is_sensitive=requested.is_sensitive,
        )
    )


def _requested_count(connection: Connection, subscription_id: SubscriptionId) -> int:
    query = select(func.count()).where(
        lead_field.c.subscription_id == subscription_id, lead_field.c.is_api_created
    )
    return connection.execute(query).scalar_one()
