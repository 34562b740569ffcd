"""`tailrace demo` as a process: what it shows, and that it leaves nothing behind however it ends."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from tests.support.deadlines import DEADLINE_SECONDS, wait_for, wait_until
from tests.support.home import TAILRACE

if TYPE_CHECKING:
    from collections.abc import Generator

SMALL = ("demo", "--leads", "500", "--activities", "5000")

#: What Python runs at its start. The demo gives its server no variable of ours but by this: it
#: stands in its first export for ever, so that no demo is over before it is interrupted.
HOLD = """
import os, sys
if "serve" in sys.orig_argv:
    os.environ["TAILRACE_HOLD_POINT"] = "export.rows"
    os.environ["TAILRACE_HOLD_UNTIL"] = "/nowhere/at all"
    os.environ["TAILRACE_STOP_SECONDS"] = "0"
"""


@pytest.fixture
def temporary(tmp_path: Path) -> Path:
    """The directory that the demo makes its own in."""
    directory = tmp_path / "temporary"
    directory.mkdir()
    return directory


def environment(temporary: Path) -> dict[str, str]:
    return {**os.environ, "TMPDIR": str(temporary)}


def run_demo(temporary: Path, *options: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [TAILRACE, *SMALL, *options],
        env=environment(temporary),
        capture_output=True,
        text=True,
        timeout=DEADLINE_SECONDS * 3,
    )


def serving_processes(temporary: Path) -> list[int]:
    """Servers on a home below the directory."""
    found: list[int] = []
    for status in Path("/proc").glob("[0-9]*/cmdline"):
        try:
            command = status.read_bytes()
        except OSError:
            continue
        if str(temporary).encode() in command and b"serve" in command.split(b"\0"):
            found.append(int(status.parent.name))
    return found


def is_clean(temporary: Path) -> bool:
    return not serving_processes(temporary) and not any(temporary.iterdir())


@contextmanager
def held_demo(temporary: Path) -> Generator[subprocess.Popen[bytes]]:
    """A demo that does not come to its end by itself."""
    hooks = temporary.parent / "hooks"
    hooks.mkdir()
    (hooks / "sitecustomize.py").write_text(HOLD, encoding="utf-8")
    process = subprocess.Popen(
        [TAILRACE, *SMALL],
        env={**environment(temporary), "PYTHONPATH": str(hooks)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        yield process
    finally:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def finished(tmp_path_factory: pytest.TempPathFactory) -> tuple[str, Path]:
    """What one run printed, and the directory that it worked in."""
    directory = tmp_path_factory.mktemp("temporary")
    done = run_demo(directory)
    assert done.returncode == 0, done.stderr
    return done.stdout, directory


def test_demo__exports_both_and_verifies_them(finished: tuple[str, Path]) -> None:
    printed, directory = finished
    assert "Made 500 leads and 5,000 activities" in printed
    rows = re.findall(
        r"^(activities|leads) +([\d,]+) +([\d,]+) +[\d.]+ +[\d.]+ +ok ", printed, re.MULTILINE
    )
    assert [name for name, _, _ in rows] == ["activities", "leads"]
    assert rows[1][1] == "500"
    assert "\n  marketoGUID,leadId," in printed
    assert "\n  id,email,firstName," in printed
    assert is_clean(directory)


def test_demo__makes_the_same_every_time(finished: tuple[str, Path], temporary: Path) -> None:
    def checksums(printed: str) -> list[str]:
        return re.findall(r" ok +([0-9a-f]{16})…", printed)

    first, _ = finished
    assert len(checksums(first)) == 2
    assert checksums(run_demo(temporary).stdout) == checksums(first)


def test_kept_demo__can_be_called_as_it_says(temporary: Path) -> None:
    done = run_demo(temporary, "--keep")
    assert done.returncode == 0, done.stderr
    *calls, end = done.stdout.partition("Copy, paste:\n")[2].strip().splitlines()
    script = "\n".join(line for line in calls if re.match(r"[A-Z_]+=|curl ", line))
    try:
        called = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script], capture_output=True, text=True, timeout=60
        )
        assert called.returncode == 0, called.stderr
        assert called.stdout.count('"success":true') == 3
        assert "}marketoGUID,leadId," in called.stdout
        assert len(serving_processes(temporary)) == 1
    finally:
        subprocess.run(["bash", "-euc", end], check=True, timeout=60)
    wait_until(lambda: not serving_processes(temporary), "the end of the kept server")
    assert is_clean(temporary)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_demo_interrupted_early__leaves_nothing(temporary: Path, number: signal.Signals) -> None:
    with held_demo(temporary) as process:
        wait_until(lambda: any(temporary.iterdir()), "the demo's directory")
        process.send_signal(number)
        assert process.wait(timeout=DEADLINE_SECONDS) == 130
    assert is_clean(temporary)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_interrupted_demo__leaves_nothing(temporary: Path, number: signal.Signals) -> None:
    with held_demo(temporary) as process:
        wait_for(lambda: serving_processes(temporary) or None, "the demo's server")
        process.send_signal(number)
        assert process.wait(timeout=DEADLINE_SECONDS) == 130
    assert is_clean(temporary)


def test_demo_whose_server_dies__fails_and_leaves_nothing(temporary: Path) -> None:
    with held_demo(temporary) as process:
        (server,) = wait_for(lambda: serving_processes(temporary) or None, "the demo's server")
        os.kill(server, signal.SIGKILL)
        assert process.wait(timeout=DEADLINE_SECONDS * 3) == 1
    assert is_clean(temporary)
