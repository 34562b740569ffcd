"""Files that later ones have replaced, as the log of the table remembers them.

They are no part of the newest version, but who reads an earlier one needs them. The Delta log names
each with the instant of its removal, in its checkpoints for a week.
"""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec
import polars as pl

from tailrace.lake.table_storage import LOG_DIRECTORY, path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.lake.table_storage import TableStorage

_VERSION_DIGITS = 20


class _Added(msgspec.Struct):
    path: str


class _Removed(msgspec.Struct, rename="camel"):
    path: str
    deletion_timestamp: int | None = None


class _LogLine(msgspec.Struct):
    add: _Added | None = None
    remove: _Removed | None = None


def tombstones(storage: TableStorage) -> dict[str, datetime]:
    """Names of the files that were removed from the table, and when each was.

    Those whose writer did not say when are left out. The caller holds the table's lock.
    """
    names = storage.log_names()
    checkpoints = [name for name in names if _is_checkpoint(name)]
    last = max(map(_version, checkpoints), default=-1)
    found: dict[str, datetime] = {}
    for checkpoint in checkpoints:
        if _version(checkpoint) == last:
            found.update(_removed_by_checkpoint(storage, checkpoint))
    for name in sorted(names):
        if name.endswith(".json") and _version(name) > last:
            _replay(storage.read(name), found)
    return found


def _is_checkpoint(name: str) -> bool:
    return _version(name) >= 0 and ".checkpoint" in name and name.endswith(".parquet")


def _version(name: str) -> int:
    """The version that a file of the log is about; -1 if it is about none."""
    digits = name.removeprefix(f"{LOG_DIRECTORY}/")[:_VERSION_DIGITS]
    return int(digits) if digits.isdecimal() else -1


def _replay(entry: bytes, found: dict[str, datetime]) -> None:
    for line in entry.splitlines():
        actions = msgspec.json.decode(line, type=_LogLine)
        if actions.add is not None:
            found.pop(unquote(actions.add.path), None)
        removed = actions.remove
        if removed is not None and removed.deletion_timestamp is not None:
            found[unquote(removed.path)] = _instant(removed.deletion_timestamp)


def _removed_by_checkpoint(
    storage: TableStorage, checkpoint: str
) -> Iterator[tuple[str, datetime]]:
    actions = storage.scan([path_of(storage, checkpoint)])
    if "remove" not in actions.collect_schema():
        return
    remove = pl.col("remove").struct
    removed = actions.select(remove.field("path"), remove.field("deletionTimestamp"))
    for path, deleted_at in removed.drop_nulls().collect().iter_rows():
        yield unquote(path), _instant(deleted_at)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
