"""`tailrace load activities` from Parquet and from CSV, each into a fresh home."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

from benchmarks import figures
from benchmarks.activity_exports import TAILRACE
from benchmarks.measurement import measured
from benchmarks.outcome import Outcome, Side, alternate, at_least
from benchmarks.serving import TAILRACE as COMMAND

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from benchmarks.workbench import Workbench

_GOALS = {"parquet": 1_000_000, "csv": 500_000}


def loads(bench: Workbench) -> Generator[Outcome]:
    """Rows a second of the whole process, its start included."""
    for ending, goal in _GOALS.items():
        file = bench.load_file(ending)
        side = _side(file, bench.scratch(f"load-{ending}"))
        outcome = Outcome(f"load activities from {ending}", alternate([side], bench.rounds))
        rate = bench.scale.load_rows / figures.median(outcome.walls(TAILRACE))
        outcome.reached.append(at_least("rows a second", rate, goal))
        size = file.stat().st_size
        outcome.notes.append(f"{bench.scale.load_rows:,} rows, {size / 1e6:,.0f} MB")
        yield outcome


def _side(file: Path, home: Path) -> Side:
    # The sample's own activity types are not in a fresh home.
    options = ["--home", str(home), "--register-types", "--json"]
    command = [COMMAND, "load", "activities", str(file), *options]
    return Side(TAILRACE, lambda: measured(command), lambda: shutil.rmtree(home))
