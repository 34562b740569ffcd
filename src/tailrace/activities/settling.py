"""Settling: moving the hot activities of a subscription to the lake, each exactly once.

Theory of operation: the lake's commit that brings hot rows says up to which GUID they are there,
and only then are they deleted from the store. A process killed between the two leaves rows in
both: the next settling reads the number first and deletes them without another append; readers
do the same sum. One lock of the lake keeps two settlings apart, and a row that is written
meanwhile has a larger GUID than all that were there, so nothing slips below the number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.activities.hot_frame import hot_frame
from tailrace.crash_points import reach
from tailrace.store.hot_activities import delete_hot_rows, hot_range, hot_rows
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.store.database import Database

#: Rows of one commit: bounds memory, and how long the deletion keeps writers of the store waiting.
BATCH_ROWS = 100_000


def settle(database: Database, log: ActivityLog, subscription_id: SubscriptionId) -> int:
    """Move every activity that is hot now; returns how many were appended to the lake.

    All of them are in the lake, durably, when it returns. Raises OSError when the disk takes no
    more, LakeUnavailableError when object storage does not, and HomeError for a damaged lake; what
    was not moved stays hot.
    """
    with database.read() as connection:
        hot = hot_range(connection, subscription_id)
    if hot is None:
        return 0
    moved = 0
    with log.exclusive():
        settled = log.settled_to()
        if hot.least <= settled:
            log.confirm()
        while True:
            if hot.least <= settled:
                with database.write(records_of(subscription_id)) as connection:
                    delete_hot_rows(connection, subscription_id, settled)
                reach("settle.after_delete")
            guids = range(settled + 1, hot.largest + 1)
            with database.read() as connection:
                rows = hot_rows(connection, subscription_id, guids, limit=BATCH_ROWS)
            if not rows:
                return moved
            reach("settle.before_append")
            before, settled = settled, rows[-1].guid
            moved += log.append(hot_frame(rows), settled_to=settled, settled_from=before)
            reach("settle.after_append")
