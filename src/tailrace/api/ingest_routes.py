"""The route by which activities come in in bulk; Marketo's API has none like it."""

from __future__ import annotations

from tailrace.api.ingest_endpoints import MAXIMUM_BATCH_BYTES, ingest_activities
from tailrace.api.route import BodyRule, Operation, Route
from tailrace.domain.activity_batch import BatchOutcome
from tailrace.domain.permissions import Permission


def ingest_routes() -> tuple[Route, ...]:
    return (
        Route(
            path="/tailrace/v1/activities.ndjson",
            methods=("POST",),
            endpoint=ingest_activities,
            permissions=frozenset({Permission.READ_WRITE_ACTIVITY}),
            body_rule=BodyRule.IGNORED,
            maximum_body_bytes=MAXIMUM_BATCH_BYTES,
            operation=Operation(
                id_stem="ingestActivities",
                tag="Ingest",
                summary="Take in activities",
                description=(
                    "Activities of any type, one JSON object a line, at most 10 MB. A line that "
                    "cannot be taken is rejected alone. What was accepted is durable, and in the "
                    "next page and the next export. With an `Idempotency-Key`, the same body sent "
                    "again within 24 hours is answered as it was the first time, and nothing is "
                    "taken twice."
                ),
                parameters=("Idempotency-Key",),
                item=BatchOutcome,
            ),
        ),
    )
