"""A stage of an export job, measured and traced in one word."""

from __future__ import annotations

import time
from contextlib import contextmanager
from typing import TYPE_CHECKING

from tailrace.telemetry.metrics import STAGE_SECONDS
from tailrace.telemetry.tracing import span

if TYPE_CHECKING:
    from collections.abc import Callable, Generator

PLAN = "plan"
#: Reading and rendering, as far as writing had to wait for it.
RENDER = "render"
#: Writing and hashing.
WRITE = "write"
PUBLISH = "publish"


@contextmanager
def stage(name: str) -> Generator[None]:
    """One stage for the length of the block, whether it ends well or not."""
    began = time.perf_counter()
    try:
        with span(f"export.{name}"):
            yield
    finally:
        STAGE_SECONDS.labels(name).observe(time.perf_counter() - began)


@contextmanager
def rows_stages(seconds_written: Callable[[], float]) -> Generator[None]:
    """Rendering and writing, which overlap; `seconds_written` says how long writing took."""
    began = time.perf_counter()
    try:
        with span("export.rows"):
            yield
    finally:
        written = seconds_written()
        STAGE_SECONDS.labels(WRITE).observe(written)
        STAGE_SECONDS.labels(RENDER).observe(max(0.0, time.perf_counter() - began - written))
