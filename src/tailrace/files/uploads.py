"""Uploaded files on a directory: durable before anything names them, gone once they are used.

Written to a `.part`, synced, renamed, the directory synced: a file under its name is whole.
"""

from __future__ import annotations

import os
import re
from contextlib import suppress
from typing import TYPE_CHECKING

from tailrace.crash_points import reach
from tailrace.durability import make_directory, sync_path

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.domain.export_job import SubscriptionId

_NAME = re.compile(r"(\d+)\.(?:upload|part)")


class Uploads:
    """The uploaded files of all subscriptions, a directory each, below `root`."""

    def __init__(self, root: Path) -> None:
        self._root = root

    def save(self, subscription_id: SubscriptionId, number: int, content: bytes) -> None:
        """Keep `content` under a number that nothing else has. Raises OSError, and keeps nothing."""
        path = self.path(subscription_id, number)
        make_directory(path.parent)
        try:
            _write(path, content)
        except OSError:
            # A disk that takes no more may not even do this: then the sweep does it later.
            with suppress(OSError):
                self.delete(subscription_id, number)
            raise
        reach("import.upload.saved")

    def path(self, subscription_id: SubscriptionId, number: int) -> Path:
        return self._root / str(subscription_id) / f"{number}.upload"

    def delete(self, subscription_id: SubscriptionId, number: int) -> None:
        """Delete a file, and what a crash has left of it; nothing if there is none."""
        path = self.path(subscription_id, number)
        path.unlink(missing_ok=True)
        path.with_suffix(".part").unlink(missing_ok=True)

    def numbers(self, subscription_id: SubscriptionId, *, older_than: float) -> set[int]:
        """Numbers of the files that were written before a moment in epoch seconds."""
        directory = self._root / str(subscription_id)
        paths = list(directory.iterdir()) if directory.is_dir() else []
        return {
            int(match[1])
            for path in paths
            if (match := _NAME.fullmatch(path.name)) and _written_at(path) < older_than
        }


def _write(path: Path, content: bytes) -> None:
    part = path.with_suffix(".part")
    with part.open("wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    reach("import.upload.part_synced")
    part.rename(path)
    sync_path(path.parent)


def _written_at(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except FileNotFoundError:
        # It was deleted since the directory was read.
        return float("inf")
