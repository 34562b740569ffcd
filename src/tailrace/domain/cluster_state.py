"""What there is to render exports with, where that is not this process."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class ClusterState:
    """A cluster that answers."""

    workers: int
    #: Fragments that they render at once.
    threads: int
