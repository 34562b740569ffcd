"""API users and their roles."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any, cast

import msgspec
from sqlalchemy import insert, select

from tailrace.domain.errors import AdministrationError
from tailrace.domain.export_job import ApiUserId
from tailrace.domain.permissions import BUILT_IN_ROLES, DEFAULT_ROLE, Permission
from tailrace.store.tables import api_user, role

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.database import Database

_MAXIMUM_EMAIL_CHARACTERS = 255

#: What no address lacks; the rest is its mail server's business.
_EMAIL = re.compile(r"[^\s@]+@[^\s@]+")


class ApiUsers:
    """Administers API users and the roles they may have."""

    def __init__(self, database: Database, clock: Callable[[], datetime]) -> None:
        self._database = database
        self._clock = clock

    def create_role(
        self, subscription_id: SubscriptionId, name: str, permissions: Iterable[Permission]
    ) -> None:
        """Add a role. Raises AdministrationError if there is one of that name."""
        with self._database.write() as connection:
            if _find_permissions(connection, subscription_id, name) is not None:
                raise AdministrationError(f"There is a role '{name}' already.")
            connection.execute(
                insert(role).values(
                    subscription_id=subscription_id,
                    name=name,
                    permissions=msgspec.json.encode(sorted(permissions)).decode(),
                )
            )

    def roles(self, subscription_id: SubscriptionId) -> dict[str, frozenset[Permission]]:
        """Every role by name, built in or made."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(role).where(role.c.subscription_id == subscription_id).order_by(role.c.name)
            )
            own = {row.name: _decode_permissions(row.permissions) for row in rows}
        return {**BUILT_IN_ROLES, **own}

    def create(
        self, subscription_id: SubscriptionId, email: str, role_name: str = DEFAULT_ROLE
    ) -> ApiUserId:
        """Add an API user. Raises AdministrationError for a taken or odd address, or no role."""
        with self._database.write() as connection:
            if find_user(connection, subscription_id, email) is not None:
                raise AdministrationError(f"There is an API user '{email}' already.")
            return add_user(connection, subscription_id, email, role_name, self._clock())

    def all(self, subscription_id: SubscriptionId) -> list[tuple[str, str]]:
        """E-mail address and role name of every API user."""
        with self._database.read() as connection:
            rows = connection.execute(
                select(api_user.c.email, api_user.c.role_name)
                .where(api_user.c.subscription_id == subscription_id)
                .order_by(api_user.c.email)
            )
            return [(row.email, row.role_name) for row in rows]


def add_user(
    connection: Connection,
    subscription_id: SubscriptionId,
    email: str,
    role_name: str,
    now: datetime,
) -> ApiUserId:
    """Add an API user. Raises AdministrationError for an odd address or an unknown role."""
    if _EMAIL.fullmatch(email) is None or len(email) > _MAXIMUM_EMAIL_CHARACTERS:
        raise AdministrationError(f"'{email}' is not an e-mail address.")
    if _find_permissions(connection, subscription_id, role_name) is None:
        raise AdministrationError(f"There is no role '{role_name}'.")
    result = connection.execute(
        insert(api_user).values(
            subscription_id=subscription_id,
            email=email,
            role_name=role_name,
            created_at=now,
        )
    )
    return ApiUserId(cast("tuple[int]", result.inserted_primary_key)[0])


def find_user(
    connection: Connection, subscription_id: SubscriptionId, email: str
) -> Row[Any] | None:
    """The API user of that e-mail address."""
    return connection.execute(
        select(api_user).where(
            api_user.c.subscription_id == subscription_id, api_user.c.email == email
        )
    ).one_or_none()


def permissions_of(
    connection: Connection, subscription_id: SubscriptionId, role_name: str
) -> frozenset[Permission]:
    """What a role allows; nothing if there is none of that name."""
    return _find_permissions(connection, subscription_id, role_name) or frozenset()


def _find_permissions(
    connection: Connection, subscription_id: SubscriptionId, role_name: str
) -> frozenset[Permission] | None:
    if role_name in BUILT_IN_ROLES:
        return BUILT_IN_ROLES[role_name]
    text = connection.execute(
        select(role.c.permissions).where(
            role.c.subscription_id == subscription_id, role.c.name == role_name
        )
    ).scalar()
    return None if text is None else _decode_permissions(text)


def _decode_permissions(text: str) -> frozenset[Permission]:
    return frozenset(msgspec.json.decode(text, type=list[Permission]))
