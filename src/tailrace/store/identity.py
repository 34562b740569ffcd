"""Custom services and the access tokens that they are given.

Theory of operation: a token is the HMAC of its service and issue time under the home's key.
Nothing but its hash is stored, and yet the same token can be given again until it expires, as
clients expect (contract section 1). Rotating or revoking a service deletes the hashes of its
tokens, so they stop working with that transaction. A client secret is kept as its HMAC.
"""

from __future__ import annotations

import hashlib
import hmac
import secrets
import uuid
from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, cast

from sqlalchemy import delete, insert, select, update

from tailrace.domain.caller import Caller
from tailrace.domain.errors import (
    AccessTokenExpiredError,
    AccessTokenInvalidError,
    AdministrationError,
    UnknownClientError,
    WrongClientSecretError,
)
from tailrace.domain.export_job import ApiUserId, SubscriptionId
from tailrace.domain.permissions import DEFAULT_ROLE
from tailrace.store.api_users import add_user, find_user, permissions_of
from tailrace.store.remembered import Remembered
from tailrace.store.tables import access_token, api_user, custom_service
from tailrace.store.turns import TOKENS

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from tailrace.store.database import Database

#: Tokens end in the name of a pod; ours say who made them.
_POD_SUFFIX = ":tr"

#: Expired tokens are told from unknown ones for this long.
EXPIRED_TOKEN_MEMORY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class GrantedToken:
    text: str
    #: Whole seconds until it expires.
    expires_in_seconds: int
    #: E-mail address of the API user behind the service.
    scope: str


@dataclass(frozen=True, slots=True)
class ServiceCredentials:
    """Shown once; only a hash of the secret is kept."""

    client_id: str
    client_secret: str
    #: E-mail address of the API user.
    user: str


@dataclass(frozen=True, slots=True)
class ServiceDescription:
    client_id: str
    name: str
    user: str
    role: str
    created_at: datetime
    revoked_at: datetime | None


@dataclass(frozen=True, slots=True)
class _TokenHolder:
    caller: Caller
    #: When the token stops to stand for them.
    expires_at: datetime


