"""Exports that the client tests ask for."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

from tailrace.client import columns
from tailrace.domain.export_request import (
    ActivityFilter,
    CreatedLeads,
    ExportRequest,
    InstantRange,
)
from tailrace.domain.file_format import FileFormat

MARCH = InstantRange(
    datetime(2024, 3, 1, tzinfo=UTC), datetime(2024, 3, 31, 23, 59, 59, tzinfo=UTC)
)
#: Covers everything that the fixture seeds.
SEEDED = InstantRange(
    datetime(2025, 2, 1, tzinfo=UTC) - timedelta(days=11), datetime(2025, 2, 2, tzinfo=UTC)
)

MARCH_LEADS = ExportRequest(
    FileFormat.CSV, columns("id", "email", email="E-Mail"), CreatedLeads(MARCH)
)
SEEDED_ACTIVITIES = ExportRequest(FileFormat.CSV, (), ActivityFilter(SEEDED))
