"""The tables of a home, for every SQL dialect; migrations make them, queries name them.

A subscription owns every row: each key begins with its id. Instants of jobs, tokens and services
are integers, microseconds since 1970 UTC; lead values rest as `domain.lead_fields.Storage` says.
"""

from tailrace.store.tables.access import (
    access_token,
    api_user,
    call_count,
    custom_service,
    error_count,
    home_key,
    role,
    subscription,
    subscription_setting,
)
from tailrace.store.tables.assets import (
    campaign,
    channel,
    form,
    program,
    program_member,
    smart_list,
    static_list,
    static_list_member,
)
from tailrace.store.tables.base import Microseconds, metadata
from tailrace.store.tables.jobs import export_job, job_event, lead_import, lead_import_failure
from tailrace.store.tables.loads import rejected_line
from tailrace.store.tables.records import (
    activity_type,
    hot_activity,
    ingested_batch,
    lead,
    lead_field,
    loaded_file,
    sequence,
)

__all__ = [
    "Microseconds",
    "access_token",
    "activity_type",
    "api_user",
    "call_count",
    "campaign",
    "channel",
    "custom_service",
    "error_count",
    "export_job",
    "form",
    "home_key",
    "hot_activity",
    "ingested_batch",
    "job_event",
    "lead",
    "lead_field",
    "lead_import",
    "lead_import_failure",
    "loaded_file",
    "metadata",
    "program",
    "program_member",
    "rejected_line",
    "role",
    "sequence",
    "smart_list",
    "static_list",
    "static_list_member",
    "subscription",
    "subscription_setting",
]
