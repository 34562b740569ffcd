"""Measuring processes and all that they start: wall time, CPU time, peak memory, bytes from disk.

A command is measured from its start to its end. A server is measured over a piece of its work: the
difference of what its processes have used, and the most memory that they had meanwhile.
"""

from __future__ import annotations

import os
import subprocess
import threading
import time
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import IO, TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

_TICKS_PER_SECOND = os.sysconf("SC_CLK_TCK")
_PAGE_BYTES = os.sysconf("SC_PAGE_SIZE")
_MEGABYTE = 1024 * 1024
_SAMPLE_SECONDS = 0.02
#: Looking for new processes costs more than looking at known ones.
_SAMPLES_A_LOOK = 10
_RESET_PEAK = "5"


class CommandFailedError(Exception):
    """What was to be measured did not work; the message says which command it was."""


@dataclass(frozen=True, slots=True)
class Measurement:
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float
    #: From the disk, past the page cache; 0 where it was not asked for.
    megabytes_read: float = 0.0

    def __add__(self, other: Measurement) -> Measurement:
        """One process after the other."""
        return Measurement(
            self.wall_seconds + other.wall_seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_megabytes, other.peak_megabytes),
            self.megabytes_read + other.megabytes_read,
        )


@dataclass(slots=True)
class ProcessTree:
    """A running process and its descendants, also those that have ended and were waited for."""

    root: int

    def processes(self) -> list[int]:
        """The root first."""
        children: dict[int, list[int]] = {}
        for entry in Path("/proc").iterdir():
            if entry.name.isdecimal() and (values := _status(int(entry.name))):
                children.setdefault(int(values[1]), []).append(int(entry.name))
        found = [self.root]
        for process in found:
            found += children.get(process, [])
        return found

    def cpu_seconds(self) -> float:
        """What the processes there are, and those that they waited for, have used so far."""
        ticks = (
            sum(map(int, values[11:15])) for values in map(_status, self.processes()) if values
        )
        return sum(ticks) / _TICKS_PER_SECOND

    def bytes_read(self) -> int:
        """What the processes there are have fetched from the disk so far."""
        return sum(map(_bytes_read, self.processes()))

    def resident_megabytes(self) -> float:
        """What all of them have in memory now."""
        return sum(map(_resident_bytes, self.processes())) / _MEGABYTE

    def wait_until_idle(self, *, seconds: float = 1.0, at_most: float = 120.0) -> None:
        """Until they use next to no CPU: what a server does by itself first is not measured."""
        deadline = time.monotonic() + at_most
        while time.monotonic() < deadline:
            before = self.cpu_seconds()
            time.sleep(seconds)
            if self.cpu_seconds() - before < 0.05 * seconds:
                return


@dataclass(slots=True)
class _Peak:
    """The most memory of a tree, looked at again and again from a thread of its own."""

    tree: ProcessTree
    megabytes: float = 0.0
    _stopped: threading.Event = field(default_factory=threading.Event)

    def watch(self) -> None:
        processes = [self.tree.root]
        sample = 0
        while not self._stopped.is_set():
            if sample % _SAMPLES_A_LOOK == 0:
                processes = self.tree.processes()
            sample += 1
            resident = sum(map(_resident_bytes, processes)) / _MEGABYTE
            # A single process knows its own peak, also between two looks.
            self.megabytes = max(self.megabytes, resident, *map(_high_water_megabytes, processes))
            self._stopped.wait(_SAMPLE_SECONDS)

    @contextmanager
    def watched(self) -> Generator[None]:
        thread = threading.Thread(target=self.watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._stopped.set()
            thread.join()


def measured_work(tree: ProcessTree, work: Callable[[], object]) -> Measurement:
    """What the running processes need for `work`, which somebody else asks of them.

    The wall time is that of `work`, unless it returns a number of seconds itself.
    """
    for process in tree.processes():
        with suppress(OSError):
            Path(f"/proc/{process}/clear_refs").write_text(_RESET_PEAK)
    peak = _Peak(tree)
    cpu_seconds, bytes_read = tree.cpu_seconds(), tree.bytes_read()
    with peak.watched():
        started = time.perf_counter()
        said = work()
        wall_seconds = time.perf_counter() - started
    return Measurement(
        said if isinstance(said, float) else wall_seconds,
        tree.cpu_seconds() - cpu_seconds,
        max(peak.megabytes, _high_water_megabytes(tree.root)),
        (tree.bytes_read() - bytes_read) / _MEGABYTE,
    )


def measured(
    command: list[str],
    *,
    stdout: IO[bytes] | int = subprocess.DEVNULL,
    environment: Mapping[str, str] | None = None,
    server: ProcessTree | None = None,
) -> Measurement:
    """Run `command` to its end. Raises CommandFailedError if it fails.

    With `server`, what the server's processes use meanwhile is the command's as well.
    """
    if server is not None:
        alone: list[Measurement] = []
        served = measured_work(
            server,
            lambda: alone.append(measured(command, stdout=stdout, environment=environment)),
        )
        return Measurement(
            alone[0].wall_seconds,
            alone[0].cpu_seconds + served.cpu_seconds,
            alone[0].peak_megabytes + served.peak_megabytes,
        )
    variables = None if environment is None else {**os.environ, **environment}
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=stdout, env=variables)
    peak = _Peak(ProcessTree(process.pid))
    with peak.watched():
        _, status, usage = os.wait4(process.pid, 0)
        wall_seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise CommandFailedError(f"{' '.join(command)[:300]} ended with {process.returncode}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    # Not `ru_maxrss`: that begins with the memory of the process that started it, this one.
    return Measurement(wall_seconds, cpu_seconds, peak.megabytes)


# What the kernel says of a process; nothing of one that has gone.


def _status(process: int) -> list[str]:
    """Fields 3 and on of /proc/<pid>/stat: the name before them may hold anything."""
    try:
        return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _resident_bytes(process: int) -> int:
    try:
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE_BYTES
    except (OSError, IndexError):
        return 0


def _high_water_megabytes(process: int) -> float:
    return _line_of(process, "status", "VmHWM:") / 1024


def _bytes_read(process: int) -> int:
    return _line_of(process, "io", "read_bytes:")


def _line_of(process: int, file: str, name: str) -> int:
    try:
        lines = Path(f"/proc/{process}/{file}").read_text().splitlines()
    except OSError:
        return 0
    return next((int(line.split()[1]) for line in lines if line.startswith(name)), 0)
