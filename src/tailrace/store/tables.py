"""The tables of a home, for every SQL dialect; migrations make them, queries name them.

A subscription owns every row: each key begins with its id. Instants of jobs, tokens and services
are integers, microseconds since 1970 UTC; lead values rest as `domain.lead_fields.Storage` says.
"""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)
from typing_extensions import override

from tailrace.domain.job_state import JobState
from tailrace.domain.lead_fields import Storage, standard_lead_fields

if TYPE_CHECKING:
    from sqlalchemy import Dialect
    from sqlalchemy.types import TypeEngine

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Microseconds(TypeDecorator[datetime]):
    """An aware datetime kept as microseconds since 1970 UTC: exact, ordered, the same everywhere."""

    impl = BigInteger
    cache_ok = True

    @override
    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        return None if value is None else (value - _EPOCH) // _MICROSECOND

    @override
    def process_result_value(self, value: int | None, dialect: Dialect) -> datetime | None:
        return None if value is None else _EPOCH + timedelta(microseconds=value)


def _subscription_key() -> Column[int]:
    return Column("subscription_id", Integer, nullable=False)


def _of_subscription(*columns: str, table: str) -> ForeignKeyConstraint:
    return ForeignKeyConstraint(
        ["subscription_id", *columns],
        [f"{table}.subscription_id", *(f"{table}.id" for _ in columns)],
    )


subscription = Table(
    "subscription",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False, unique=True),
    Column("created_at", Microseconds, nullable=False),
)

