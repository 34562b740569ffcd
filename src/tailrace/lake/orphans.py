"""Files in a table's directory that no version names: what killed or failed writers leave behind.

Delta's own vacuum leaves the temporary files of killed writers for ever, and complete files that
were never committed for a week, so we find them ourselves.
"""

from __future__ import annotations

from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec
import polars as pl

from tailrace.lake.table_storage import path_of

if TYPE_CHECKING:
    from collections.abc import Iterator

    from tailrace.lake.table_storage import TableStorage


class _FileAction(msgspec.Struct):
    path: str


class _LogLine(msgspec.Struct):
    add: _FileAction | None = None
    remove: _FileAction | None = None


def orphans(storage: TableStorage, current: set[str], before: float) -> list[str]:
    """Files last changed before `before` (seconds since 1970) that no version in the log names.

    `current` holds the names of the current version's files. The caller holds the table's lock, so
    that no append of ours is under way.
    """
    staged = storage.staged_names()
    unnamed = [name for name in storage.data_names() if name not in current]
    old = [name for name in (*staged, *unnamed) if storage.changed_at(name) < before]
    # Files of earlier versions are rare here (somebody compacted) and the log is long to read.
    named: set[str] = set()
    if not set(old).isdisjoint(unnamed):
        named = _named_by_any_version(storage)
    return [name for name in old if name not in named]


def _named_by_any_version(storage: TableStorage) -> set[str]:
    names: set[str] = set()
    for name in storage.log_names():
        if name.endswith(".json"):
            names.update(_named_by_entry(storage.read(name)))
        # Other writers cut checkpoints into parts, or keep them in files beside.
        elif name.endswith(".parquet"):
            names.update(_named_by_checkpoint(storage, name))
    return names


def _named_by_entry(entry: bytes) -> Iterator[str]:
    for line in entry.splitlines():
        actions = msgspec.json.decode(line, type=_LogLine)
        for action in (actions.add, actions.remove):
            if action is not None:
                yield unquote(action.path)


def _named_by_checkpoint(storage: TableStorage, checkpoint: str) -> Iterator[str]:
    actions = storage.scan([path_of(storage, checkpoint)])
    for kind in {"add", "remove"} & set(actions.collect_schema()):
        paths = actions.select(pl.col(kind).struct.field("path")).drop_nulls().collect()
        yield from (unquote(path) for path in paths["path"])