class Identity:
    """Who may call: grants tokens, recognises them, and administers services."""

    def __init__(
        self,
        database: Database,
        *,
        key: bytes,
        token_lifetime_seconds: int,
        clock: Callable[[], datetime],
    ) -> None:
        self._database = database
        self._key = key
        self._lifetime = timedelta(seconds=token_lifetime_seconds)
        self._clock = clock
        self._holders = Remembered(database, self._holder)

    # Tokens.

    def grant(self, client_id: str, client_secret: str) -> GrantedToken:
        """The service's live token, or a new one.

        Raises UnknownClientError or WrongClientSecretError.
        """
        now = self._clock()
        with self._database.read() as connection:
            service = self._authenticated_service(connection, client_id, client_secret)
        if not self._has_live_token(service, now):
            with self._database.write(TOKENS) as connection:
                service = self._authenticated_service(connection, client_id, client_secret)
                if not self._has_live_token(service, now):
                    service = self._issue(connection, service, now)
        return GrantedToken(
            text=self._token_text(service, service.token_issued_at),
            expires_in_seconds=int((service.token_expires_at - now).total_seconds()),
            scope=service.email,
        )

    def caller(self, token: str) -> Caller:
        """Whom the token stands for.

        Raises AccessTokenInvalidError or AccessTokenExpiredError.
        """
        holder = self._holders.get(_token_hash(token))
        if holder.expires_at <= self._clock():
            raise AccessTokenExpiredError
        return holder.caller

    def forget_expired_tokens(self) -> None:
        """Drop the hashes of tokens that expired long ago."""
        horizon = self._clock() - EXPIRED_TOKEN_MEMORY
        with self._database.write(TOKENS) as connection:
            connection.execute(delete(access_token).where(access_token.c.expires_at < horizon))

    # Custom services.

    def create_service(
        self,
        subscription_id: SubscriptionId,
        email: str,
        *,
        role_name: str | None = None,
        name: str = "custom service",
    ) -> ServiceCredentials:
        """Add a service of the API user `email`, who is made if need be.

        Raises AdministrationError for an unknown role, or one that an existing user does not have.
        """
        client_id, client_secret = str(uuid.uuid4()), _new_secret()
        with self._database.write() as connection:
            user = find_user(connection, subscription_id, email)
            if user is None:
                user_id = add_user(
                    connection, subscription_id, email, role_name or DEFAULT_ROLE, self._clock()
                )
            elif role_name is not None and user.role_name != role_name:
                raise AdministrationError(f"API user '{email}' has the role '{user.role_name}'.")
            else:
                user_id = ApiUserId(user.id)
            connection.execute(
                insert(custom_service).values(
                    api_user_id=user_id,
                    name=name,
                    client_id=client_id,
                    secret_hash=self._secret_hash(client_secret),
                    created_at=self._clock(),
                )
            )
        return ServiceCredentials(client_id, client_secret, email)

    def services(self, subscription_id: SubscriptionId) -> list[ServiceDescription]:
        """Every service of the subscription, revoked ones too, oldest first."""
        with self._database.read() as connection:
            rows = connection.execute(
                _services()
                .where(api_user.c.subscription_id == subscription_id)
                .order_by(custom_service.c.id)
            )
            return [
                ServiceDescription(
                    client_id=row.client_id,
                    name=row.name,
                    user=row.email,
                    role=row.role_name,
                    created_at=row.created_at,
                    revoked_at=row.revoked_at,
                )
                for row in rows
            ]

    def rotate_service(self, client_id: str) -> ServiceCredentials:
        """Give the service a new secret; the old one and its tokens stop working at once."""
        client_secret = _new_secret()
        with self._database.write() as connection:
            service = self._live_service(connection, client_id)
            self._forget_tokens(
                connection, service.id, secret_hash=self._secret_hash(client_secret)
            )
        return ServiceCredentials(client_id, client_secret, service.email)

    def revoke_service(self, client_id: str) -> None:
        """End the service: its secret and tokens stop working at once, its jobs stay."""
        with self._database.write() as connection:
            service = self._live_service(connection, client_id)
            self._forget_tokens(connection, service.id, revoked_at=self._clock())

    def _holder(self, token_hash: bytes) -> _TokenHolder:
        with self._database.read() as connection:
            row = connection.execute(
                _services(access_token.c.expires_at, api_user.c.subscription_id)
                .join(access_token, access_token.c.custom_service_id == custom_service.c.id)
                .where(access_token.c.token_hash == token_hash)
            ).one_or_none()
            if row is None or row.revoked_at is not None:
                raise AccessTokenInvalidError
            subscription_id = SubscriptionId(row.subscription_id)
            caller = Caller(
                subscription_id=subscription_id,
                api_user_id=ApiUserId(row.api_user_id),
                email=row.email,
                permissions=permissions_of(connection, subscription_id, row.role_name),
            )
        return _TokenHolder(caller, row.expires_at)

    # Within a transaction.

    def _authenticated_service(
        self, connection: Connection, client_id: str, client_secret: str
    ) -> Row[Any]:
        service = _find_service(connection, client_id)
        given = self._secret_hash(client_secret)
        if service is None or service.revoked_at is not None:
            raise UnknownClientError(client_id)
        if not hmac.compare_digest(service.secret_hash, given):
            raise WrongClientSecretError
        return service

    def _live_service(self, connection: Connection, client_id: str) -> Row[Any]:
        service = _find_service(connection, client_id)
        if service is None or service.revoked_at is not None:
            raise AdministrationError(f"There is no live service with the client id '{client_id}'.")
        return service

    def _has_live_token(self, service: Row[Any], now: datetime) -> bool:
        expires_at = service.token_expires_at
        # A token in its last second would be dead on arrival.
        return expires_at is not None and now < expires_at - timedelta(seconds=1)

    def _issue(self, connection: Connection, service: Row[Any], now: datetime) -> Row[Any]:
        token = self._token_text(service, now)
        connection.execute(
            insert(access_token).values(
                token_hash=_token_hash(token),
                custom_service_id=service.id,
                expires_at=now + self._lifetime,
            )
        )
        connection.execute(
            update(custom_service)
            .where(custom_service.c.id == service.id)
            .values(token_issued_at=now, token_expires_at=now + self._lifetime)
        )
        return cast("Row[Any]", _find_service(connection, service.client_id))

    def _forget_tokens(self, connection: Connection, service_id: int, **changes: object) -> None:
        connection.execute(
            delete(access_token).where(access_token.c.custom_service_id == service_id)
        )
        connection.execute(
            update(custom_service)
            .where(custom_service.c.id == service_id)
            .values(token_issued_at=None, token_expires_at=None, **changes)
        )

    # Secrets.

    def _secret_hash(self, client_secret: str) -> bytes:
        return hmac.digest(self._key, b"secret\0" + client_secret.encode(), "sha256")

    def _token_text(self, service: Row[Any], issued_at: datetime) -> str:
        # The secret's hash is part of it: a rotated service never gets an old token again.
        message = f"token\0{service.id}\0{issued_at.isoformat()}\0".encode() + service.secret_hash
        digest = hmac.digest(self._key, message, "sha256")
        return str(uuid.UUID(bytes=digest[:16])) + _POD_SUFFIX


def _services(*more: Any) -> Any:
    return select(custom_service, api_user.c.email, api_user.c.role_name, *more).join(
        api_user, api_user.c.id == custom_service.c.api_user_id
    )


def _find_service(connection: Connection, client_id: str) -> Row[Any] | None:
    query = _services().where(custom_service.c.client_id == client_id)
    return connection.execute(query).one_or_none()


def _new_secret() -> str:
    # 32 characters, as Marketo's are.
    return secrets.token_urlsafe(24)


def _token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
