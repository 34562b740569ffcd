"""Crash points: nothing without the variable, SIGKILL with it."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from tailrace.crash_points import POINTS, raised_at, reach

SCRIPT = """
from tailrace.crash_points import reach
for number in range(3):
    reach("append.committed")
    print(number, flush=True)
"""


HELD = """
import sys
from pathlib import Path
from pathlib import Path
from tailrace.crash_points import reach

def seen() -> None:
    print("held", flush=True)
    Path(sys.argv[1]).touch()

reach("append.committed", meanwhile=seen)
print("over", flush=True)
"""


def run(**environment: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-c", SCRIPT],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )


def test_points__are_named_once() -> None:
    assert len(set(POINTS)) == len(POINTS)


def test_unlisted_point__is_an_error() -> None:
    with pytest.raises(ValueError, match="unlisted"):
        reach("append.nowhere")


@pytest.mark.parametrize("environment", [{}, {"TAILRACE_CRASH_POINT": "publish.renamed"}])
def test_other_points__are_passed(environment: dict[str, str]) -> None:
    assert run(**environment).stdout.split() == ["0", "1", "2"]


@pytest.mark.parametrize(("after", "passed"), [({}, 0), ({"TAILRACE_CRASH_AFTER": "3"}, 2)])
def test_named_point__kills_the_process(after: dict[str, str], passed: int) -> None:
    killed = run(TAILRACE_CRASH_POINT="append.committed", **after)
    assert killed.returncode == -signal.SIGKILL
    assert len(killed.stdout.split()) == passed


def test_point_to_hold_at__is_passed_once_the_file_is_there(tmp_path: Path) -> None:
    until = tmp_path / "go on"
    environment = {"TAILRACE_HOLD_POINT": "append.committed", "TAILRACE_HOLD_UNTIL": str(until)}
    held = subprocess.run(
        [sys.executable, "-c", HELD, str(until)],
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
    )
    assert (held.returncode, held.stdout.split()) == (0, ["held", "over"])


def test_point__raises_once_where_a_test_wants_it() -> None:
    with raised_at("append.committed", KeyError("once")) as was_raised:
        reach("append.acknowledged")
        assert not was_raised()
        with pytest.raises(KeyError, match="once"):
            reach("append.committed")
        assert was_raised()
        reach("append.committed")
    reach("append.committed")


def test_every_point__is_one_that_a_test_kills_at() -> None:
    """By its name, or by the beginning of its name, which picks it from the list."""
    sources = [
        path.read_text(encoding="utf-8")
        for path in (Path(__file__).parents[1] / "fault").glob("test_*.py")
        if path.stem != "test_raised_points"
    ]
    named = {word for text in sources for word in re.findall(r'"([a-z_.]+)"', text)}
    picked = {
        word
        for text in sources
        for words in re.findall(r"point\.startswith\(([^)]*)\)", text)
        for word in re.findall(r'"([a-z_.]+)"', words)
    }
    assert picked
    assert [
        point for point in POINTS if point not in named and not point.startswith((*picked,))
    ] == []
