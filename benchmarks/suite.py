"""All benchmarks, one after the other: what each must reach and what it did.

    .venv/bin/python -m benchmarks.suite --scale small
    .venv/bin/python -m benchmarks.suite --only downloads status_polls

Data and results are kept in `benchmarks/data`. A run of the full scale with every case puts its
tables and its plot into `docs/performance.md`; other runs print them, unless `--page` asks for it.
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
    is_for_page = arguments.page or (scale.name is ScaleName.FULL and names == list(CASES))
    for done, name in enumerate(names, 1):
        for outcome in _run(name, bench):
            outcomes.append(outcome)
            print("\n".join(report.lines(outcome)), flush=True)
        # A run of an hour that is cut short has been worth something.
        _keep(bench, outcomes)
        if is_for_page:
            _put_on_page(bench, outcomes, [one for one in CASES if one not in names[:done]])
    remove(bench.directory / "scratch")
    print(f"\n{time.monotonic() - began:.0f} s")


def _stop(number: int, _frame: object) -> None:
    sys.exit(128 + number)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--scale", choices=[*ScaleName], default=ScaleName.FULL)
    parser.add_argument("--rounds", type=int, default=5, help="counted runs of each side")
    parser.add_argument("--only", nargs="+", choices=[*CASES], metavar="CASE")
    parser.add_argument("--page", action="store_true", help="put what is run on the page")
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


def _keep(bench: Workbench, outcomes: Sequence[Outcome]) -> None:
    _results(bench).write_text(
        json.dumps(report.document(outcomes, _about(bench)), indent=1), encoding="utf-8"
    )


def _put_on_page(bench: Workbench, outcomes: Sequence[Outcome], missing: Sequence[str]) -> None:
    about = _about(bench)
    said = f"{about['when']}, {about['machine']}, {bench.rounds} rounds."
    if missing:
        said += f" Not run this time: {', '.join(missing)}."
    try:
        subprocess.run(program_of("plot", "plot.py", _results(bench), _PLOT), check=True)
        said += f"\n\n![What was reached of each goal]({_PLOT.name})"
    except PeerMissingError as reason:
        print(f"no plot: {reason}")
    report.replace_in_page("results", f"{said}\n\n{report.markdown(outcomes)}")


def _results(bench: Workbench) -> Path:
    return bench.directory / f"results-{bench.scale.name}.json"


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
