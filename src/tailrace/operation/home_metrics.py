"""Figures of a home as Prometheus reads them: looked up when they are asked for.

Every server on the same store tells the same; what one process alone has done is
`telemetry.metrics`. Nothing is told by subscription, user or name: there may be any number of them.
"""

from __future__ import annotations

import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import GaugeMetricFamily
from prometheus_client.registry import Collector

from tailrace.domain.errors import LakeUnavailableError
from tailrace.domain.export_job import ObjectFamily
from tailrace.domain.job_state import JobState
from tailrace.domain.quota import BYTES_PER_MEGABYTE, quota_day_start
from tailrace.store.figures import queue_figures
from tailrace.store.hot_activities import hot_range
from tailrace.store.jobs import exported_bytes
from tailrace.telemetry.metrics import PROCESS_METRICS

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from datetime import datetime
    from pathlib import Path

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.activity_log import ActivityLog
    from tailrace.lake.home_lake import Lake
    from tailrace.operation.cluster_watch import ClusterWatch
    from tailrace.store.database import Database
    from tailrace.store.subscriptions import Subscriptions

_IMPORT_STATES = ("Queued", "Importing", "Complete", "Failed")


@dataclass(frozen=True, slots=True)
class _LakeFigures:
    version: int
    file_count: int
    size_bytes: int


@dataclass(frozen=True, slots=True)
class _OldestHot:
    #: GUID of the oldest hot activity.
    guid: int
    #: When it was first seen to be that, by the monotonic clock.
    seen_at: float


class HomeMetrics(Collector):
    """The figures of one home."""

    def __init__(
        self,
        database: Database,
        subscriptions: Subscriptions,
        *,
        activity_log: Callable[[SubscriptionId], ActivityLog],
        lake: Lake,
        home: Path,
        clock: Callable[[], datetime],
        cluster: ClusterWatch | None = None,
    ) -> None:
        self._database = database
        self._subscriptions = subscriptions
        self._activity_log = activity_log
        self._lake_place = lake
        self._home = home
        self._clock = clock
        self._cluster = cluster
        self._lakes: dict[SubscriptionId, _LakeFigures] = {}
        self._oldest_hot: dict[SubscriptionId, _OldestHot] = {}
        #: These figures, and those of the process.
        self.registry = CollectorRegistry()
        self.registry.register(self)
        self.registry.register(PROCESS_METRICS)

    def document(self) -> bytes:
        """All of it in Prometheus's text format. Raises StoreUnavailableError or HomeError."""
        return generate_latest(self.registry)

    def collect(self) -> Iterator[GaugeMetricFamily]:
        """What Prometheus's library calls."""
        ids = self._subscriptions.ids()
        yield from self._queue_families()
        yield from self._quota_families(ids)
        yield from self._hot_families(ids)
        yield from self._lake_families(ids)
        if self._cluster is not None:
            yield from _cluster_families(self._cluster)
        free = shutil.disk_usage(self._home).free
        yield _gauge("tailrace_disk_free_bytes", "Bytes free on the disk of the home.", free)

    def _queue_families(self) -> Iterator[GaugeMetricFamily]:
        with self._database.read() as connection:
            figures = queue_figures(connection)
        jobs = GaugeMetricFamily(
            "tailrace_jobs", "Export jobs that are kept, by state.", labels=("family", "state")
        )
        for family in ObjectFamily:
            for state in JobState:
                count = figures.jobs.get((family.value, state.value), 0)
                jobs.add_metric((family.value, state.value), count)
        yield jobs
        imports = GaugeMetricFamily(
            "tailrace_imports", "Bulk imports that are kept, by state.", labels=("state",)
        )
        for state in _IMPORT_STATES:
            imports.add_metric((state,), figures.imports.get(state, 0))
        yield imports
        since = figures.oldest_queued_at
        waiting = 0.0 if since is None else (self._clock() - since).total_seconds()
        yield _gauge(
            "tailrace_queue_age_seconds",
            "Seconds that the job which waits longest has been queued.",
            max(0.0, waiting),
        )

    def _quota_families(self, ids: list[SubscriptionId]) -> Iterator[GaugeMetricFamily]:
        since = quota_day_start(self._clock())
        used_bytes, largest_share = 0, 0.0
        with self._database.read() as connection:
            for subscription_id in ids:
                used = exported_bytes(connection, subscription_id, since)
                quota = self._subscriptions.settings(subscription_id).quota_megabytes
                used_bytes += used
                if quota:
                    largest_share = max(largest_share, used / (quota * BYTES_PER_MEGABYTE))
        yield _gauge(
            "tailrace_quota_used_bytes",
            "Bytes of files that count against the day's quotas, of all subscriptions.",
            used_bytes,
        )
        yield _gauge(
            "tailrace_quota_used_share",
            "Share of its day's quota that the subscription nearest to its end has used.",
            largest_share,
        )

    def _hot_families(self, ids: list[SubscriptionId]) -> Iterator[GaugeMetricFamily]:
        count, lag = 0, 0.0
        for subscription_id in ids:
            with self._database.read() as connection:
                hot = hot_range(connection, subscription_id)
            if hot is None:
                self._oldest_hot.pop(subscription_id, None)
                continue
            count += hot.most_rows
            oldest = self._oldest_hot.get(subscription_id)
            if oldest is None or oldest.guid != hot.least:
                oldest = _OldestHot(hot.least, time.monotonic())
                self._oldest_hot[subscription_id] = oldest
            lag = max(lag, time.monotonic() - oldest.seen_at)
        yield _gauge(
            "tailrace_hot_activities",
            "Activities that are not settled into the lake yet, at most.",
            count,
        )
        yield _gauge(
            "tailrace_settling_lag_seconds",
            "Seconds for which the oldest of them has been seen here.",
            lag,
        )

    def _lake_families(self, ids: list[SubscriptionId]) -> Iterator[GaugeMetricFamily]:
        try:
            self._lake_place.check()
            lakes = [figures for one in ids if (figures := self._lake(one)) is not None]
        except LakeUnavailableError:
            # The other figures are of more use now than ever.
            lakes = [*self._lakes.values()]
        yield _gauge(
            "tailrace_lake_files",
            "Data files of the lakes' current versions.",
            sum(one.file_count for one in lakes),
        )
        yield _gauge(
            "tailrace_lake_bytes", "Bytes of those files.", sum(one.size_bytes for one in lakes)
        )

    def _lake(self, subscription_id: SubscriptionId) -> _LakeFigures | None:
        """The figures of one lake; a version that was looked at is not read again."""
        log = self._activity_log(subscription_id)
        known = self._lakes.get(subscription_id)
        if known is not None and log.is_current(known.version):
            return known
        if not log.is_made():
            return None
        snapshot = log.snapshot()
        figures = _LakeFigures(
            snapshot.version, len(snapshot.files), sum(file.size_bytes for file in snapshot.files)
        )
        self._lakes[subscription_id] = figures
        return figures


def _cluster_families(cluster: ClusterWatch) -> Iterator[GaugeMetricFamily]:
    state = cluster.state()
    yield _gauge(
        "tailrace_cluster_reachable",
        "Whether the scheduler of the cluster that renders answers.",
        int(state is not None),
    )
    yield _gauge(
        "tailrace_cluster_workers",
        "Workers of that cluster.",
        state.workers if state else 0,
    )
    yield _gauge(
        "tailrace_cluster_threads",
        "Parts of exports that they render at once.",
        state.threads if state else 0,
    )


def _gauge(name: str, description: str, value: float) -> GaugeMetricFamily:
    return GaugeMetricFamily(name, description, value=value)