#: Only what was set by hand; `domain.subscription_settings` has the defaults.
subscription_setting = Table(
    "subscription_setting",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("name", String(64), primary_key=True),
    Column("value", Text, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: Roles of the subscription's own; `domain.permissions` has those built in.
role = Table(
    "role",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("name", String(255), primary_key=True),
    #: JSON array of permission names.
    Column("permissions", Text, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

api_user = Table(
    "api_user",
    metadata,
    Column("id", Integer, primary_key=True),
    _subscription_key(),
    Column("email", String(255), nullable=False),
    Column("role_name", String(255), nullable=False),
    Column("created_at", Microseconds, nullable=False),
    UniqueConstraint("subscription_id", "email"),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

custom_service = Table(
    "custom_service",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("api_user_id", Integer, nullable=False),
    Column("name", String(255), nullable=False),
    Column("client_id", String(36), nullable=False, unique=True),
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
    Column("custom_service_id", Integer, nullable=False, index=True),
    Column("expires_at", Microseconds, nullable=False, index=True),
    ForeignKeyConstraint(["custom_service_id"], ["custom_service.id"]),
)

_LEAD_COLUMN_TYPES: dict[Storage, TypeEngine[Any]] = {
    Storage.INTEGER: BigInteger(),
    Storage.BOOLEAN: Boolean(create_constraint=False),
}


def _lead_columns() -> list[Column[Any]]:
    """One column a standard field, under the field's own REST name."""
    own = {"id", "createdAt", "updatedAt"}
    return [
        Column(field.name, _LEAD_COLUMN_TYPES.get(field.data_type.storage, Text()))
        for field in standard_lead_fields()
        if field.name not in own
    ]


lead = Table(
    "lead",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("id", BigInteger, primary_key=True),
    Column("createdAt", String(20), nullable=False),
    #: The visible one: moves with standard fields only.
    Column("updatedAt", String(20), nullable=False),
    #: The watermark of the updatedAt filter: moves with any field (contract section 5.1).
    Column("changed_at", String(20), nullable=False),
    #: JSON object of the subscription's own fields, by REST name; fields without a value are absent.
    Column("custom", Text, nullable=False),
    *_lead_columns(),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)
Index("ix_lead_created", lead.c.subscription_id, lead.c.createdAt, lead.c.id)
Index("ix_lead_changed", lead.c.subscription_id, lead.c.changed_at, lead.c.id)
#: An address names the same lead in any letter case.
Index("ix_lead_email", lead.c.subscription_id, lead.c.email.collate("NOCASE"))

lead_field = Table(
    "lead_field",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False),
    #: Field names are unique whatever their case.
    Column("lower_name", String(255), nullable=False),
    Column("display_name", String(255), nullable=False),
    Column("data_type", String(16), nullable=False),
    Column("length", Integer),
    UniqueConstraint("subscription_id", "lower_name"),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: Types of the subscription's own; the standard ones come with the program.
activity_type = Table(
    "activity_type",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("id", Integer, primary_key=True),
    #: JSON of `domain.activity_types.ActivityType`.
    Column("definition", Text, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

program = Table(
    "program",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("id", Integer, primary_key=True),
    Column("name", String(255), nullable=False),
    #: The program that this one is nested in.
    Column("parent_id", Integer),
    Column("channel", String(255), nullable=False),
    Column("created_at", Microseconds, nullable=False),
    UniqueConstraint("subscription_id", "name"),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
    _of_subscription("parent_id", table="program"),
)


def _asset_columns() -> list[Column[Any]]:
    return [
        Column("subscription_id", Integer, primary_key=True),
        Column("id", Integer, primary_key=True),
        Column("name", String(255), nullable=False),
        #: The program that holds it; NULL for one in a folder.
        Column("program_id", Integer),
        Column("created_at", Microseconds, nullable=False),
    ]


form = Table(
    "form",
    metadata,
    *_asset_columns(),
    _of_subscription("program_id", table="program"),
)

static_list = Table(
    "static_list",
    metadata,
    *_asset_columns(),
    _of_subscription("program_id", table="program"),
)

static_list_member = Table(
    "static_list_member",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("list_id", Integer, primary_key=True),
    Column("lead_id", BigInteger, primary_key=True),
    Column("added_at", Microseconds, nullable=False),
    _of_subscription("list_id", table="static_list"),
    _of_subscription("lead_id", table="lead"),
)
Index(
    "ix_static_list_member_lead",
    static_list_member.c.subscription_id,
    static_list_member.c.lead_id,
)

smart_list = Table(
    "smart_list",
    metadata,
    *_asset_columns(),
    #: JSON of `domain.smart_list.Rule`.
    Column("rule", Text, nullable=False),
    _of_subscription("program_id", table="program"),
)

export_job = Table(
    "export_job",
    metadata,
    Column("export_id", String(36), primary_key=True),
    _subscription_key(),
    Column("api_user_id", Integer, nullable=False),
    Column("family", String(32), nullable=False),
    #: JSON of `domain.export_request.ExportRequest`.
    Column("request", Text, nullable=False),
    Column("state", String(16), nullable=False),
    Column("state_changed_at", Microseconds, nullable=False),
    Column("created_at", Microseconds, nullable=False),
    Column("queued_at", Microseconds),
    Column("started_at", Microseconds),
    Column("finished_at", Microseconds),
    #: Its place in the queue: first come first served even when the clock steps back.
    Column("queue_position", BigInteger),
    #: Grows with every claim; the runner that holds the job knows it.
    Column("fence", Integer, nullable=False),
    #: Claims that were not handed back.
    Column("attempts", Integer, nullable=False),
    Column("lease_expires_at", Microseconds),
    Column("file_name", String(255)),
    Column("file_size_bytes", BigInteger),
    Column("file_sha256", String(64)),
    Column("row_count", BigInteger),
    Column("failure", Text),
    #: Set by the janitor once the file's retention is over.
    Column("file_deleted_at", Microseconds),
    CheckConstraint(
        "state IN (" + ", ".join(f"'{state.value}'" for state in JobState) + ")", name="state"
    ),
    CheckConstraint(
        "(state = 'Completed') = (file_sha256 IS NOT NULL AND file_size_bytes IS NOT NULL"
        " AND row_count IS NOT NULL AND file_name IS NOT NULL)",
        name="completed_has_file",
    ),
    CheckConstraint("(state = 'Failed') = (failure IS NOT NULL)", name="failed_says_why"),
    CheckConstraint(
        "(state = 'Processing') = (lease_expires_at IS NOT NULL)", name="processing_has_lease"
    ),
    CheckConstraint("state <> 'Created' OR queued_at IS NULL", name="created_is_not_queued"),
    CheckConstraint(
        "state NOT IN ('Queued', 'Processing')"
        " OR (queued_at IS NOT NULL AND queue_position IS NOT NULL)",
        name="queued_says_when",
    ),
    CheckConstraint(
        "state NOT IN ('Completed', 'Failed') OR finished_at IS NOT NULL",
        name="finished_says_when",
    ),
    ForeignKeyConstraint(["api_user_id"], ["api_user.id"]),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)
#: The list call: newest first within one API user and family.
Index(
    "ix_export_job_list",
    export_job.c.subscription_id,
    export_job.c.api_user_id,
    export_job.c.family,
    export_job.c.created_at,
)
#: Claims, queue and slot counts, recovery.
Index(
    "ix_export_job_queue",
    export_job.c.state,
    export_job.c.subscription_id,
    export_job.c.queue_position,
)
#: The next place in the queue.
Index("ix_export_job_position", export_job.c.queue_position)
#: The day's quota and retention.
Index("ix_export_job_finished", export_job.c.subscription_id, export_job.c.finished_at)

#: Every transition of every job, in the order it happened.
job_event = Table(
    "job_event",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("export_id", String(36), nullable=False, index=True),
    Column("event", String(16), nullable=False),
    Column("from_state", String(16)),
    Column("to_state", String(16), nullable=False),
    Column("fence", Integer, nullable=False),
    Column("at", Microseconds, nullable=False),
)

#: The next free number of each kind within a subscription: leads, activities, lists …
sequence = Table(
    "sequence",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("kind", String(32), primary_key=True),
    Column("next_value", BigInteger, nullable=False),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

#: Files that were loaded, by their content, so that a second load finds the numbers that the
#: first gave to rows without their own.
loaded_file = Table(
    "loaded_file",
    metadata,
    Column("subscription_id", Integer, primary_key=True),
    Column("kind", String(16), primary_key=True),
    Column("sha256", String(64), primary_key=True),
    #: First of the numbers reserved for the file's rows: row n has first + n.
    Column("first_number", BigInteger, nullable=False),
    #: Set once every row was loaded and none rejected.
    Column("completed_at", Microseconds),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)
