"""Named points at which a fault test kills the process, to see what a crash there leaves behind.

`TAILRACE_CRASH_POINT` names one; `TAILRACE_CRASH_AFTER=n` means its n-th time (1 if not given).
`TAILRACE_HOLD_POINT` names one at which whoever comes to it waits until `TAILRACE_HOLD_UNTIL`, a
file, is there: so a test sees what lasts a moment otherwise. Without them a point costs two
comparisons.
"""

from __future__ import annotations

import os
import signal
import time
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

POINTS = (
    # append of activities (lake.activity_log), in the order they are passed
    "append.file_written",
    "append.files_synced",
    "append.committed",
    "append.acknowledged",
    # compaction of the lake (lake.compaction, lake.activity_log)
    "compact.file_written",
    "compact.files_synced",
    "compact.committed",
    "compact.acknowledged",
    # settling of hot activities (activities.settling), around the append points above
    "settle.before_append",
    "settle.after_append",
    "settle.after_delete",
    # taking in a batch of activities (ingest.activity_batches)
    "ingest.before_commit",
    "ingest.after_commit",
    # publish of a result file (files.directory)
    "publish.part_written",
    "publish.part_synced",
    "publish.renamed",
    "publish.directory_synced",
    # the same on object storage (files.object_upload)
    "upload.piece_written",
    "upload.all_written",
    "upload.completed",
    # what an API user asks for (jobs.service)
    "job.create.before_commit",
    "job.create.after_commit",
    "job.enqueue.before_commit",
    "job.enqueue.after_commit",
    "job.cancel.before_commit",
    # what the runner does (jobs.runner), around the publish points above
    "job.claim.before_commit",
    "job.claim.after_commit",
    "export.begin",
    "export.rows",
    # a fragment on the worker of a cluster (extract.shard)
    "shard.begin",
    "shard.rendered",
    # the process that reads leads for the runner (extract.lead_reader)
    "lead.reader.begin",
    "job.complete.before_transaction",
    "job.complete.before_commit",
    "job.complete.after_commit",
    "job.fail.before_commit",
    # bulk lead imports: the upload (files.uploads), its row (imports.service), the runner
    "import.upload.part_synced",
    "import.upload.saved",
    "import.submit.before_commit",
    "import.submit.after_commit",
    "import.claim.before_commit",
    "import.begin",
    "import.rows.before_commit",
    "import.rows.after_commit",
    "import.complete.before_commit",
    "import.complete.after_commit",
    "import.fail.before_commit",
    # loading files (ingest), besides the append points above
    "load.activities.batch_appended",
    "load.leads.batch_committed",
    "load.leads.before_completed",
    # a backup (operation.backup), and a home made of one (operation.restore)
    "backup.moment_copied",
    "backup.before_rename",
    "restore.before_rename",
)

_point = os.environ.get("TAILRACE_CRASH_POINT")
_remaining = int(os.environ.get("TAILRACE_CRASH_AFTER", "1"))

#: What an armed point raises instead of killing.
_error: BaseException | None = None

_hold_point = os.environ.get("TAILRACE_HOLD_POINT")
_hold_until = Path(os.environ.get("TAILRACE_HOLD_UNTIL", os.devnull))
_LOOK_EVERY_SECONDS = 0.01


def reach(name: str, *, meanwhile: Callable[[], None] | None = None) -> None:
    """Ends this process by SIGKILL, or waits, if `name` is the point asked for.

    `meanwhile` is called again and again while it waits; what that raises ends the waiting. Raises
    ValueError for an unlisted point.
    """
    if name not in POINTS:
        raise ValueError(f"unlisted crash point {name!r}")
    if name == _point:
        _count_down()
    if name == _hold_point:
        _hold(meanwhile)


def _count_down() -> None:
    global _remaining  # noqa: PLW0603 - the count belongs to the process, like the variables
    _remaining -= 1
    if _remaining == 0:
        if _error is not None:
            raise _error
        os.kill(os.getpid(), signal.SIGKILL)


@contextmanager
def raised_at(name: str, error: BaseException) -> Generator[Callable[[], bool]]:
    """Have the point raise `error`, once, within this process; tells whether it has.

    For tests that look at what an error leaves behind, as others do at what a kill leaves.
    """
    global _point, _remaining, _error
    before = _point, _remaining, _error
    _point, _remaining, _error = name, 1, error
    try:
        yield lambda: _remaining <= 0
    finally:
        _point, _remaining, _error = before


def _hold(meanwhile: Callable[[], None] | None) -> None:
    while not _hold_until.exists():
        if meanwhile is not None:
            meanwhile()
        time.sleep(_LOOK_EVERY_SECONDS)
