"""What a power cut leaves on the disk: only what the program has waited for.

The program's own calls of fsync are watched, and carried out. After a power cut a file holds what
it held at its last fsync, nothing if there was none; a name is there if its directory was synced
while it was.
"""

from __future__ import annotations

import os
import stat
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import pytest


class WatchedDisk:
    """What is durable of the directory `root`, which itself was there before."""

    def __init__(self, root: Path) -> None:
        self._root = root
        #: By inode.
        self._contents: dict[int, bytes] = {}
        self._entries: dict[int, dict[str, int]] = {}

    @contextmanager
    def watched(
        self, monkeypatch: pytest.MonkeyPatch, before_sync: Callable[[], None] | None = None
    ) -> Generator[None]:
        """Watch for the length of the block; `before_sync` looks at the moment before each fsync."""
        carry_out = os.fsync

        def sync(descriptor: int) -> None:
            if before_sync is not None:
                before_sync()
            carry_out(descriptor)
            self._note(descriptor)

        with monkeypatch.context() as patched:
            patched.setattr(os, "fsync", sync)
            yield

    def holds(self, path: Path) -> bool:
        """Whether the file is on the disk, under its name and as it is now."""
        inode = path.stat().st_ino
        return (
            self._entries.get(path.parent.stat().st_ino, {}).get(path.name) == inode
            and self._contents.get(inode) == path.read_bytes()
        )

    def cut_power(self, target: Path) -> None:
        """Make `target` what `root` is after a power cut at this moment."""
        self._leave(self._root.stat().st_ino, target)

    def _note(self, descriptor: int) -> None:
        status = os.fstat(descriptor)
        path = Path(f"/proc/self/fd/{descriptor}").resolve()
        if stat.S_ISDIR(status.st_mode):
            with os.scandir(path) as entries:
                self._entries[status.st_ino] = {one.name: one.inode() for one in entries}
            # A directory that nothing was synced in is empty afterwards.
            for child in path.iterdir():
                if child.is_dir():
                    self._entries.setdefault(child.stat().st_ino, {})
        else:
            self._contents[status.st_ino] = path.read_bytes()

    def _leave(self, directory: int, target: Path) -> None:
        target.mkdir()
        for name, inode in self._entries.get(directory, {}).items():
            if inode in self._entries:
                self._leave(inode, target / name)
            else:
                (target / name).write_bytes(self._contents.get(inode, b""))
