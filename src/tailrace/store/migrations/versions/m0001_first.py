"""The first tables."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None


#: As wide, and compared, as SQLite does it: on every database.
WHOLE_NUMBER = sa.Integer().with_variant(sa.BigInteger(), "postgresql")
TEXT = sa.Text().with_variant(sa.Text(collation="C"), "postgresql")


def short_text(characters: int) -> sa.String:
    return sa.String(characters).with_variant(sa.Text(collation="C"), "postgresql")


def lookup_key(column: str) -> sa.TextClause:
    if op.get_bind().dialect.name == "postgresql":
        return sa.text(f'lower("left"("{column}", 600))')
    return sa.text(f'"{column}" COLLATE NOCASE')


def upgrade() -> None:
    op.create_table(
        "job_event",
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("export_id", short_text(36), nullable=False),
        sa.Column("event", short_text(16), nullable=False),
        sa.Column("from_state", short_text(16), nullable=True),
        sa.Column("to_state", short_text(16), nullable=False),
        sa.Column("fence", WHOLE_NUMBER, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_job_event")),
    )
    op.create_index(op.f("ix_job_event_export_id"), "job_event", ["export_id"], unique=False)
    op.create_table(
        "home_key",
        sa.Column("fingerprint", sa.LargeBinary(length=32), nullable=False),
        sa.PrimaryKeyConstraint("fingerprint", name=op.f("pk_home_key")),
    )
    op.create_table(
        "subscription",
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscription")),
        sa.UniqueConstraint("name", name=op.f("uq_subscription_name")),
    )
    op.create_table(
        "activity_type",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("definition", TEXT, nullable=True),
        sa.Column("draft", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_activity_type_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_activity_type")),
    )
    op.create_table(
        "api_user",
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("email", short_text(255), nullable=False),
        sa.Column("role_name", short_text(255), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_api_user_subscription_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_api_user")),
        sa.UniqueConstraint(
            "subscription_id", "email", name=op.f("uq_api_user_subscription_id_email")
        ),
    )
    op.create_table(
        "channel",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("applicable_program_type", short_text(32), nullable=False),
        sa.Column("statuses", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_channel_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_channel")),
        sa.UniqueConstraint(
            "subscription_id", "name", name=op.f("uq_channel_subscription_id_name")
        ),
    )
    op.create_table(
        "error_count",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("day", short_text(10), nullable=False),
        sa.Column("code", short_text(8), nullable=False),
        sa.Column("errors", WHOLE_NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_error_count_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "day", "code", name=op.f("pk_error_count")),
    )
    op.create_table(
        "hot_activity",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("guid", sa.BigInteger(), nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("activity_date", sa.BigInteger(), nullable=False),
        sa.Column("activity_type_id", WHOLE_NUMBER, nullable=False),
        sa.Column("campaign_id", sa.BigInteger(), nullable=True),
        sa.Column("primary_value_id", sa.BigInteger(), nullable=True),
        sa.Column("primary_value", TEXT, nullable=True),
        sa.Column("attributes", TEXT, nullable=False),
        sa.Column("action_result", short_text(16), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_hot_activity_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "guid", name=op.f("pk_hot_activity")),
    )
    op.create_index(
        "ix_hot_activity_date",
        "hot_activity",
        ["subscription_id", "activity_date", "guid"],
        unique=False,
    )
    op.create_table(
        "ingested_batch",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("idempotency_key", short_text(255), nullable=False),
        sa.Column("sha256", short_text(64), nullable=False),
        sa.Column("answer", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_ingested_batch_subscription_id")
        ),
        sa.PrimaryKeyConstraint(
            "subscription_id", "idempotency_key", name=op.f("pk_ingested_batch")
        ),
    )
    op.create_index(
        op.f("ix_ingested_batch_created_at"), "ingested_batch", ["created_at"], unique=False
    )
    op.create_table(
        "lead",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("createdAt", short_text(20), nullable=False),
        sa.Column("updatedAt", short_text(20), nullable=False),
        sa.Column("changed_at", short_text(20), nullable=False),
        sa.Column("custom", TEXT, nullable=False),
        sa.Column("company", TEXT, nullable=True),
        sa.Column("site", TEXT, nullable=True),
        sa.Column("billingStreet", TEXT, nullable=True),
        sa.Column("billingCity", TEXT, nullable=True),
        sa.Column("billingState", TEXT, nullable=True),
        sa.Column("billingCountry", TEXT, nullable=True),
        sa.Column("billingPostalCode", TEXT, nullable=True),
        sa.Column("website", TEXT, nullable=True),
        sa.Column("mainPhone", TEXT, nullable=True),
        sa.Column("annualRevenue", TEXT, nullable=True),
        sa.Column("numberOfEmployees", sa.BigInteger(), nullable=True),
        sa.Column("industry", TEXT, nullable=True),
        sa.Column("sicCode", TEXT, nullable=True),
        sa.Column("mktoCompanyNotes", TEXT, nullable=True),
        sa.Column("sfdcAccountId", TEXT, nullable=True),
        sa.Column("externalCompanyId", TEXT, nullable=True),
        sa.Column("mktoName", TEXT, nullable=True),
        sa.Column("personType", TEXT, nullable=True),
        sa.Column("mktoIsPartner", sa.Boolean(), nullable=True),
        sa.Column("isLead", sa.Boolean(), nullable=True),
        sa.Column("mktoIsCustomer", sa.Boolean(), nullable=True),
        sa.Column("isAnonymous", sa.Boolean(), nullable=True),
        sa.Column("salutation", TEXT, nullable=True),
        sa.Column("firstName", TEXT, nullable=True),
        sa.Column("middleName", TEXT, nullable=True),
        sa.Column("lastName", TEXT, nullable=True),
        sa.Column("email", TEXT, nullable=True),
        sa.Column("phone", TEXT, nullable=True),
        sa.Column("mobilePhone", TEXT, nullable=True),
        sa.Column("fax", TEXT, nullable=True),
        sa.Column("title", TEXT, nullable=True),
        sa.Column("contactCompany", sa.BigInteger(), nullable=True),
        sa.Column("dateOfBirth", TEXT, nullable=True),
        sa.Column("address", TEXT, nullable=True),
        sa.Column("city", TEXT, nullable=True),
        sa.Column("state", TEXT, nullable=True),
        sa.Column("country", TEXT, nullable=True),
        sa.Column("postalCode", TEXT, nullable=True),
        sa.Column("personTimeZone", TEXT, nullable=True),
        sa.Column("originalSourceType", TEXT, nullable=True),
        sa.Column("originalSourceInfo", TEXT, nullable=True),
        sa.Column("registrationSourceType", TEXT, nullable=True),
        sa.Column("registrationSourceInfo", TEXT, nullable=True),
        sa.Column("originalSearchEngine", TEXT, nullable=True),
        sa.Column("originalSearchPhrase", TEXT, nullable=True),
        sa.Column("originalReferrer", TEXT, nullable=True),
        sa.Column("emailInvalid", sa.Boolean(), nullable=True),
        sa.Column("emailInvalidCause", TEXT, nullable=True),
        sa.Column("unsubscribed", sa.Boolean(), nullable=True),
        sa.Column("unsubscribedReason", TEXT, nullable=True),
        sa.Column("doNotCall", sa.Boolean(), nullable=True),
        sa.Column("mktoDoNotCallCause", TEXT, nullable=True),
        sa.Column("doNotCallReason", TEXT, nullable=True),
        sa.Column("marketingSuspended", sa.Boolean(), nullable=True),
        sa.Column("marketingSuspendedCause", TEXT, nullable=True),
        sa.Column("blackListed", sa.Boolean(), nullable=True),
        sa.Column("blackListedCause", TEXT, nullable=True),
        sa.Column("mktoPersonNotes", TEXT, nullable=True),
        sa.Column("sfdcType", TEXT, nullable=True),
        sa.Column("sfdcContactId", TEXT, nullable=True),
        sa.Column("anonymousIP", TEXT, nullable=True),
        sa.Column("inferredCompany", TEXT, nullable=True),
        sa.Column("inferredCountry", TEXT, nullable=True),
        sa.Column("inferredCity", TEXT, nullable=True),
        sa.Column("inferredStateRegion", TEXT, nullable=True),
        sa.Column("inferredPostalCode", TEXT, nullable=True),
        sa.Column("inferredMetropolitanArea", TEXT, nullable=True),
        sa.Column("inferredPhoneAreaCode", TEXT, nullable=True),
        sa.Column("emailSuspended", sa.Boolean(), nullable=True),
        sa.Column("emailSuspendedCause", TEXT, nullable=True),
        sa.Column("emailSuspendedAt", TEXT, nullable=True),
        sa.Column("department", TEXT, nullable=True),
        sa.Column("sfdcId", TEXT, nullable=True),
        sa.Column("cookies", TEXT, nullable=True),
        sa.Column("externalSalesPersonId", TEXT, nullable=True),
        sa.Column("leadPerson", sa.BigInteger(), nullable=True),
        sa.Column("leadRole", TEXT, nullable=True),
        sa.Column("leadSource", TEXT, nullable=True),
        sa.Column("leadStatus", TEXT, nullable=True),
        sa.Column("leadScore", sa.BigInteger(), nullable=True),
        sa.Column("urgency", TEXT, nullable=True),
        sa.Column("priority", sa.BigInteger(), nullable=True),
        sa.Column("relativeScore", sa.BigInteger(), nullable=True),
        sa.Column("relativeUrgency", sa.BigInteger(), nullable=True),
        sa.Column("rating", TEXT, nullable=True),
        sa.Column("sfdcLeadId", TEXT, nullable=True),
        sa.Column("sfdcLeadOwnerId", TEXT, nullable=True),
        sa.Column("personPrimaryLeadInterest", sa.BigInteger(), nullable=True),
        sa.Column("leadPartitionId", sa.BigInteger(), nullable=True),
        sa.Column("leadRevenueCycleModelId", sa.BigInteger(), nullable=True),
        sa.Column("leadRevenueStageId", sa.BigInteger(), nullable=True),
        sa.Column("acquisitionProgramId", sa.BigInteger(), nullable=True),
        sa.Column("mktoAcquisitionDate", TEXT, nullable=True),
        sa.Column("ecids", TEXT, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_lead_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_lead")),
    )
    op.create_index(
        "ix_lead_changed", "lead", ["subscription_id", "changed_at", "id"], unique=False
    )
    op.create_index(
        "ix_lead_email",
        "lead",
        ["subscription_id", lookup_key("email")],
        unique=False,
    )
    op.create_index("ix_lead_created", "lead", ["subscription_id", "createdAt", "id"], unique=False)
    for name in (
        "cookies",
        "externalCompanyId",
        "externalSalesPersonId",
        "sfdcAccountId",
        "sfdcContactId",
        "sfdcLeadId",
        "sfdcLeadOwnerId",
    ):
        op.create_index(
            f"ix_lead_{name}",
            "lead",
            ["subscription_id", lookup_key(name)],
            unique=False,
            sqlite_where=sa.text(f'"{name}" IS NOT NULL'),
            postgresql_where=sa.text(f'"{name}" IS NOT NULL'),
        )
    op.create_table(
        "lead_field",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("lower_name", short_text(255), nullable=False),
        sa.Column("display_name", short_text(255), nullable=False),
        sa.Column("data_type", short_text(16), nullable=False),
        sa.Column("length", WHOLE_NUMBER, nullable=True),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("is_api_created", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_hidden", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("is_sensitive", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_lead_field_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_lead_field")),
        sa.UniqueConstraint(
            "subscription_id", "lower_name", name=op.f("uq_lead_field_subscription_id_lower_name")
        ),
    )
    op.create_table(
        "loaded_file",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("kind", short_text(16), nullable=False),
        sa.Column("sha256", short_text(64), nullable=False),
        sa.Column("first_number", sa.BigInteger(), nullable=False),
        sa.Column("completed_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_loaded_file_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "kind", "sha256", name=op.f("pk_loaded_file")),
    )
    op.create_table(
        "program",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("parent_id", WHOLE_NUMBER, nullable=True),
        sa.Column("channel", short_text(255), nullable=False),
        sa.Column("type", short_text(32), server_default="Default", nullable=False),
        sa.Column("status", short_text(32), server_default="", nullable=False),
        sa.Column("tags", TEXT, server_default="[]", nullable=False),
        sa.Column("costs", TEXT, server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id", "parent_id"],
            ["program.subscription_id", "program.id"],
            name=op.f("fk_program_subscription_id_parent_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_program_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_program")),
        sa.UniqueConstraint(
            "subscription_id", "name", name=op.f("uq_program_subscription_id_name")
        ),
    )
    op.create_table(
        "role",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("permissions", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_role_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "name", name=op.f("pk_role")),
    )
    op.create_table(
        "sequence",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("kind", short_text(32), nullable=False),
        sa.Column("next_value", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_sequence_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "kind", name=op.f("pk_sequence")),
    )
    op.create_table(
        "subscription_setting",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(64), nullable=False),
        sa.Column("value", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id"],
            ["subscription.id"],
            name=op.f("fk_subscription_setting_subscription_id"),
        ),
        sa.PrimaryKeyConstraint("subscription_id", "name", name=op.f("pk_subscription_setting")),
    )
    op.create_table(
        "call_count",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("day", short_text(10), nullable=False),
        sa.Column("api_user_id", WHOLE_NUMBER, nullable=False),
        sa.Column("calls", WHOLE_NUMBER, nullable=False),
        sa.ForeignKeyConstraint(
            ["api_user_id"], ["api_user.id"], name=op.f("fk_call_count_api_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_call_count_subscription_id")
        ),
        sa.PrimaryKeyConstraint(
            "subscription_id", "day", "api_user_id", name=op.f("pk_call_count")
        ),
    )
    op.create_table(
        "campaign",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("program_id", WHOLE_NUMBER, nullable=True),
        sa.Column("type", short_text(16), nullable=False),
        sa.Column("is_active", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id", "program_id"],
            ["program.subscription_id", "program.id"],
            name=op.f("fk_campaign_subscription_id_program_id"),
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_campaign")),
    )
    op.create_table(
        "custom_service",
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("api_user_id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("client_id", short_text(36), nullable=False),
        sa.Column("secret_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("token_issued_at", sa.BigInteger(), nullable=True),
        sa.Column("token_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["api_user_id"], ["api_user.id"], name=op.f("fk_custom_service_api_user_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_custom_service")),
        sa.UniqueConstraint("client_id", name=op.f("uq_custom_service_client_id")),
    )
    op.create_table(
        "export_job",
        sa.Column("export_id", short_text(36), nullable=False),
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("api_user_id", WHOLE_NUMBER, nullable=False),
        sa.Column("family", short_text(32), nullable=False),
        sa.Column("request", TEXT, nullable=False),
        sa.Column("state", short_text(16), nullable=False),
        sa.Column("state_changed_at", sa.BigInteger(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("queued_at", sa.BigInteger(), nullable=True),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("queue_position", sa.BigInteger(), nullable=True),
        sa.Column("fence", WHOLE_NUMBER, nullable=False),
        sa.Column("attempts", WHOLE_NUMBER, nullable=False),
        sa.Column("lease_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("file_name", short_text(255), nullable=True),
        sa.Column("file_size_bytes", sa.BigInteger(), nullable=True),
        sa.Column("file_sha256", short_text(64), nullable=True),
        sa.Column("row_count", sa.BigInteger(), nullable=True),
        sa.Column("failure", TEXT, nullable=True),
        sa.Column("file_deleted_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "(state = 'Completed') = (file_sha256 IS NOT NULL AND file_size_bytes IS NOT NULL AND row_count IS NOT NULL AND file_name IS NOT NULL)",
            name=op.f("ck_export_job_completed_has_file"),
        ),
        sa.CheckConstraint(
            "(state = 'Failed') = (failure IS NOT NULL)", name=op.f("ck_export_job_failed_says_why")
        ),
        sa.CheckConstraint(
            "(state = 'Processing') = (lease_expires_at IS NOT NULL)",
            name=op.f("ck_export_job_processing_has_lease"),
        ),
        sa.CheckConstraint(
            "state <> 'Created' OR queued_at IS NULL",
            name=op.f("ck_export_job_created_is_not_queued"),
        ),
        sa.CheckConstraint(
            "state IN ('Created', 'Queued', 'Processing', 'Completed', 'Failed', 'Cancelled')",
            name=op.f("ck_export_job_state"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('Completed', 'Failed') OR finished_at IS NOT NULL",
            name=op.f("ck_export_job_finished_says_when"),
        ),
        sa.CheckConstraint(
            "state NOT IN ('Queued', 'Processing') OR (queued_at IS NOT NULL AND queue_position IS NOT NULL)",
            name=op.f("ck_export_job_queued_says_when"),
        ),
        sa.ForeignKeyConstraint(
            ["api_user_id"], ["api_user.id"], name=op.f("fk_export_job_api_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_export_job_subscription_id")
        ),
        sa.PrimaryKeyConstraint("export_id", name=op.f("pk_export_job")),
    )
    op.create_index(
        "ix_export_job_finished", "export_job", ["subscription_id", "finished_at"], unique=False
    )
    op.create_index(
        "ix_export_job_list",
        "export_job",
        ["subscription_id", "api_user_id", "family", "created_at"],
        unique=False,
    )
    op.create_index("ix_export_job_position", "export_job", ["queue_position"], unique=False)
    op.create_index(
        "ix_export_job_queue",
        "export_job",
        ["state", "subscription_id", "queue_position"],
        unique=False,
    )
    op.create_table(
        "form",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("program_id", WHOLE_NUMBER, nullable=True),
        sa.Column("status", short_text(16), server_default="approved", nullable=False),
        sa.Column("fields", TEXT, server_default="[]", nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id", "program_id"],
            ["program.subscription_id", "program.id"],
            name=op.f("fk_form_subscription_id_program_id"),
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_form")),
    )
    op.create_table(
        "lead_import",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("api_user_id", WHOLE_NUMBER, nullable=False),
        sa.Column("state", short_text(16), nullable=False),
        sa.Column("format", short_text(8), nullable=False),
        sa.Column("lookup_field", short_text(255), nullable=False),
        sa.Column("list_id", WHOLE_NUMBER, nullable=True),
        sa.Column("header", TEXT, nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("fence", WHOLE_NUMBER, nullable=False),
        sa.Column("attempts", WHOLE_NUMBER, nullable=False),
        sa.Column("lease_expires_at", sa.BigInteger(), nullable=True),
        sa.Column("records_done", WHOLE_NUMBER, nullable=False),
        sa.Column("rows_imported", WHOLE_NUMBER, nullable=False),
        sa.Column("rows_failed", WHOLE_NUMBER, nullable=False),
        sa.Column("failure", TEXT, nullable=True),
        sa.CheckConstraint(
            "(state = 'Failed') = (failure IS NOT NULL)",
            name=op.f("ck_lead_import_failed_says_why"),
        ),
        sa.CheckConstraint(
            "(state = 'Importing') = (lease_expires_at IS NOT NULL)",
            name=op.f("ck_lead_import_importing_has_lease"),
        ),
        sa.CheckConstraint(
            "state IN ('Queued', 'Importing', 'Complete', 'Failed')",
            name=op.f("ck_lead_import_state"),
        ),
        sa.ForeignKeyConstraint(
            ["api_user_id"], ["api_user.id"], name=op.f("fk_lead_import_api_user_id")
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscription.id"], name=op.f("fk_lead_import_subscription_id")
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_lead_import")),
    )
    op.create_index(
        "ix_lead_import_finished", "lead_import", ["subscription_id", "finished_at"], unique=False
    )
    op.create_index(
        "ix_lead_import_queue", "lead_import", ["state", "subscription_id", "id"], unique=False
    )
    op.create_table(
        "lead_import_failure",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("import_id", WHOLE_NUMBER, nullable=False),
        sa.Column("line", WHOLE_NUMBER, nullable=False),
        sa.Column("text", TEXT, nullable=False),
        sa.Column("reason", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id", "import_id"],
            ["lead_import.subscription_id", "lead_import.id"],
            name=op.f("fk_lead_import_failure_subscription_id"),
        ),
        sa.PrimaryKeyConstraint(
            "subscription_id", "import_id", "line", name=op.f("pk_lead_import_failure")
        ),
    )
    op.create_table(
        "program_member",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("program_id", WHOLE_NUMBER, nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("id", sa.BigInteger(), nullable=False),
        sa.Column("status_name", short_text(255), nullable=False),
        sa.Column("reached_success", sa.Boolean(), nullable=False),
        sa.Column("reached_success_at", sa.BigInteger(), nullable=True),
        sa.Column("acquired_by", sa.Boolean(), nullable=False),
        sa.Column("is_exhausted", sa.Boolean(), server_default=sa.false(), nullable=False),
        sa.Column("member_since", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("data", TEXT, server_default="{}", nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id", "lead_id"],
            ["lead.subscription_id", "lead.id"],
            name=op.f("fk_program_member_subscription_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id", "program_id"],
            ["program.subscription_id", "program.id"],
            name=op.f("fk_program_member_subscription_id_program_id"),
        ),
        sa.PrimaryKeyConstraint(
            "subscription_id", "program_id", "lead_id", name=op.f("pk_program_member")
        ),
    )
    op.create_index(
        "ix_program_member_lead", "program_member", ["subscription_id", "lead_id"], unique=False
    )
    op.create_table(
        "smart_list",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("program_id", WHOLE_NUMBER, nullable=True),
        sa.Column("rule", TEXT, nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id", "program_id"],
            ["program.subscription_id", "program.id"],
            name=op.f("fk_smart_list_subscription_id_program_id"),
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_smart_list")),
    )
    op.create_table(
        "static_list",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("id", WHOLE_NUMBER, nullable=False),
        sa.Column("name", short_text(255), nullable=False),
        sa.Column("description", TEXT, nullable=True),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("updated_at", sa.BigInteger(), nullable=False),
        sa.Column("program_id", WHOLE_NUMBER, nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id", "program_id"],
            ["program.subscription_id", "program.id"],
            name=op.f("fk_static_list_subscription_id_program_id"),
        ),
        sa.PrimaryKeyConstraint("subscription_id", "id", name=op.f("pk_static_list")),
    )
    op.create_table(
        "access_token",
        sa.Column("token_hash", sa.LargeBinary(length=32), nullable=False),
        sa.Column("custom_service_id", WHOLE_NUMBER, nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["custom_service_id"],
            ["custom_service.id"],
            name=op.f("fk_access_token_custom_service_id"),
        ),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_access_token")),
    )
    op.create_index(
        op.f("ix_access_token_custom_service_id"),
        "access_token",
        ["custom_service_id"],
        unique=False,
    )
    op.create_index(
        op.f("ix_access_token_expires_at"), "access_token", ["expires_at"], unique=False
    )
    op.create_table(
        "static_list_member",
        sa.Column("subscription_id", WHOLE_NUMBER, nullable=False),
        sa.Column("list_id", WHOLE_NUMBER, nullable=False),
        sa.Column("lead_id", sa.BigInteger(), nullable=False),
        sa.Column("added_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["subscription_id", "lead_id"],
            ["lead.subscription_id", "lead.id"],
            name=op.f("fk_static_list_member_subscription_id_lead_id"),
        ),
        sa.ForeignKeyConstraint(
            ["subscription_id", "list_id"],
            ["static_list.subscription_id", "static_list.id"],
            name=op.f("fk_static_list_member_subscription_id_list_id"),
        ),
        sa.PrimaryKeyConstraint(
            "subscription_id", "list_id", "lead_id", name=op.f("pk_static_list_member")
        ),
    )
    op.create_index(
        "ix_static_list_member_lead",
        "static_list_member",
        ["subscription_id", "lead_id"],
        unique=False,
    )
    # ### end Alembic commands ###
