"""Batches of activities by HTTP: checked line by line, taken in one transaction, once each.

Theory of operation: a line that cannot be taken is rejected alone. The others become hot
activities in one transaction with the batch's idempotency key and answer, so a caller who never
saw the answer sends the same again and is told what happened the first time.
"""

from __future__ import annotations

from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

import polars as pl

from tailrace.crash_points import reach
from tailrace.domain.activity_batch import (
    MAXIMUM_LISTED_REJECTIONS,
    BatchOutcome,
    RejectedLine,
)
from tailrace.ingest.activity_checks import ActivityChecks
from tailrace.ingest.json_lines import batch_of_lines
from tailrace.lake.activity_rows import ACTIVITY_SCHEMA, canonical_rows
from tailrace.store.hot_activities import insert_hot_rows, take_guids
from tailrace.store.ingested_batches import known_outcome, remember_outcome
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.activities.settler import Settler
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.ingest.rejections import Rejection
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions

#: What a line may name. The GUID is ours to give.
MEMBERS = tuple(name for name in ACTIVITY_SCHEMA if name != "marketoGUID")


@dataclass(frozen=True, slots=True)
class ActivityBatches:
    """Takes batches of activities into the logs of one home."""

    database: Database
    subscriptions: Subscriptions
    settler: Settler
    clock: Callable[[], datetime]

    def take(self, subscription_id: SubscriptionId, body: bytes, key: str | None) -> BatchOutcome:
        """Take the activities in `body`, one JSON object a line; durable when it returns.

        Raises IdempotencyKeyReusedError if another body came with the key.
        """
        fingerprint = sha256(body).hexdigest()
        if key is not None:
            with self.database.read() as connection:
                known = known_outcome(connection, subscription_id, key, fingerprint)
            if known is not None:
                return known
        checks = ActivityChecks(
            self.subscriptions.activity_types(subscription_id), register=lambda _: {}
        )
        checked = checks.check(batch_of_lines(body, MEMBERS))
        # Any numbers will do until the transaction gives the real ones.
        places = pl.int_range(1, checked.frame.height + 1, eager=True)
        rows = canonical_rows(checked.frame.with_columns(marketoGUID=places))
        self.settler.make_room(subscription_id)
        with self.database.write(records_of(subscription_id)) as connection:
            if key is not None:
                known = known_outcome(connection, subscription_id, key, fingerprint)
                if known is not None:
                    return known
            guids = _record(connection, subscription_id, rows)
            outcome = _outcome(guids, checked.rejections)
            if key is not None:
                remember_outcome(
                    connection, subscription_id, key, fingerprint, outcome, self.clock()
                )
            reach("ingest.before_commit")
        reach("ingest.after_commit")
        return outcome


def _record(connection: Connection, subscription_id: SubscriptionId, rows: pl.DataFrame) -> range:
    guids = take_guids(connection, subscription_id, rows.height)
    stored = rows.select(
        pl.lit(subscription_id),
        pl.col("marketoGUID") + (guids.start - 1),
        "leadId",
        pl.col("activityDate").cast(pl.Int64),
        *list(ACTIVITY_SCHEMA)[3:],
    )
    insert_hot_rows(connection, stored.rows())
    return guids


def _outcome(guids: range, rejections: Sequence[Rejection]) -> BatchOutcome:
    listed = sorted(rejections, key=lambda one: one.line)[:MAXIMUM_LISTED_REJECTIONS]
    return BatchOutcome(
        accepted=len(guids),
        rejected=len(rejections),
        first_guid=guids[0] if guids else None,
        last_guid=guids[-1] if guids else None,
        rejections=[RejectedLine(one.line, one.field, one.reason) for one in listed],
    )
