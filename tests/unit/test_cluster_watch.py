"""The watch of a cluster: it is not asked as often as somebody asks for it."""

from __future__ import annotations

from tailrace.domain.cluster_state import ClusterState
from tailrace.operation.cluster_watch import ClusterWatch


def test_watch__looks_once_for_all_who_ask_within_seconds() -> None:
    looks: list[ClusterState | None] = [None, ClusterState(workers=1, threads=2)]
    watch = ClusterWatch(looks.pop)
    assert watch.state() == watch.state() == ClusterState(workers=1, threads=2)
    assert len(looks) == 1
