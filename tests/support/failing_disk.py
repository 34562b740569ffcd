"""A disk whose n-th operation fails, for the program's own calls: those of its libraries it cannot see.

What SQLite, Polars and the Delta library write themselves is for `tests.support.refusing_disk`.
"""

from __future__ import annotations

import os
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

    import pytest

_CALLS = ("fdatasync", "fsync", "open", "rename", "write")


class FailingDisk:
    """Everything below `root`: `fails` makes one operation there fail, and all before it not."""

    def __init__(self, root: Path, monkeypatch: pytest.MonkeyPatch) -> None:
        self._root = str(root)
        self._monkeypatch = monkeypatch
        self._remaining = 0
        self._error = 0
        #: Whether the operation came that was to fail.
        self.has_failed = False

    @contextmanager
    def fails(self, number: int, error: int) -> Generator[None]:
        """The `number`-th operation raises OSError with this `errno`, in any thread."""
        self._remaining, self._error, self.has_failed = number, error, False
        with self._monkeypatch.context() as patched:
            for name in _CALLS:
                patched.setattr(os, name, self._counted(getattr(os, name)))
            yield

    def _counted(self, call: Callable[..., Any]) -> Callable[..., Any]:
        def counted(target: Any, *others: Any, **more: Any) -> Any:
            if self._is_here(target) and not _only_reads(call, *others):
                self._remaining -= 1
                if self._remaining == 0:
                    self.has_failed = True
                    raise OSError(self._error, os.strerror(self._error))
            return call(target, *others, **more)

        return counted

    def _is_here(self, target: int | str | os.PathLike[str]) -> bool:
        if isinstance(target, int):
            target = Path(f"/proc/self/fd/{target}").readlink()
        return str(target).startswith(self._root)


def _only_reads(call: Callable[..., Any], *others: Any) -> bool:
    return call.__name__ == "open" and not others[0] & os.O_CREAT
