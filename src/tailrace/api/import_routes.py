"""Routes of bulk lead import (contract section 7.4)."""

from __future__ import annotations

from tailrace.api import import_endpoints as endpoints
from tailrace.api.lead_routes import LEAD_WRITE, reading
from tailrace.api.route import BodyRule, Operation, QueryParameter, Route

_TAG = "Bulk Import Leads"

_PARAMETERS = (
    QueryParameter(
        "format", "`csv`, `tsv` or `ssv`: commas, tabs or semicolons.", is_required=True
    ),
    QueryParameter("lookupField", "Field that leads are found by: `email` unless named."),
    QueryParameter("listId", "Static list that the leads come into.", "integer"),
    QueryParameter("partitionName", "`Default`, the only one."),
)


def import_routes() -> tuple[Route, ...]:
    """Submitting a file, and looking how it fares."""
    return (
        Route(
            path="/bulk/v1/leads.json",
            methods=("POST",),
            endpoint=endpoints.submit,
            permissions=LEAD_WRITE,
            body_rule=BodyRule.IGNORED,
            maximum_body_bytes=endpoints.MAXIMUM_BODY_BYTES,
            operation=Operation(
                id_stem="importLead",
                tag=_TAG,
                summary="Import leads from a file",
                description=(
                    "Takes a `multipart/form-data` body whose part `file` holds a header line of "
                    "REST names and a lead a line, at most 10 MB. The parameters may as well be "
                    "form fields. At most 10 imports may be unfinished."
                ),
                item=endpoints.ImportRecord,
                query=_PARAMETERS,
            ),
        ),
        *_report_routes(),
    )


def _report_routes() -> tuple[Route, ...]:
    return (
        reading(
            "/bulk/v1/leads/batch/{batchId}.json",
            endpoints.status,
            Operation(
                id_stem="getImportLeadStatus",
                tag=_TAG,
                summary="Get the import's status",
                description="The import as it is now; once complete, with what became of its rows.",
                item=endpoints.ImportRecord,
            ),
        ),
        reading(
            "/bulk/v1/leads/batch/{batchId}/failures.json",
            endpoints.failures,
            Operation(
                id_stem="getImportLeadFailures",
                tag=_TAG,
                summary="Download the rows that failed",
                description=(
                    "The rows as they were, in the format of the upload, with the column "
                    "`Import Failure Reason` behind them. 404 where no row failed."
                ),
                responses={200: "File", 404: "FileNotFound"},
            ),
        ),
        reading(
            "/bulk/v1/leads/batch/{batchId}/warnings.json",
            endpoints.warnings,
            Operation(
                id_stem="getImportLeadWarnings",
                tag=_TAG,
                summary="Download the rows with a warning",
                description="There are none: a row is imported as it is, or fails. Always 404.",
                responses={200: "Refusal", 404: "FileNotFound"},
            ),
        ),
    )
