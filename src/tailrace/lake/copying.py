"""A copy of one version of a table: its log up to there, and the names of the files to go with it."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

import msgspec

from tailrace.lake.table_storage import LOG_DIRECTORY, name_of

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.lake.activity_log import ActivityLog
    from tailrace.lake.table_storage import TableStorage

#: Entries and checkpoints begin with the version that they are of.
_VERSIONED = re.compile(r"(\d{20})\.")

_LAST_CHECKPOINT = "_last_checkpoint"

_SIDECARS = "_sidecars/"


def copy_log(log: ActivityLog, target: Path) -> list[str]:
    """Copy the log of the current version to the table directory `target`.

    Returns the paths, within the table, of the data files of that version; nothing where there is
    no table. The caller holds the table's lock, so that no commit comes in between. Raises OSError.
    """
    storage = log.storage
    if not storage.has_log():
        return []
    snapshot = log.snapshot()
    for name in storage.log_names():
        if _is_of(storage, name, snapshot.version):
            copied = target / name
            copied.parent.mkdir(parents=True, exist_ok=True)
            copied.write_bytes(storage.read(name))
    return [name_of(storage, file.path) for file in snapshot.files]


class _LastCheckpoint(msgspec.Struct):
    version: int


def _is_of(storage: TableStorage, name: str, version: int) -> bool:
    """Whether a file of the log belongs to that version. Other writers do not know our lock."""
    within_log = name.removeprefix(f"{LOG_DIRECTORY}/")
    if within_log == _LAST_CHECKPOINT:
        return msgspec.json.decode(storage.read(name), type=_LastCheckpoint).version <= version
    match = _VERSIONED.match(within_log)
    if match is None:
        return within_log.startswith(_SIDECARS)
    return int(match[1]) <= version
