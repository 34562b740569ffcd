"""Those we are compared with: Python packages in environments of their own, and Debian's programs.

Each package has its lock file in `benchmarks/requirements` and its environment below `.venv-bench`,
made when it is first asked for. What cannot be had here is told, not hidden: PeerMissingError.
"""

from __future__ import annotations

import shutil
import subprocess
import sys
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[1]
_LOCKS = ROOT / "benchmarks" / "requirements"
_PROGRAMS = ROOT / "benchmarks" / "peer_programs"
_ENVIRONMENTS = ROOT / ".venv-bench"
#: Where Debian keeps programs that are no user's commands.
_DIRECTORIES = ("/usr/sbin", "/usr/lib/postgresql/*/bin")


class PeerMissingError(Exception):
    """It cannot be run on this machine; the message says why."""


@cache
def environment_of(name: str) -> Path:
    """The directory of commands of the peer's environment, installed if need be.

    Raises PeerMissingError if its packages cannot be installed here.
    """
    lock = _LOCKS / f"{name}.lock"
    directory = _ENVIRONMENTS / name
    stamp = directory / "complete"
    if not stamp.exists() or stamp.stat().st_mtime < lock.stat().st_mtime:
        print(f"installing {name}", flush=True)
        _run([sys.executable, "-m", "venv", "--clear", str(directory)], name)
        install = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check"]
        options = ["--require-hashes", "--only-binary", ":all:", "-r", str(lock)]
        _run([str(directory / "bin" / "python"), *install, *options], name)
        stamp.touch()
    return directory / "bin"


def program_of(name: str, script: str, *arguments: object) -> list[str]:
    """The command that runs a script of `benchmarks/peer_programs` in the peer's environment."""
    python = str(environment_of(name) / "python")
    return [python, str(_PROGRAMS / script), *map(str, arguments)]


def own_program(script: str, *arguments: object) -> list[str]:
    """The command that runs such a script in our environment: it needs nothing of its own."""
    return [sys.executable, str(_PROGRAMS / script), *map(str, arguments)]


def script_file(name: str) -> str:
    """The path of a file of `benchmarks/peer_programs`."""
    return str(_PROGRAMS / name)


@cache
def executable(name: str, package: str) -> str:
    """A program of the system, which Debian has in `package`. Raises PeerMissingError."""
    found = shutil.which(name)
    if found is not None:
        return found
    for pattern in _DIRECTORIES:
        for directory in sorted(Path("/").glob(pattern.removeprefix("/")), reverse=True):
            if (directory / name).exists():
                return str(directory / name)
    raise PeerMissingError(f"{name} is not installed (Debian: apt-get install {package})")


def _run(command: list[str], name: str) -> None:
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode != 0:
        reason = (done.stderr.strip().splitlines() or ["no reason given"])[-1]
        raise PeerMissingError(f"{name} cannot be installed: {reason}")
