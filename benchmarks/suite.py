"""All benchmarks, one after the other: what each must reach and what it did.

    .venv/bin/python -m benchmarks.suite --scale small
    .venv/bin/python -m benchmarks.suite --only downloads status_polls

Data and results are kept in `benchmarks/data`. A run of the full scale with every case puts its
tables and its plot into `docs/performance.md`; other runs print them.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import signal
import subprocess
import sys
import time
import traceback
from collections.abc import Callable, Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import report
from benchmarks.activity_exports import selective_exports, whole_exports
from benchmarks.activity_pages import activity_pages
from benchmarks.bulk_import import bulk_imports
from benchmarks.downloads import downloads
from benchmarks.export_growth import (
    memory_growth,
    one_day_in_large_lake,
    repeated_export,
    two_at_once,
)
from benchmarks.ingest import ingest
from benchmarks.lead_exports import lead_exports
from benchmarks.loads import loads
from benchmarks.measurement import CommandFailedError
from benchmarks.outcome import Outcome
from benchmarks.peer_exports import peer_exports
from benchmarks.peers import ROOT, PeerMissingError, program_of
from benchmarks.scale import SCALES, ScaleName
from benchmarks.small_requests import empty_exports, starts, status_polls
from benchmarks.sync_leads import sync_leads
from benchmarks.workbench import DIRECTORY, Workbench, remove

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

Case = Callable[[Workbench], Iterable[Outcome]]

#: Exporting and loading, at every scale.
EXPORTING: tuple[Case, ...] = (
    whole_exports,
    selective_exports,
    one_day_in_large_lake,
    memory_growth,
    two_at_once,
    repeated_export,
    lead_exports,
    peer_exports,
    downloads,
    status_polls,
    empty_exports,
    starts,
    loads,
)
#: What else has a goal, at full scale.
FURTHER: tuple[Case, ...] = (activity_pages, sync_leads, bulk_imports, ingest)
CASES = {case.__name__: case for case in (*EXPORTING, *FURTHER)}
_PLOT = ROOT / "docs" / "performance.png"


def main() -> None:
    arguments = _arguments()
    # Servers that were started end with the suite.
    signal.signal(signal.SIGTERM, _stop)
    scale = SCALES[ScaleName(arguments.scale)]
    bench = Workbench(scale, arguments.rounds, arguments.data.absolute())
    began = time.monotonic()
    outcomes: list[Outcome] = []
    names = arguments.only or [case.__name__ for case in _usual(scale.name)]
    for name in names:
        for outcome in _run(name, bench):
            outcomes.append(outcome)
            print("\n".join(report.lines(outcome)), flush=True)
    remove(bench.directory / "scratch")
    print(f"\n{time.monotonic() - began:.0f} s")
    is_whole = scale.name is ScaleName.FULL and names == list(CASES)
    _keep(bench, outcomes, is_whole=is_whole)


def _stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", choices=[*ScaleName], default=ScaleName.FULL)
    parser.add_argument("--rounds", type=int, default=5, help="counted runs of each side")
    parser.add_argument("--only", nargs="+", choices=[*CASES], metavar="CASE")
    parser.add_argument("--data", type=Path, default=DIRECTORY, help="kept, and used again")
    return parser.parse_args()


def _usual(scale: ScaleName) -> tuple[Case, ...]:
    return EXPORTING if scale is ScaleName.SMALL else (*EXPORTING, *FURTHER)


def _run(name: str, bench: Workbench) -> Iterator[Outcome]:
    """One case breaks down alone, and says so."""
    try:
        yield from CASES[name](bench)
    except PeerMissingError as reason:
        yield Outcome(name, notes=[f"skipped: {reason}"])
    except CommandFailedError as error:
        yield Outcome(name, notes=[f"failed: {error}"])
    except Exception:  # noqa: BLE001 - whatever broke one case, the others are still to be run
        traceback.print_exc()
        yield Outcome(name, notes=["failed: see above"])


def _keep(bench: Workbench, outcomes: Sequence[Outcome], *, is_whole: bool) -> None:
    results = bench.directory / f"results-{bench.scale.name}.json"
    about = _about(bench)
    results.write_text(json.dumps(report.document(outcomes, about), indent=1), encoding="utf-8")
    plot = _PLOT if is_whole else results.with_suffix(".png")
    try:
        subprocess.run(program_of("plot", "plot.py", results, plot), check=True)
        print(f"{results}\n{plot}")
    except PeerMissingError as reason:
        print(f"{results}\nno plot: {reason}")
    if is_whole:
        said = f"{about['when']}, {about['machine']}, {bench.rounds} rounds.\n\n"
        said += f"![What was reached of each goal]({_PLOT.name})\n\n"
        report.replace_in_page("results", said + report.markdown(outcomes))


def _about(bench: Workbench) -> dict[str, Any]:
    return {
        "when": f"{datetime.now(UTC):%Y-%m-%d}",
        "machine": f"{os.cpu_count()} cores ({_processor()}), Python {platform.python_version()}",
        "scale": str(bench.scale.name),
        "rounds": bench.rounds,
    }


def _processor() -> str:
    lines = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    names = (line.partition(":")[2].strip() for line in lines if line.startswith("model name"))
    return next(names, platform.machine())


if __name__ == "__main__":
    main()
