"""The command line answers at once: nothing heavy is imported before a command needs it."""

from __future__ import annotations

import resource
import subprocess
import sys

from tests.support.home import TAILRACE

#: What `--help` may take: CPU time, the best of some runs, since the machine may be busy.
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
        before = resource.getrusage(resource.RUSAGE_CHILDREN)
        subprocess.run([TAILRACE, "--help"], check=True, capture_output=True)
        after = resource.getrusage(resource.RUSAGE_CHILDREN)
        return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime

    assert min(seconds() for _ in range(RUNS)) <= HELP_SECONDS


def test_main__imports_nothing_heavy() -> None:
    script = "import sys, tailrace.cli.main; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert set(done.stdout.split()).isdisjoint(HEAVY)
