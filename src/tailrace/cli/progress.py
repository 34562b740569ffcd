"""Progress bars on standard error, where a person watches; elsewhere they show nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Generator

    from rich.progress import TaskID


@dataclass(frozen=True, slots=True)
class Bar:
    """Hears how much is done so far, and of how much where that was not known before."""

    _progress: Progress
    _task: TaskID
    _is_bytes: bool

    def __call__(self, done: int, total: int | None = None) -> None:
        amount = f"{done / 1e6:,.0f} MB" if self._is_bytes else f"{done:,}"
        self._progress.update(self._task, completed=done, total=total, amount=amount)


@dataclass(frozen=True, slots=True)
class LoadBar:
    """Hears of a load: it moves with the bytes read and counts the rows."""

    _progress: Progress
    _task: TaskID

    def __call__(self, rows: int, bytes_done: int, bytes_total: int) -> None:
        self._progress.update(
            self._task, completed=bytes_done, total=bytes_total, amount=f"{rows:,} rows"
        )


@dataclass(frozen=True, slots=True)
class StateBar:
    """Hears in what state something is that says no more of itself."""

    _progress: Progress
    _task: TaskID

    def __call__(self, state: str, *, is_last: bool) -> None:
        total = 1 if is_last else None
        self._progress.update(self._task, completed=int(is_last), total=total, amount=state)


@dataclass(frozen=True, slots=True)
class Bars:
    _progress: Progress

    def begin(self, text: str, total: int | None = None, *, is_bytes: bool = False) -> Bar:
        """A new bar of `total` things, or bytes."""
        return Bar(self._progress, self._progress.add_task(text, total=total, amount=""), is_bytes)

    def begin_load(self, text: str) -> LoadBar:
        """A new bar for files being loaded."""
        return LoadBar(self._progress, self._progress.add_task(text, total=None, amount=""))

    def begin_wait(self, text: str) -> StateBar:
        """A new bar that pulses until the last state."""
        return StateBar(self._progress, self._progress.add_task(text, total=None, amount=""))


@contextmanager
def progress_bars() -> Generator[Bars]:
    """Bars that vanish when the block ends."""
    columns = (
        SpinnerColumn(),
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeElapsedColumn(),
    )
    with Progress(
        *columns,
        console=Console(stderr=True),
        transient=True,
        disable=not sys.stderr.isatty(),
        # Lines on the same terminal go above the bars; those on a pipe are no business of theirs.
        redirect_stdout=sys.stdout.isatty(),
    ) as progress:
        yield Bars(progress)
