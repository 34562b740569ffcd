"""A disk that refuses below every library: real errors, in real processes, of the C library's calls.

`refusing_disk.c` is loaded before all else into the processes that are given `environment`; what
fails, and when, it reads from a file that both sides have mapped, so no process is started anew
for each call that is to fail.
"""

from __future__ import annotations

import mmap
import shutil
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Self

import pytest

if TYPE_CHECKING:
    from collections.abc import Generator

_SOURCE = Path(__file__).with_suffix(".c")

#: `struct control` of the source.
_BYTES = 1024
_ORDER = struct.Struct("lll")
_COUNTS = struct.Struct("ll")
_ONE, _FROM_THERE_ON = 1, 2


class RefusingDisk:
    """Everything below `root`, for processes with `environment`."""

    def __init__(self, library: Path, root: Path, control: Path) -> None:
        control.write_bytes(bytes(_BYTES))
        self.environment = {
            "LD_PRELOAD": str(library),
            "REFUSING_DISK_ROOT": f"{root}/",
            "REFUSING_DISK_CONTROL": str(control),
        }
        with control.open("r+b") as file:
            self._control = mmap.mmap(file.fileno(), _BYTES)

    @classmethod
    def below(cls, root: Path, directory: Path) -> Self:
        """With what it needs in `directory`. Skips the test where there is no compiler."""
        compiler = shutil.which("cc")
        if compiler is None:
            pytest.skip("no C compiler is here: nothing to make a disk refuse with")
        library = directory / "refusing_disk.so"
        command = [compiler, "-shared", "-fPIC", "-O1", "-o", str(library), str(_SOURCE), "-ldl"]
        subprocess.run(command, check=True)
        return cls(library, root, directory / "refusing_disk")

    @contextmanager
    def refuses(self, number: int, error: int, *, for_good: bool = False) -> Generator[None]:
        """The `number`-th call from now on that changes something fails with this `errno`.

        With `for_good` so do all that come after it, to the end of the block.
        """
        _ORDER.pack_into(self._control, 0, 0, number, error)
        _COUNTS.pack_into(self._control, _ORDER.size, 0, 0)
        # Last: from here on calls are counted.
        self._control[0] = _FROM_THERE_ON if for_good else _ONE
        try:
            yield
        finally:
            self.takes_all()

    def takes_all(self) -> None:
        """Refuse nothing more."""
        self._control[0] = 0

    @property
    def calls(self) -> int:
        """Calls that came since it was last told to refuse."""
        return _COUNTS.unpack_from(self._control, _ORDER.size)[0]

    @property
    def has_refused(self) -> bool:
        return _COUNTS.unpack_from(self._control, _ORDER.size)[1] > 0

    @property
    def refused(self) -> str:
        """The call that was refused last, and its path."""
        return self._control[_ORDER.size + _COUNTS.size :].partition(b"\0")[0].decode()

    def close(self) -> None:
        self._control.close()
