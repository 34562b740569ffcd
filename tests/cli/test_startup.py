"""The command line answers at once: nothing heavy is imported before a command needs it."""

from __future__ import annotations

import resource
import subprocess
import sys

from tests.support.home import TAILRACE

#: What `--help` may take, in CPU time of an interpreter that imports what every command wants.
HELP_RATIO = 4
#: The best of so many counts, since the machine may be busy.
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
    # One after the other, so that both meet the same machine.
    helps, imports = zip(
        *(
            (cpu_seconds(TAILRACE, "--help"), cpu_seconds(sys.executable, "-c", "import typer"))
            for _ in range(RUNS)
        ),
        strict=True,
    )
    assert min(helps) <= HELP_RATIO * min(imports)


def cpu_seconds(*command: str) -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run(command, check=True, capture_output=True)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


def test_main__imports_nothing_heavy() -> None:
    script = "import sys, tailrace.cli.main; print(*{name.split('.')[0] for name in sys.modules})"
    done = subprocess.run(
        [sys.executable, "-c", script], check=True, capture_output=True, text=True
    )
    assert set(done.stdout.split()).isdisjoint(HEAVY)
