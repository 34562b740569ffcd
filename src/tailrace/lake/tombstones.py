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

from tailrace.lake.orphans import LOG_DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

_VERSION_DIGITS = 20


class _Added(msgspec.Struct):
    path: str


class _Removed(msgspec.Struct, rename="camel"):
    path: str
    deletion_timestamp: int | None = None


class _LogLine(msgspec.Struct):
    add: _Added | None = None
    remove: _Removed | None = None


def tombstones(table_path: Path) -> dict[str, datetime]:
    """Paths within the table of the files that were removed from it, and when each was.

    Those whose writer did not say when are left out. The caller holds the table's lock.
    """
    log = table_path / LOG_DIRECTORY
    checkpoints = [path for path in log.glob("*.checkpoint*.parquet") if _version(path) >= 0]
    last = max(map(_version, checkpoints), default=-1)
    found: dict[str, datetime] = {}
    for checkpoint in checkpoints:
        if _version(checkpoint) == last:
            found.update(_removed_by_checkpoint(checkpoint))
    for entry in sorted(log.glob("*.json")):
        if _version(entry) > last:
            _replay(entry, found)
    return found


def _version(path: Path) -> int:
    """The version that a file of the log is about; -1 if it is about none."""
    digits = path.name[:_VERSION_DIGITS]
    return int(digits) if digits.isdecimal() else -1


def _replay(entry: Path, found: dict[str, datetime]) -> None:
    for line in entry.read_bytes().splitlines():
        actions = msgspec.json.decode(line, type=_LogLine)
        if actions.add is not None:
            found.pop(unquote(actions.add.path), None)
        removed = actions.remove
        if removed is not None and removed.deletion_timestamp is not None:
            found[unquote(removed.path)] = _instant(removed.deletion_timestamp)


def _removed_by_checkpoint(checkpoint: Path) -> Iterator[tuple[str, datetime]]:
    actions = pl.scan_parquet(checkpoint, glob=False)
    if "remove" not in actions.collect_schema():
        return
    remove = pl.col("remove").struct
    removed = actions.select(remove.field("path"), remove.field("deletionTimestamp"))
    for path, deleted_at in removed.drop_nulls().collect().iter_rows():
        yield unquote(path), _instant(deleted_at)


def _instant(milliseconds: int) -> datetime:
    return datetime.fromtimestamp(milliseconds / 1000, UTC)
