"""A copy of one version of a table: its log up to there, and the names of the files to go with it."""

from __future__ import annotations

import re
import shutil
from pathlib import Path
from typing import TYPE_CHECKING

import msgspec

from tailrace.lake.orphans import LOG_DIRECTORY

if TYPE_CHECKING:
    from tailrace.lake.activity_log import ActivityLog

#: Entries and checkpoints begin with the version that they are of.
_VERSIONED = re.compile(r"(\d{20})\.")

_LAST_CHECKPOINT = "_last_checkpoint"

_SIDECARS = "_sidecars"


def copy_log(log: ActivityLog, target: Path) -> list[str]:
    """Copy the log of the current version to the table directory `target`.

    Returns the paths, within the table, of the data files of that version; nothing where there is
    no table. The caller holds the table's lock, so that no commit comes in between. Raises OSError.
    """
    source = log.path / LOG_DIRECTORY
    if not source.is_dir():
        return []
    snapshot = log.snapshot()
    copied = target / LOG_DIRECTORY
    copied.mkdir(parents=True)
    for path in source.iterdir():
        match = _VERSIONED.match(path.name)
        # Other writers do not know our lock.
        if match is not None and int(match[1]) <= snapshot.version:
            shutil.copyfile(path, copied / path.name)
    if (source / _SIDECARS).is_dir():
        shutil.copytree(source / _SIDECARS, copied / _SIDECARS)
    _copy_last_checkpoint(source / _LAST_CHECKPOINT, copied / _LAST_CHECKPOINT, snapshot.version)
    return [str(Path(file.path).relative_to(log.path)) for file in snapshot.files]


class _LastCheckpoint(msgspec.Struct):
    version: int


def _copy_last_checkpoint(source: Path, target: Path, version: int) -> None:
    if not source.exists():
        return
    content = source.read_bytes()
    if msgspec.json.decode(content, type=_LastCheckpoint).version <= version:
        target.write_bytes(content)
