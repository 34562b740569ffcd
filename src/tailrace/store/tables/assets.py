"""Programs and what they hold: lists, forms, campaigns, members."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    ForeignKeyConstraint,
    Index,
    Table,
    UniqueConstraint,
    false,
)

from tailrace.store.tables.base import (
    TEXT,
    WHOLE_NUMBER,
    Microseconds,
    metadata,
    of_subscription,
    short_text,
)

if TYPE_CHECKING:
    from sqlalchemy.engine.default import DefaultExecutionContext


def _at_creation(context: DefaultExecutionContext) -> Any:
    return context.get_current_parameters()["created_at"]


def _asset_columns() -> list[Column[Any]]:
    return [
        Column("subscription_id", WHOLE_NUMBER, primary_key=True),
        Column("id", WHOLE_NUMBER, primary_key=True),
        Column("name", short_text(255), nullable=False),
        #: NULL where there is none.
        Column("description", TEXT),
        Column("created_at", Microseconds, nullable=False),
        Column("updated_at", Microseconds, nullable=False, default=_at_creation),
    ]


def _asset_within_program() -> list[Any]:
    return [
        *_asset_columns(),
        #: The program that holds it; NULL for one in a folder.
        Column("program_id", WHOLE_NUMBER),
        of_subscription("program_id", table="program"),
    ]


#: A kind of program, with the statuses that its members go through.
channel = Table(
    "channel",
    metadata,
    *_asset_columns(),
    #: `program`, `event`, `nurture` or `email`.
    Column("applicable_program_type", short_text(32), nullable=False),
    #: JSON array of `domain.programs.ProgressionStatus`, by step.
    Column("statuses", TEXT, nullable=False),
    UniqueConstraint("subscription_id", "name"),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)

program = Table(
    "program",
    metadata,
    *_asset_columns(),
    #: The program that this one is nested in.
    Column("parent_id", WHOLE_NUMBER),
    #: Name of its channel.
    Column("channel", short_text(255), nullable=False),
    #: As the API calls it: `Default`, `Event`, `Event with Webinar`, `Engagement` or `Email`.
    Column("type", short_text(32), nullable=False, server_default="Default"),
    #: `on`, `off`, `locked`, `unlocked`, `completed`; empty for the types without one.
    Column("status", short_text(32), nullable=False, server_default=""),
    #: JSON array of `{"tagType", "tagValue"}`.
    Column("tags", TEXT, nullable=False, server_default="[]"),
    #: JSON array of `{"startDate", "cost", "note"}`.
    Column("costs", TEXT, nullable=False, server_default="[]"),
    UniqueConstraint("subscription_id", "name"),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
    of_subscription("parent_id", table="program"),
)

form = Table(
    "form",
    metadata,
    *_asset_within_program(),
    #: `draft` or `approved`.
    Column("status", short_text(16), nullable=False, server_default="approved"),
    #: JSON array of the names of the lead fields that it asks for.
    Column("fields", TEXT, nullable=False, server_default="[]"),
)

static_list = Table("static_list", metadata, *_asset_within_program())

static_list_member = Table(
    "static_list_member",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("list_id", WHOLE_NUMBER, primary_key=True),
    Column("lead_id", BigInteger, primary_key=True),
    Column("added_at", Microseconds, nullable=False),
    of_subscription("list_id", table="static_list"),
    of_subscription("lead_id", table="lead"),
)
Index(
    "ix_static_list_member_lead",
    static_list_member.c.subscription_id,
    static_list_member.c.lead_id,
)

smart_list = Table(
    "smart_list",
    metadata,
    *_asset_within_program(),
    #: JSON of `domain.smart_list.Rule`.
    Column("rule", TEXT, nullable=False),
)

#: Smart campaigns. They are described here, not run.
campaign = Table(
    "campaign",
    metadata,
    *_asset_within_program(),
    #: `batch` or `trigger`.
    Column("type", short_text(16), nullable=False),
    Column("is_active", Boolean(create_constraint=False), nullable=False, server_default=false()),
)

program_member = Table(
    "program_member",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("program_id", WHOLE_NUMBER, primary_key=True),
    Column("lead_id", BigInteger, primary_key=True),
    #: The membership's own id: `Program Member ID` of its activities.
    Column("id", BigInteger, nullable=False),
    #: Name of a status of the program's channel.
    Column("status_name", short_text(255), nullable=False),
    Column("reached_success", Boolean(create_constraint=False), nullable=False),
    #: When it reached success first.
    Column("reached_success_at", Microseconds),
    #: Whether the program brought the lead in.
    Column("acquired_by", Boolean(create_constraint=False), nullable=False),
    Column(
        "is_exhausted", Boolean(create_constraint=False), nullable=False, server_default=false()
    ),
    Column("member_since", Microseconds, nullable=False),
    Column("updated_at", Microseconds, nullable=False),
    #: JSON object of the values that members have of their own, by API name.
    Column("data", TEXT, nullable=False, server_default="{}"),
    of_subscription("program_id", table="program"),
    of_subscription("lead_id", table="lead"),
)
Index("ix_program_member_lead", program_member.c.subscription_id, program_member.c.lead_id)
