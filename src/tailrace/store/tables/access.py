"""Who may call, in which subscription, and what each subscription has set."""

from __future__ import annotations

from sqlalchemy import (
    Column,
    ForeignKeyConstraint,
    LargeBinary,
    Table,
    UniqueConstraint,
)

from tailrace.store.tables.base import (
    TEXT,
    WHOLE_NUMBER,
    Microseconds,
    metadata,
    short_text,
    subscription_key,
)

#: One row on a shared store: a hash of the home's key, so that no other home takes it for its own.
home_key = Table("home_key", metadata, Column("fingerprint", LargeBinary(32), primary_key=True))

subscription = Table(
    "subscription",
    metadata,
    Column("id", WHOLE_NUMBER, primary_key=True),
    Column("name", short_text(255), nullable=False, unique=True),
    Column("created_at", Microseconds, nullable=False),
)

#: Only what was set by hand; `domain.subscription_settings` has the defaults.
subscription_setting = Table(
    "subscription_setting",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("name", short_text(64), primary_key=True),
    Column("value", TEXT, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: Roles of the subscription's own; `domain.permissions` has those built in.
role = Table(
    "role",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("name", short_text(255), primary_key=True),
    #: JSON array of permission names.
    Column("permissions", TEXT, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

api_user = Table(
    "api_user",
    metadata,
    Column("id", WHOLE_NUMBER, primary_key=True),
    subscription_key(),
    Column("email", short_text(255), nullable=False),
    Column("role_name", short_text(255), nullable=False),
    Column("created_at", Microseconds, nullable=False),
    UniqueConstraint("subscription_id", "email"),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

custom_service = Table(
    "custom_service",
    metadata,
    Column("id", WHOLE_NUMBER, primary_key=True),
    Column("api_user_id", WHOLE_NUMBER, nullable=False),
    Column("name", short_text(255), nullable=False),
    Column("client_id", short_text(36), nullable=False, unique=True),
    #: HMAC-SHA256 of the client secret under the home's key.
    Column("secret_hash", LargeBinary(32), nullable=False),
    Column("created_at", Microseconds, nullable=False),
    #: When the live token was issued; with the service it is all that the token derives from.
    Column("token_issued_at", Microseconds),
    Column("token_expires_at", Microseconds),
    Column("revoked_at", Microseconds),
    ForeignKeyConstraint(["api_user_id"], ["api_user.id"]),
)

#: One row a token given out, by its hash, so that an expired one is told from an unknown one.
access_token = Table(
    "access_token",
    metadata,
    Column("token_hash", LargeBinary(32), primary_key=True),
    Column("custom_service_id", WHOLE_NUMBER, nullable=False, index=True),
    Column("expires_at", Microseconds, nullable=False, index=True),
    ForeignKeyConstraint(["custom_service_id"], ["custom_service.id"]),
)

#: Calls of each API user on each day in US Central, for the usage statistics and the daily limit.
call_count = Table(
    "call_count",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    #: `YYYY-MM-DD`.
    Column("day", short_text(10), primary_key=True),
    Column("api_user_id", WHOLE_NUMBER, primary_key=True),
    Column("calls", WHOLE_NUMBER, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
    ForeignKeyConstraint(["api_user_id"], ["api_user.id"]),
)

#: Errors answered on each day in US Central, by wire code.
error_count = Table(
    "error_count",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("day", short_text(10), primary_key=True),
    Column("code", short_text(8), primary_key=True),
    Column("errors", WHOLE_NUMBER, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)
