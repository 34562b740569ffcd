"""The demo's own server: a real `tailrace serve` process on a free port and a temporary home."""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from tailrace.cli.errors import CommandError
from tailrace.cli.stop_signals import postponed_stop_signals

_START_SECONDS = 120.0
_STOP_SECONDS = 15.0
_LOOK_EVERY_SECONDS = 0.05

#: A thread that was writing when the stop signal came may put a file where one was just deleted.
_REMOVALS = 50

_BASE_URL = re.compile(r"answers on (http://\S+)")


class DemoServer:
    """A directory with the home and everything the demo writes, and the process that serves it."""

    def __init__(self) -> None:
        self.directory = Path(tempfile.mkdtemp(prefix="tailrace-demo-"))
        self.home = self.directory / "home"
        #: What the sample data holds, counted while it was made.
        self.truth = self.directory / "truth.json"
        self._log = self.directory / "server.log"
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def process_id(self) -> int:
        assert self._process is not None, "the server has not been started"
        return self._process.pid

    def start(self) -> str:
        """Start the server; its base URL, once it answers. Raises CommandError if it does not."""
        # A stop signal between the process and our knowledge of it would leave it behind.
        with postponed_stop_signals():
            self._process = self._spawn()
        deadline = time.monotonic() + _START_SECONDS
        while time.monotonic() < deadline and self._process.poll() is None:
            announced = _BASE_URL.search(self._log.read_text(errors="replace"))
            if announced is not None:
                return announced[1]
            time.sleep(_LOOK_EVERY_SECONDS)
        raise CommandError(f"The server did not start. It wrote:\n{self.last_words()}")

    def _spawn(self) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", "tailrace", "serve", "--home", str(self.home)]
        # Settings of whoever runs the demo are meant for servers of their own.
        environment = {
            name: value for name, value in os.environ.items() if not name.startswith("TAILRACE_")
        }
        with self._log.open("wb") as log:
            return subprocess.Popen(  # noqa: S603 - our own interpreter, no input in it
                [*command, "--host", "127.0.0.1", "--port", "0"],
                env=environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                # A Ctrl-C is the demo's to handle, and a server that is kept outlives it.
                start_new_session=True,
            )

    def last_words(self) -> str:
        """The end of what the server wrote."""
        return "\n".join(self._log.read_text(errors="replace").splitlines()[-20:])

    def remove(self) -> None:
        """End the process and delete the directory, whatever state either is in."""
        with postponed_stop_signals():
            self._end_process()
            for _ in range(_REMOVALS):
                shutil.rmtree(self.directory, ignore_errors=True)
                if not self.directory.exists():
                    return
                time.sleep(_LOOK_EVERY_SECONDS)

    def _end_process(self) -> None:
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_STOP_SECONDS)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
