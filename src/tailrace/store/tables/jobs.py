"""Export jobs, imports, and what happened to them."""

from __future__ import annotations

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ForeignKeyConstraint,
    Index,
    Table,
)

from tailrace.domain.job_state import JobState
from tailrace.store.tables.base import (
    TEXT,
    WHOLE_NUMBER,
    Microseconds,
    metadata,
    short_text,
    subscription_key,
)

export_job = Table(
    "export_job",
    metadata,
    Column("export_id", short_text(36), primary_key=True),
    subscription_key(),
    Column("api_user_id", WHOLE_NUMBER, nullable=False),
    Column("family", short_text(32), nullable=False),
    #: JSON of `domain.export_request.ExportRequest`.
    Column("request", TEXT, nullable=False),
    Column("state", short_text(16), nullable=False),
    Column("state_changed_at", Microseconds, nullable=False),
    Column("created_at", Microseconds, nullable=False),
    Column("queued_at", Microseconds),
    Column("started_at", Microseconds),
    Column("finished_at", Microseconds),
    #: Its place in the queue: first come first served even when the clock steps back.
    Column("queue_position", BigInteger),
    #: Grows with every claim; the runner that holds the job knows it.
    Column("fence", WHOLE_NUMBER, nullable=False),
    #: Claims that were not handed back.
    Column("attempts", WHOLE_NUMBER, nullable=False),
    Column("lease_expires_at", Microseconds),
    Column("file_name", short_text(255)),
    Column("file_size_bytes", BigInteger),
    Column("file_sha256", short_text(64)),
    Column("row_count", BigInteger),
    Column("failure", TEXT),
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
    Column("id", WHOLE_NUMBER, primary_key=True),
    Column("export_id", short_text(36), nullable=False, index=True),
    Column("event", short_text(16), nullable=False),
    Column("from_state", short_text(16)),
    Column("to_state", short_text(16), nullable=False),
    Column("fence", WHOLE_NUMBER, nullable=False),
    Column("at", Microseconds, nullable=False),
)

#: Files of leads that were uploaded, and what became of them (contract section 7.4).
lead_import = Table(
    "lead_import",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("id", WHOLE_NUMBER, primary_key=True),
    Column("api_user_id", WHOLE_NUMBER, nullable=False),
    #: `Queued`, `Importing`, `Complete` or `Failed`.
    Column("state", short_text(16), nullable=False),
    #: `CSV`, `TSV` or `SSV`.
    Column("format", short_text(8), nullable=False),
    #: REST name of the field that finds the lead.
    Column("lookup_field", short_text(255), nullable=False),
    #: Static list that the leads are added to.
    Column("list_id", WHOLE_NUMBER),
    #: The header line of the file as it stands there.
    Column("header", TEXT, nullable=False),
    Column("created_at", Microseconds, nullable=False),
    Column("started_at", Microseconds),
    Column("finished_at", Microseconds),
    #: Grows with every claim; whoever imports the file knows it.
    Column("fence", WHOLE_NUMBER, nullable=False, default=0),
    Column("attempts", WHOLE_NUMBER, nullable=False, default=0),
    Column("lease_expires_at", Microseconds),
    #: Records of the file that are done for good; an import that was interrupted goes on here.
    Column("records_done", WHOLE_NUMBER, nullable=False, default=0),
    #: Of those: the ones that were imported, and the ones that were not.
    Column("rows_imported", WHOLE_NUMBER, nullable=False, default=0),
    Column("rows_failed", WHOLE_NUMBER, nullable=False, default=0),
    #: Why it failed as a whole.
    Column("failure", TEXT),
    CheckConstraint("state IN ('Queued', 'Importing', 'Complete', 'Failed')", name="state"),
    CheckConstraint("(state = 'Failed') = (failure IS NOT NULL)", name="failed_says_why"),
    CheckConstraint(
        "(state = 'Importing') = (lease_expires_at IS NOT NULL)", name="importing_has_lease"
    ),
    ForeignKeyConstraint(["api_user_id"], ["api_user.id"]),
    ForeignKeyConstraint(["subscription_id"], ["subscription.id"]),
)
Index("ix_lead_import_queue", lead_import.c.state, lead_import.c.subscription_id, lead_import.c.id)
Index("ix_lead_import_finished", lead_import.c.subscription_id, lead_import.c.finished_at)

#: Rows of uploaded files that were not imported: what the import's failures file holds.
lead_import_failure = Table(
    "lead_import_failure",
    metadata,
    Column("subscription_id", WHOLE_NUMBER, primary_key=True),
    Column("import_id", WHOLE_NUMBER, primary_key=True),
    #: Number of the row's first line, the first line of the file being 1.
    Column("line", WHOLE_NUMBER, primary_key=True),
    #: The row as it stands in the file, without its line end.
    Column("text", TEXT, nullable=False),
    Column("reason", TEXT, nullable=False),
    ForeignKeyConstraint(
        ["subscription_id", "import_id"], ["lead_import.subscription_id", "lead_import.id"]
    ),
)
