"""Taking in activities in bulk: an endpoint of our own, beside Marketo's API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.api.envelope import success_response
from tailrace.domain.activity_batch import MAXIMUM_KEY_CHARACTERS
from tailrace.domain.errors import IdempotencyKeyError

if TYPE_CHECKING:
    from starlette.responses import Response

    from tailrace.api.route import Call

MAXIMUM_BATCH_BYTES = 10 * 1024 * 1024


def ingest_activities(call: Call) -> Response:
    """What became of the activities in the body, one JSON object a line."""
    outcome = call.application.activity_batches.take(
        call.caller.subscription_id, call.request.body, _idempotency_key(call)
    )
    return success_response(call.request_id, [outcome])


def _idempotency_key(call: Call) -> str | None:
    key = call.request.headers.get("idempotency-key", "").strip()
    if not (key.isascii() and key.isprintable()) or len(key) > MAXIMUM_KEY_CHARACTERS:
        raise IdempotencyKeyError(MAXIMUM_KEY_CHARACTERS)
    return key or None
