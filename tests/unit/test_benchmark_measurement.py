"""Measuring real processes: what they use is theirs and their children's, and nobody else's."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.measurement import CommandFailedError, ProcessTree, measured, measured_work

#: A process with a child that does the work: 40 MB and a quarter of a second of CPU. It stays until
#: it has been looked at, as it may be over between two looks.
BUSY = """
import time
from pathlib import Path
block = b'x' * 40_000_000
while time.process_time() < 0.25: pass
Path('is_busy').touch()
while Path('is_busy').exists(): time.sleep(0.01)
"""
PARENT = f"import subprocess, sys\nsubprocess.run([sys.executable, '-c', {BUSY!r}], check=True)"


@pytest.fixture(autouse=True)
def seen(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The child goes at the second look that found it: the first has been gone through by then."""
    monkeypatch.chdir(tmp_path)
    look = ProcessTree.processes
    looks: list[int] = []

    def processes(tree: ProcessTree) -> list[int]:
        found = look(tree)
        if Path("is_busy").exists():
            looks.append(len(found))
            if looks[-2:] == [2, 2]:
                looks.clear()
                Path("is_busy").unlink()
        return found

    monkeypatch.setattr(ProcessTree, "processes", processes)


def test_command__is_measured_with_its_children() -> None:
    run = measured([sys.executable, "-c", PARENT])
    assert run.wall_seconds >= 0.25
    assert run.cpu_seconds >= 0.25
    assert 38 <= run.peak_megabytes <= 90


def test_command_that_fails__is_told() -> None:
    with pytest.raises(CommandFailedError, match="ended with 3"):
        measured([sys.executable, "-c", "raise SystemExit(3)"])


def test_work_of_a_server__is_what_its_processes_used_for_it() -> None:
    loop = (
        f"import sys\nfor line in sys.stdin:\n    exec({PARENT!r})\n    print('done', flush=True)"
    )
    with subprocess.Popen(
        [sys.executable, "-c", loop], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as server:
        assert server.stdin is not None
        assert server.stdout is not None
        stdin, stdout = server.stdin, server.stdout

        def work() -> None:
            stdin.write("\n")
            stdin.flush()
            assert stdout.readline() == "done\n"

        tree = ProcessTree(server.pid)
        first, second = measured_work(tree, work), measured_work(tree, work)
        stdin.close()
    for run in (first, second):
        assert 0.2 <= run.cpu_seconds <= 0.25 + run.wall_seconds
        assert 38 <= run.peak_megabytes <= 90
