"""One commit of the Delta log: there exactly once, or not at all, whoever else commits.

Theory of operation: an entry of the log is made only where there is none of its version. Who comes
second looks at the table anew, asks whether the commit is still wanted, and tries the next
version. Where it is not known how a try ended (the answer was lost, the library repeated what had
been done), the entries tell: names of data files are unique, so one that adds ours is ours. The
library's own repetition is off, for it would take our own entry for another's and commit it twice.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec
import structlog
from deltalake import CommitProperties
from deltalake.exceptions import CommitFailedError, DeltaError
from deltalake.transaction import AddAction, PostCommitHookProperties, RemoveAction

from tailrace.crash_points import reach
from tailrace.domain.errors import LakeUnavailableError
from tailrace.lake.activity_rows import DAY_COLUMN, delta_schema
from tailrace.lake.table_storage import entry_name

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from deltalake import DeltaTable, Transaction

    from tailrace.lake.table_storage import TableStorage

#: Others that may be faster, one after another.
_MOST_TRIES = 100

_log = structlog.get_logger(__name__)


class _Added(msgspec.Struct):
    path: str


class _LogLine(msgspec.Struct):
    add: _Added | None = None


@dataclass(frozen=True, slots=True)
class Commit:
    """What one entry of the log is to say."""

    actions: Sequence[AddAction | RemoveAction]
    #: The crash point behind it.
    point: str
    transactions: list[Transaction] = field(default_factory=list["Transaction"])

    def make(
        self,
        storage: TableStorage,
        opened: Callable[[], DeltaTable],
        is_wanted: Callable[[DeltaTable], bool],
    ) -> bool:
        """Commit to the newest version; False, with nothing done, once it is not wanted there.

        If it raises, the entry may be there or not. Raises DeltaError, OSError and what `opened`
        raises.
        """
        for _ in range(_MOST_TRIES):
            table = opened()
            if not is_wanted(table):
                return False
            # Whoever wrote the newest entry may have died before it synced it.
            storage.sync_log(table.version())
            try:
                self._try(table)
            except (DeltaError, OSError) as error:
                if not self._is_made(storage, table.version() + 1):
                    if not isinstance(error, CommitFailedError):
                        raise
                    _log.info("lake_commit_was_second", version=table.version() + 1)
                    continue
            reach(self.point)
            # The handle still has the version that it was opened at: what is new comes after it.
            storage.sync_log(table.version())
            return True
        raise LakeUnavailableError(f"others were faster {_MOST_TRIES} times")

    def _try(self, table: DeltaTable) -> None:
        table.create_write_transaction(
            [*self.actions],
            mode="append",
            schema=delta_schema(),
            partition_by=[DAY_COLUMN],
            commit_properties=CommitProperties(
                max_commit_retries=0, app_transactions=self.transactions
            ),
            # It would delete old entries before the checkpoint that replaces them is on the disk.
            post_commithook_properties=PostCommitHookProperties(cleanup_expired_logs=False),
        )

    def _is_made(self, storage: TableStorage, version: int) -> bool:
        """Whether an entry from this version on is ours."""
        ours = {action.path for action in self.actions if isinstance(action, AddAction)}
        while True:
            try:
                entry = storage.read(entry_name(version))
            except FileNotFoundError:
                return False
            if ours & set(_added_by(entry)):
                return True
            version += 1


def _added_by(entry: bytes) -> list[str]:
    lines = (msgspec.json.decode(line, type=_LogLine) for line in entry.splitlines())
    return [unquote(line.add.path) for line in lines if line.add is not None]
