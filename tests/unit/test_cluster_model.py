"""The simulation of large clusters, held against sums that can be done by hand."""

from __future__ import annotations

from dataclasses import replace

import pytest

from benchmarks.cluster import Costs
from benchmarks.cluster_model import Model, Night, Site, exports_at_once, one_night
from benchmarks.job_costs import JobCosts

#: Parts of 100 bytes; a part is rendered in a second, all else is next to nothing.
RENDERING = Costs(
    fragment_bytes=100.0,
    plan_seconds_a_fragment=0.0,
    render_seconds_a_fragment=1.0,
    send_seconds_a_byte=0.0,
    receive_seconds_a_byte=0.0,
    write_seconds_a_byte=0.0,
    hash_seconds_a_byte=0.0,
    scheduler_seconds_a_task=0.0,
    coordinator_seconds_a_task=0.0,
)
JOB = JobCosts(
    create_and_enqueue_seconds=0.01,
    claim_seconds=0.01,
    claim_seconds_a_waiting_job=0.0,
    plan_seconds=0.0,
    publish_seconds=0.0,
    complete_seconds=0.03,
)
FRAGMENTS = 200


def one_export(costs: Costs, workers: int, site: Site | None = None) -> tuple[float, str]:
    found = exports_at_once(
        site or Site(workers, network=1e12), costs, 1, FRAGMENTS * costs.fragment_bytes
    )
    return found.seconds, found.limit


@pytest.mark.parametrize("workers", [1, 2, 10])
def test_rendering__is_shared_out(workers: int) -> None:
    seconds, limit = one_export(RENDERING, workers)
    assert seconds == pytest.approx(FRAGMENTS / workers, rel=0.02)
    assert limit == "workers"


@pytest.mark.parametrize(
    ("costs", "limit"),
    [
        (replace(RENDERING, hash_seconds_a_byte=0.005), "hashing and writing"),
        (replace(RENDERING, receive_seconds_a_byte=0.005), "fetching"),
        (replace(RENDERING, scheduler_seconds_a_task=0.5), "scheduler"),
    ],
)
def test_what_is_done_one_after_another__limits(costs: Costs, limit: str) -> None:
    seconds, found = one_export(costs, workers=64)
    assert found == limit
    assert seconds == pytest.approx(FRAGMENTS * 0.5, rel=0.05)


def test_network__is_one_for_all_exports_of_a_server() -> None:
    site = Site(64, network=200.0)
    one = exports_at_once(site, RENDERING, 4, FRAGMENTS * 100)
    two = exports_at_once(replace(site, servers=2), RENDERING, 4, FRAGMENTS * 100)
    assert one.limit == two.limit == "network"
    assert one.seconds == pytest.approx(FRAGMENTS * 0.5, rel=0.05)
    assert two.seconds == pytest.approx(FRAGMENTS * 0.25, rel=0.1)


def test_window__bounds_what_waits_to_be_fetched() -> None:
    slow = replace(RENDERING, hash_seconds_a_byte=1.0)
    model = Model(Site(8, network=1e12), slow)
    model.clock.process(model.export(0, FRAGMENTS))
    model.run()
    assert 8 < model.most_waiting <= 16


def test_processors_of_one_machine__are_shared() -> None:
    costs = replace(RENDERING, hash_seconds_a_byte=0.01)
    seconds, _ = one_export(
        costs, 2, Site(2, server_processors=2, network=1e12, is_one_machine=True)
    )
    # As much to hash as to render, by two processors.
    assert seconds == pytest.approx(FRAGMENTS, rel=0.05)


def test_database__limits_many_small_jobs() -> None:
    night = Night(subscriptions=1000, size_bytes=100.0, arrival_seconds=1.0)
    quick = replace(RENDERING, render_seconds_a_fragment=0.001)
    found = one_night(Site(16, servers=4, network=1e12), quick, JOB, night)
    assert found.limit == "database"
    assert found.seconds == pytest.approx(1000 * 0.05, rel=0.05)
    assert found.size_bytes == pytest.approx(1000 * 100.0)
