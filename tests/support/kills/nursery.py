"""Servers that begin at once: forked from a process that has loaded all there is to load.

Importing is most of what a start costs, and a run of hundreds of kills has hundreds of starts. The
threads that Polars starts when it is imported are not there after a fork: one frees memory, the
other cleans up after queries that spill to disk; no test here depends on either. What is read
when a module is imported, the crash point, is read again.
"""

from __future__ import annotations

import gc
import importlib
import json
import os
import queue
import select
import signal
import subprocess
import sys
import threading
import traceback
import warnings
from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

_LOADED = (
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
    "tailrace.cli.serve",
    "tailrace.cli.tls",
    "tailrace.cli.watching",
    "tailrace.settings",
    "uvicorn.lifespan.on",
    "uvicorn.loops.uvloop",
    "uvicorn.protocols.http.httptools_impl",
    "uvicorn.loops.auto",
    "uvicorn.protocols.http.auto",
)

_LINE_BYTES = 65_536


class Nursery:
    """Starts servers, one at a time; they end with it, and it with this process."""

    def __init__(self) -> None:
        self._process = subprocess.Popen(
            [sys.executable, "-m", "tests.support.kills.nursery"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
        )
        self._exits: queue.Queue[int] = queue.Queue()
        self._is_running = False
        self._reader = threading.Thread(target=self._read)
        self._reader.start()

    def start(self, home: Path, port: int, environment: Mapping[str, str], log: Path) -> None:
        """Start `tailrace serve` on a home; what it prints is added to the log."""
        assert not self._is_running
        self._is_running = True
        place = {"home": str(home), "port": port}
        self._tell({**place, "environment": {**environment}, "log": str(log)})

    def send(self, number: signal.Signals) -> None:
        """Send the process a signal; nothing if it has ended."""
        if self._is_running:
            self._tell({"signal": int(number)})

    def wait(self, seconds: float) -> int | None:
        """Exit code of the process, the negative signal if one ended it; None if it still runs."""
        try:
            code = self._exits.get(timeout=seconds)
        except queue.Empty:
            return None
        self._is_running = False
        return code

    def close(self) -> None:
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def _tell(self, wish: Mapping[str, object]) -> None:
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps(wish) + "\n")
        self._process.stdin.flush()

    def _read(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._exits.put(int(line))


def main() -> None:
    """Do what standard input says, a line each; print the exit code of each child that ends."""
    for name in _LOADED:
        importlib.import_module(name)
    # Pages that the collector does not touch stay shared with the children.
    gc.collect()
    gc.freeze()
    # Python warns of a fork beside threads: of the two that there are, see above.
    warnings.simplefilter("ignore", DeprecationWarning)
    child: _Child | None = None
    while True:
        watched = [sys.stdin.fileno()] if child is None else [sys.stdin.fileno(), child.descriptor]
        ready, _, _ = select.select(watched, [], [])
        if child is not None and child.descriptor in ready:
            print(child.exit_code(), flush=True)
            child = None
        if sys.stdin.fileno() in ready:
            wishes = os.read(sys.stdin.fileno(), _LINE_BYTES)
            if not wishes:
                break
            for line in wishes.splitlines():
                child = _carry_out(json.loads(line), child)
    if child is not None:
        child.send(signal.SIGKILL)


class _Child:
    def __init__(self, process_id: int) -> None:
        self._process_id = process_id
        self.descriptor = os.pidfd_open(process_id)

    def send(self, number: int) -> None:
        # It is not waited for yet, so nobody else has its number.
        os.kill(self._process_id, number)

    def exit_code(self) -> int:
        os.close(self.descriptor)
        _, status = os.waitpid(self._process_id, 0)
        return os.waitstatus_to_exitcode(status)


def _carry_out(wish: dict[str, Any], child: _Child | None) -> _Child | None:
    if "signal" in wish:
        if child is not None:
            child.send(wish["signal"])
        return child
    process_id = os.fork()
    if process_id:
        return _Child(process_id)
    _serve(wish)
    return None


def _serve(wish: dict[str, Any]) -> None:
    """What a child does: the same as the console script, but for reading the command line."""
    os.environ.clear()
    os.environ.update(wish["environment"])
    _redirect(0, os.devnull, os.O_RDONLY)
    for number in (1, 2):
        _redirect(number, wish["log"], os.O_WRONLY | os.O_CREAT | os.O_APPEND)
    warnings.resetwarnings()
    importlib.reload(importlib.import_module("tailrace.crash_points"))
    from tailrace.cli.serve import serve

    try:
        serve(home=Path(wish["home"]), port=wish["port"])
    finally:
        # Whatever it was, not back into the loop of the process that it was forked from.
        error = sys.exception()
        if error is not None:
            traceback.print_exception(error)
        os._exit(0 if error is None else 1)


def _redirect(number: int, path: str, flags: int) -> None:
    descriptor = os.open(path, flags, 0o644)
    os.dup2(descriptor, number)
    os.close(descriptor)


if __name__ == "__main__":
    main()
