"""The command line answers at once: nothing heavy is imported before a command needs it."""

from __future__ import annotations

import subprocess
import sys
import time

from tests.support.home import TAILRACE

#: What `--help` may take; the best of some runs, since the machine may be busy.
HELP_SECONDS = 0.3
RUNS = 7

HEAVY = {
    "alembic",
    "deltalake",
    "httpx",
    "polars",
    "pydantic",
    "rich",
    "sqlalchemy",
    "starlette",
    "structlog",
    "uvicorn",
}


def test_help__comes_within_its_time() -> None:
    def seconds() -> float:
        began = time.perf_counter()
        subprocess.run([TAILRACE, "--help"], check=True, capture_output=True)
        return time.perf_counter() - began

    assert min(seconds() for _ in range(RUNS)) <= HELP_SECONDS


def test_main__imports_nothing_heavy() -> None:
    script = "import sys, tailrace.cli.main; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert set(done.stdout.split()).isdisjoint(HEAVY)
