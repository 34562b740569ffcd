"""Measuring a whole process: wall time, CPU time and peak memory."""

from __future__ import annotations

import os
import subprocess
import time
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Measurement:
    wall_seconds: float
    cpu_seconds: float
    peak_megabytes: float

    def __add__(self, other: Measurement) -> Measurement:
        """One process after the other."""
        return Measurement(
            self.wall_seconds + other.wall_seconds,
            self.cpu_seconds + other.cpu_seconds,
            max(self.peak_megabytes, other.peak_megabytes),
        )


def measured(command: list[str]) -> Measurement:
    """Run `command` to its end. Ends this process too if it fails."""
    started = time.perf_counter()
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL)
    _, status, usage = os.wait4(process.pid, 0)
    wall_seconds = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        raise SystemExit(f"{' '.join(command)} ended with {process.returncode}")
    cpu_seconds = usage.ru_utime + usage.ru_stime
    return Measurement(wall_seconds, cpu_seconds, usage.ru_maxrss / 1024)
