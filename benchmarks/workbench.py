"""Where the suite works: its scale, and data that is made once and kept."""

from __future__ import annotations

import shutil
from dataclasses import dataclass
from hashlib import sha256
from typing import TYPE_CHECKING

from benchmarks import activity_data, lead_data, load_data
from benchmarks.measurement import measured
from benchmarks.peers import ROOT
from benchmarks.step import step

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from benchmarks.scale import Scale

#: Where it is kept unless somebody names another place.
DIRECTORY = ROOT / "benchmarks" / "data"


@dataclass(frozen=True, slots=True)
class Workbench:
    scale: Scale
    rounds: int
    #: Everything that is made lies below it.
    directory: Path

    def lake(
        self, rows: int, *, first_day: int = 0, days: int = activity_data.DAYS, purpose: str = ""
    ) -> Path:
        """A home with these days of a month of `rows` activities.

        Homes of different purposes are different ones: one that grows is not measured.
        """
        span = "" if days == activity_data.DAYS else f"-day-{first_day}-{days}"
        path = self.directory / f"lake-{rows}{span}{purpose}"
        return self._made(path, activity_data.fill_lake, rows, first_day, days, kind=_layout())

    def leads(self) -> Path:
        """A home with leads."""
        path = self.directory / f"leads-{self.scale.leads}"
        return self._made(path, lead_data.fill_leads, self.scale.leads)

    def load_file(self, ending: str) -> Path:
        """A file of activities to load: csv or parquet."""
        write = {"csv": load_data.write_csv, "parquet": load_data.write_parquet}[ending]
        rows = self.scale.load_rows
        return self._made(self.directory / f"activities-{rows}.{ending}", write, rows)

    def scratch(self, name: str) -> Path:
        """A path below the directory for what a run writes; nothing is there yet."""
        path = self.directory / "scratch" / name
        path.parent.mkdir(parents=True, exist_ok=True)
        remove(path)
        return path

    def _made(
        self, path: Path, make: Callable[..., None], *arguments: object, kind: str = ""
    ) -> Path:
        """The path, made anew unless what is there is of that kind."""
        done = path.with_name(f"{path.name}.made")
        if not done.exists() or done.read_text(encoding="utf-8") != kind:
            remove(path)
            path.parent.mkdir(parents=True, exist_ok=True)
            print(f"making {path.name}", flush=True)
            measured(step(make, path, *arguments))
            done.write_text(kind, encoding="utf-8")
        return path


def _layout() -> str:
    """Changes with what decides how a lake is written: one of before is not to be measured."""
    lake = ROOT / "src" / "tailrace" / "lake"
    sources = (lake / name for name in ("data_file.py", "time_slices.py", "activity_rows.py"))
    return sha256(b"".join(source.read_bytes() for source in sources)).hexdigest()


def remove(path: Path) -> None:
    """The file or directory, if it is there."""
    if path.is_dir():
        shutil.rmtree(path)
    else:
        path.unlink(missing_ok=True)
