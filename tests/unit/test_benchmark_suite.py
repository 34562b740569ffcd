"""The suite of benchmarks runs from end to end, as `make bench SCALE=small` runs it."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.soak
@pytest.mark.timeout(1800)
def test_smallest_form__runs_every_case_beside_its_peers(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "benchmarks.suite", "--scale", "small", "--rounds", "1"]
    done = subprocess.run(
        [*command, "--data", str(tmp_path)], capture_output=True, text=True, timeout=1700
    )
    assert done.returncode == 0, done.stderr
    results = json.loads((tmp_path / "results-small.json").read_text(encoding="utf-8"))
    notes = [note for outcome in results["outcomes"] for note in outcome["notes"]]
    assert [note for note in notes if note.startswith("failed")] == [], done.stderr
    assert {"goal", "value", "limit", "is_met"} <= results["outcomes"][0]["reached"][0].keys()
