"""Files in a table's directory that no version names: what killed or failed writers leave behind.

Delta's own vacuum leaves the temporary files of killed writers for ever, and complete files that
were never committed for a week, so we find them ourselves.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING
from urllib.parse import unquote

import msgspec
import polars as pl

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

LOG_DIRECTORY = "_delta_log"

#: The Delta writer stages every file under its name, `#` and a number.
_STAGED = re.compile(r".+#\d+")


class _FileAction(msgspec.Struct):
    path: str


class _LogLine(msgspec.Struct):
    add: _FileAction | None = None
    remove: _FileAction | None = None


def orphans(table_path: Path, current: set[str], before: float) -> list[Path]:
    """Files last changed before `before` (seconds since 1970) that no version in the log names.

    `current` holds the paths within the table of the current version's files. The caller holds
    the table's lock, so that no append of ours is under way.
    """
    staged = [path for path in table_path.rglob("*#*") if _STAGED.fullmatch(path.name)]
    data = [path for path in table_path.glob("*/*.parquet") if path.parent.name != LOG_DIRECTORY]
    unnamed = [path for path in data if str(path.relative_to(table_path)) not in current]
    old = [path for path in (*staged, *unnamed) if path.stat().st_mtime < before]
    # Files of earlier versions are rare here (somebody compacted) and the log is long to read.
    named: set[str] = set()
    if any(path in unnamed for path in old):
        named = _named_by_any_version(table_path)
    return [path for path in old if str(path.relative_to(table_path)) not in named]


def _named_by_any_version(table_path: Path) -> set[str]:
    log = table_path / LOG_DIRECTORY
    names: set[str] = set()
    for entry in log.glob("*.json"):
        names.update(_named_by_entry(entry))
    # Other writers cut checkpoints into parts, or keep them in files beside.
    for checkpoint in (*log.glob("*.checkpoint*.parquet"), *log.glob("_sidecars/*.parquet")):
        names.update(_named_by_checkpoint(checkpoint))
    return names


def _named_by_entry(entry: Path) -> Iterator[str]:
    for line in entry.read_bytes().splitlines():
        actions = msgspec.json.decode(line, type=_LogLine)
        for action in (actions.add, actions.remove):
            if action is not None:
                yield unquote(action.path)


def _named_by_checkpoint(checkpoint: Path) -> Iterator[str]:
    actions = pl.scan_parquet(checkpoint, glob=False)
    for kind in {"add", "remove"} & set(actions.collect_schema()):
        paths = actions.select(pl.col(kind).struct.field("path")).drop_nulls().collect()
        yield from (unquote(path) for path in paths["path"])
