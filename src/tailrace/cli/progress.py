"""Progress bars on standard error, where a person watches; elsewhere they show nothing."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING

from rich.console import Console
from rich.progress import BarColumn, Progress, SpinnerColumn, TextColumn, TimeElapsedColumn

if TYPE_CHECKING:
    from collections.abc import Callable, Generator


class Bars:
    def __init__(self, progress: Progress) -> None:
        self._progress = progress

    def begin(
        self, text: str, total: int | None, *, is_bytes: bool = False
    ) -> Callable[[int], None]:
        """A new bar; the function it gives hears how much of `total` is done so far."""
        task = self._progress.add_task(text, total=total, amount="")

        def advance(done: int) -> None:
            amount = _megabytes(done, total) if is_bytes else _count(done, total)
            self._progress.update(task, completed=done, amount=amount)

        return advance


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
    console = Console(stderr=True)
    is_watched = sys.stderr.isatty()
    with Progress(*columns, console=console, transient=True, disable=not is_watched) as progress:
        yield Bars(progress)


@contextmanager
def load_progress(text: str) -> Generator[Callable[[int, int, int], None]]:
    """A bar over the bytes of files; it hears rows, bytes read and bytes in all."""
    with progress_bars() as bars:
        advance: Callable[[int], None] | None = None

        def show(_rows: int, bytes_done: int, bytes_total: int) -> None:
            nonlocal advance
            advance = advance or bars.begin(text, bytes_total, is_bytes=True)
            advance(bytes_done)

        yield show


def _count(done: int, total: int | None) -> str:
    return f"{done:,}" if total is None else f"{done:,}/{total:,}"


def _megabytes(done: int, total: int | None) -> str:
    of = "" if total is None else f"/{total / 1e6:,.0f}"
    return f"{done / 1e6:,.0f}{of} MB"
