"""Virtual environments of real clients, made from the package index at test time and kept.

A client is unmodified: what its requirements file pins by hash is what runs. Where the index cannot
be reached the tests are skipped and say so; in continuous integration (CI is set) they fail.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import subprocess
import sys
from pathlib import Path

import pytest

_HERE = Path(__file__).parent
_CACHE = _HERE.parents[1] / ".venv-clients"

#: The first time packages are fetched, and some of them built.
_INSTALL_SECONDS = 480


def client_environment(name: str) -> Path:
    """The directory with the programs of the client that `requirements/<name>.txt` pins."""
    requirements = _HERE / "requirements" / f"{name}.txt"
    digest = hashlib.sha256(requirements.read_bytes()).hexdigest()[:12]
    environment = _CACHE / f"{name}-{sys.version_info.major}.{sys.version_info.minor}-{digest}"
    _CACHE.mkdir(exist_ok=True)
    # Several test processes may want it at once.
    with (_CACHE / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        complete = environment / "complete"
        if not complete.exists():
            _install(requirements, environment)
            complete.touch()
    return environment / "bin"


def _install(requirements: Path, environment: Path) -> None:
    subprocess.run([sys.executable, "-m", "venv", "--clear", str(environment)], check=True)
    options = ["--quiet", "--disable-pip-version-check", "--require-hashes", "--retries", "1"]
    done = subprocess.run(
        [environment / "bin" / "python", "-m", "pip", "install", *options, "-r", requirements],
        capture_output=True,
        text=True,
        timeout=_INSTALL_SECONDS,
    )
    if done.returncode != 0:
        _give_up(f"{requirements.stem} could not be installed: {done.stderr.strip()[-500:]}")


def _give_up(reason: str) -> None:
    if os.environ.get("CI"):
        pytest.fail(reason)
    pytest.skip(reason)
