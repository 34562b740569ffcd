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

#: Covers everything that the fixture seeds.
SEEDED = InstantRange(
    datetime(2025, 2, 1, tzinfo=UTC) - timedelta(days=11), datetime(2025, 2, 2, tzinfo=UTC)
)

LEADS_REQUEST = ExportRequest(
    FileFormat.CSV, columns("id", "email", email="E-Mail"), CreatedLeads(SEEDED)
)
ACTIVITIES_REQUEST = ExportRequest(FileFormat.CSV, (), ActivityFilter(SEEDED))
