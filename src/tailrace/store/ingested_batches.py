"""Batches known by the idempotency key that they came with, so that none is taken twice."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
from sqlalchemy import delete, insert, select

from tailrace.domain.activity_batch import BatchOutcome
from tailrace.domain.errors import IdempotencyKeyReusedError
from tailrace.store.tables import ingested_batch

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId


def known_outcome(
    connection: Connection, subscription_id: SubscriptionId, key: str, sha256: str
) -> BatchOutcome | None:
    """What was answered to this batch when it came first; None if it never did.

    Raises IdempotencyKeyReusedError if another body came with the key.
    """
    query = select(ingested_batch.c.sha256, ingested_batch.c.answer).filter_by(
        subscription_id=subscription_id, idempotency_key=key
    )
    row = connection.execute(query).first()
    if row is None:
        return None
    if row.sha256 != sha256:
        raise IdempotencyKeyReusedError
    return msgspec.json.decode(row.answer, type=BatchOutcome)


def remember_outcome(
    connection: Connection,
    subscription_id: SubscriptionId,
    key: str,
    sha256: str,
    outcome: BatchOutcome,
    now: datetime,
) -> None:
    """Know the batch from now on."""
    connection.execute(
        insert(ingested_batch).values(
            subscription_id=subscription_id,
            idempotency_key=key,
            sha256=sha256,
            answer=msgspec.json.encode(outcome).decode(),
            created_at=now,
        )
    )


def forget_outcomes(
    connection: Connection, subscription_id: SubscriptionId, before: datetime
) -> None:
    """Forget the batches that came before a moment."""
    connection.execute(
        delete(ingested_batch).where(
            ingested_batch.c.subscription_id == subscription_id,
            ingested_batch.c.created_at < before,
        )
    )
