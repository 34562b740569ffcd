"""Running what the documentation says to type, in a directory of its own."""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from tests.support.deadlines import DEADLINE_SECONDS, wait_for

if TYPE_CHECKING:
    from collections.abc import Generator

_BASE_URL = re.compile(r"answers on (https?://\S+)")


@dataclass(frozen=True, slots=True)
class Announced:
    """What a server says on standard output."""

    text: str
    base_url: str

    def credential(self, name: str) -> str:
        match = re.search(rf"^  {name}\s+(\S+)$", self.text, re.MULTILINE)
        assert match is not None, self.text
        return match[1]


@dataclass(frozen=True, slots=True)
class Shell:
    """A shell in `directory` that finds `tailrace`, also as `.venv/bin/tailrace`.

    What runs to its end is looked for in `commands` before.
    """

    directory: Path
    commands: Path | None = None

    @classmethod
    def at(cls, directory: Path, *, commands: Path | None = None) -> Shell:
        (directory / ".venv").symlink_to(sys.prefix)
        return cls(directory, commands)

    @property
    def environment(self) -> dict[str, str]:
        scripts = str(Path(sys.executable).parent)
        return {**os.environ, "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}"}

    def run(self, script: str) -> str:
        """Run a script that must succeed; what it printed."""
        environment = self.environment
        if self.commands is not None:
            environment["PATH"] = f"{self.commands}{os.pathsep}{environment['PATH']}"
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", script],
            cwd=self.directory,
            env=environment,
            capture_output=True,
            text=True,
            timeout=DEADLINE_SECONDS * 3,
        )
        assert done.returncode == 0, f"{script}\n{done.stdout}\n{done.stderr}"
        return done.stdout

    @contextmanager
    def serving(self, command: str) -> Generator[Announced]:
        """Run a `serve` command line on a free port until the block ends, then by SIGTERM."""
        line = re.sub(r"--port \d+", "--port 0", command)
        output = self.directory / "serve.out"
        with output.open("w") as file:
            process = subprocess.Popen(
                ["bash", "-c", f"exec env {line}"],
                cwd=self.directory,
                env=self.environment,
                stdout=file,
                stderr=subprocess.DEVNULL,
            )
        try:
            yield wait_for(lambda: _announced(output, process), f"the server of {line}")
        finally:
            process.send_signal(signal.SIGTERM)
            exit_code = process.wait(timeout=DEADLINE_SECONDS)
        assert exit_code == 0


def _announced(output: Path, process: subprocess.Popen[bytes]) -> Announced | None:
    text = output.read_text(encoding="utf-8")
    assert process.poll() is None, text
    match = _BASE_URL.search(text)
    return None if match is None else Announced(text, match[1])
