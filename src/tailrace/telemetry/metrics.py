"""Numbers that this process counts as things happen, in the form that Prometheus reads.

Labels take few values, all of them known beforehand: routes as the table of routes writes them,
never paths, names, addresses or anything out of a cell. What the store knows, and every server on
it knows alike, is `operation.home_metrics`.
"""

from __future__ import annotations

from prometheus_client import (
    CollectorRegistry,
    Counter,
    GCCollector,
    Histogram,
    PlatformCollector,
    ProcessCollector,
)

#: Everything that this process counts.
PROCESS_METRICS = CollectorRegistry()

ProcessCollector(registry=PROCESS_METRICS)
PlatformCollector(registry=PROCESS_METRICS)
GCCollector(registry=PROCESS_METRICS)

_REQUEST_BUCKETS = (0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 60)
_STAGE_BUCKETS = (0.01, 0.05, 0.1, 0.5, 1, 5, 10, 30, 60, 300, 900, 3600)

#: What is told of a request whose path no route has.
NO_ROUTE = "none"

REQUEST_SECONDS = Histogram(
    "tailrace_http_request_seconds",
    "Seconds from a request's arrival to the last byte of its answer.",
    ("method", "route", "status"),
    buckets=_REQUEST_BUCKETS,
    registry=PROCESS_METRICS,
)
RESPONSE_BYTES = Counter(
    "tailrace_http_response_bytes",
    "Bytes of answers' bodies that were sent.",
    ("route",),
    registry=PROCESS_METRICS,
)
STAGE_SECONDS = Histogram(
    "tailrace_export_stage_seconds",
    "Seconds that an export job spent in a stage; the stages add up to its run.",
    ("stage",),
    buckets=_STAGE_BUCKETS,
    registry=PROCESS_METRICS,
)
EXPORT_RUNS = Counter(
    "tailrace_export_runs",
    "Runs of export jobs in this process, by how they ended.",
    ("family", "outcome"),
    registry=PROCESS_METRICS,
)
EXPORTED_ROWS = Counter(
    "tailrace_exported_rows",
    "Data rows of the result files that this process published.",
    ("family",),
    registry=PROCESS_METRICS,
)
EXPORTED_BYTES = Counter(
    "tailrace_exported_bytes",
    "Bytes of the result files that this process published.",
    ("family",),
    registry=PROCESS_METRICS,
)

#: Methods that routes have; any other is one label.
_METHODS = frozenset({"GET", "HEAD", "POST", "DELETE"})


def count_request(
    *, method: str, route: str | None, status: int | None, seconds: float, body_bytes: int
) -> None:
    """Count one answered request; `route` is the route's path with its placeholders."""
    path = route or NO_ROUTE
    REQUEST_SECONDS.labels(
        method if method in _METHODS else "other",
        path,
        "none" if status is None else f"{status // 100}xx",
    ).observe(seconds)
    RESPONSE_BYTES.labels(path).inc(body_bytes)
