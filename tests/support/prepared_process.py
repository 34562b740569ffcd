"""Processes of `tailrace` that begin at once: importing is most of what a start costs.

They are forked from a process that has loaded all there is to load and done nothing, so that each
has its environment and its signals to itself, as one that a shell starts. The threads that Polars
starts when it is imported are not there after a fork: one frees memory, the other cleans up after
queries that spill to disk; no test here depends on either. What is read when a module is imported,
the crash point, is read again. That the installed command is the same is for the tests that run it.
"""

from __future__ import annotations

import importlib
import multiprocessing
import os
import sys
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_LOADED = (
    "adbc_driver_manager",
    "alembic.command",
    "deltalake",
    "obstore",
    "polars",
    "psycopg",
    "rich.console",
    "sqlalchemy.dialects.postgresql.psycopg",
    "sqlalchemy.dialects.sqlite",
    "tailrace.api.app",
    "tailrace.app",
    "tailrace.cli.home",
    "tailrace.cli.http_server",
    "tailrace.cli.log_output",
    "tailrace.cli.main",
    "tailrace.cli.serve",
    "tailrace.cli.tls",
    "tailrace.cli.watching",
    "uvicorn.lifespan.on",
    "uvicorn.loops.auto",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.auto",
    "uvicorn.protocols.http.httptools_impl",
)

_forking = multiprocessing.get_context("forkserver")
_forking.set_forkserver_preload([*_LOADED])


class PreparedProcess:
    """`tailrace ARGUMENTS` in a process of its own; what it prints is added to the two files."""

    def __init__(
        self,
        arguments: Sequence[str],
        *,
        output: Path,
        errors: Path,
        environment: Mapping[str, str] | None = None,
        directory: Path | None = None,
    ) -> None:
        """It runs in `directory`, or where this process does."""
        self._process = _forking.Process(
            target=_run,
            args=(
                [*arguments],
                str(directory or Path.cwd()),
                {**os.environ, **(environment or {})},
                (str(output), str(errors)),
            ),
        )
        self._process.start()

    @property
    def process_id(self) -> int:
        assert self._process.pid is not None
        return self._process.pid

    def exit_code(self) -> int | None:
        """As `subprocess` has it: the negative signal if one killed it, None while it runs."""
        return self._process.exitcode

    def wait(self, seconds: float) -> int:
        """Its exit code. Fails, and kills it, if it does not end in time."""
        self._process.join(seconds)
        code = self.exit_code()
        if code is None:
            self._process.kill()
            self._process.join()
            raise AssertionError(f"the process did not end within {seconds} s")
        return code

    def send(self, number: int) -> None:
        """Send it a signal; nothing if it has ended."""
        if self.exit_code() is None:
            # It may end just now.
            with suppress(ProcessLookupError):
                os.kill(self.process_id, number)


def _run(
    arguments: list[str], directory: str, environment: dict[str, str], streams: tuple[str, str]
) -> None:
    """What the process does: the same as the console script."""
    os.chdir(directory)
    os.environ.clear()
    os.environ.update(environment)
    for number, path in zip((1, 2), streams, strict=True):
        descriptor = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
        os.dup2(descriptor, number)
        os.close(descriptor)
    if "LD_PRELOAD" in environment:
        # What is to be loaded before all else wants a program that begins anew.
        os.execv(sys.executable, [sys.executable, "-m", "tailrace", *arguments])
    importlib.reload(importlib.import_module("tailrace.crash_points"))
    sys.argv = ["tailrace", *arguments]
    from tailrace.cli.main import run

    run()
