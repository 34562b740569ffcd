"""How many activities there are, hot ones and those in the lake."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING

from tailrace.store.hot_activities import hot_count_by_type

if TYPE_CHECKING:
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.store.database import Database


def count_by_type(
    database: Database, log: ActivityLog, subscription_id: SubscriptionId
) -> dict[int, int]:
    """Number of activities of each type that there are any of, by type."""
    # Nothing settles while both are counted.
    with log.exclusive(), database.read() as connection:
        fresh = hot_count_by_type(connection, subscription_id, above=log.settled_to())
        counts = Counter(log.count_by_type()) + Counter(fresh)
    return dict(sorted(counts.items()))
