"""Predicts exports on 1 to 256 workers, and a night of 10,000 subscriptions: `docs/scaling.md`.

    .venv/bin/python -m benchmarks.scaling

Reads what `benchmarks.cluster` and `benchmarks.job_costs` have measured, simulates, and puts tables
and plot into the page.
"""

from __future__ import annotations

import argparse
import json
import subprocess
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from benchmarks import cluster, job_costs
from benchmarks.cluster import Costs
from benchmarks.cluster_model import Night, Prediction, Site, exports_at_once, one_night
from benchmarks.job_costs import JobCosts
from benchmarks.peers import ROOT, program_of
from benchmarks.report import between_marks
from benchmarks.workbench import DIRECTORY

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

PAGE = ROOT / "docs" / "scaling.md"
PLOT = ROOT / "docs" / "scaling.png"
_RESULTS = "scaling.json"

TERABYTE = 10**12
_WORKERS = (1, 2, 4, 8, 16, 32, 64, 128, 256)
#: Of the month of 10 million activities that is measured.
_FRAGMENTS = 62

SUBSCRIPTIONS = 10_000
_FILE_BYTES = 50_000_000
_ARRIVAL_SECONDS = 60.0


@dataclass(frozen=True, slots=True)
class Plan:
    """So many exports at once, spread over so many servers."""

    exports: int
    servers: int

    @property
    def name(self) -> str:
        if self.exports == 1:
            return "one export"
        servers = "1 server" if self.servers == 1 else f"{self.servers} servers"
        return f"{self.exports} exports, {servers}"


_PLANS = (Plan(1, 1), Plan(4, 1), Plan(16, 4), Plan(64, 16))


@dataclass(frozen=True, slots=True)
class NightPlan:
    servers: int
    workers: int


_NIGHTS = (
    NightPlan(1, 1),
    NightPlan(1, 4),
    NightPlan(2, 4),
    NightPlan(4, 8),
    NightPlan(8, 16),
    NightPlan(16, 32),
)


def main() -> None:
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--data", type=Path, default=DIRECTORY)
    directory = parser.parse_args().data
    measured = read(directory / cluster.COSTS)
    costs = Costs(**measured["costs"])
    job = JobCosts(**read(directory / job_costs.COSTS))
    table = predictions(costs)
    text = page_text(measured, costs, job, table)
    page = PAGE.read_text(encoding="utf-8")
    for name, content in text.items():
        print(content)
        page = between_marks(page, name, content)
    PAGE.write_text(page, encoding="utf-8")
    results = directory / _RESULTS
    results.write_text(json.dumps(plotted(table)), encoding="utf-8")
    subprocess.run(program_of("plot", "scaling_plot.py", results, PLOT), check=True)


def read(path: Path) -> dict[str, Any]:
    return json.loads(path.read_text(encoding="utf-8"))


def predictions(costs: Costs) -> dict[Plan, dict[int, Prediction]]:
    """One terabyte in all, by plan and number of workers."""
    return {
        plan: {
            workers: exports_at_once(
                Site(workers, servers=plan.servers), costs, plan.exports, TERABYTE
            )
            for workers in _WORKERS
        }
        for plan in _PLANS
    }


def page_text(
    measured: dict[str, Any],
    costs: Costs,
    job: JobCosts,
    table: dict[Plan, dict[int, Prediction]],
) -> dict[str, str]:
    return {
        "costs": lines(cost_rows(costs, job)),
        "measured": lines(measured_rows(measured, costs)),
        "terabyte": lines(terabyte_rows(table)),
        "night": lines(night_rows(costs, job)),
    }


def cost_rows(costs: Costs, job: JobCosts) -> Iterator[str]:
    gigabyte = 10**9
    yield "| What | Cost |"
    yield "| --- | --- |"
    yield f"| A part: CSV of | {costs.fragment_bytes / 1e6:.0f} MB |"
    rate = costs.fragment_bytes / costs.render_seconds_a_fragment / 1e6
    render = f"{costs.render_seconds_a_fragment:.3f} s: {rate:.0f} MB/s"
    yield f"| Worker: read, sort, render a part | {render} |"
    yield f"| Worker: send 1 GB | {costs.send_seconds_a_byte * gigabyte:.2f} s |"
    yield f"| Server: receive 1 GB | {costs.receive_seconds_a_byte * gigabyte:.2f} s |"
    yield f"| Server: hash 1 GB | {costs.hash_seconds_a_byte * gigabyte:.2f} s |"
    yield f"| Server: write 1 GB | {costs.write_seconds_a_byte * gigabyte:.2f} s |"
    own = costs.coordinator_seconds_a_task + costs.plan_seconds_a_fragment
    yield f"| Server: plan a part, ask for it | {own * 1000:.1f} ms |"
    yield f"| Scheduler: a part | {costs.scheduler_seconds_a_task * 1000:.1f} ms |"
    store = job.create_and_enqueue_seconds + job.claim_seconds + job.complete_seconds
    yield f"| Store (PostgreSQL): a job, from create to Completed | {store * 1000:.0f} ms |"
    waiting = job.claim_seconds_a_waiting_job * job.claim_window
    yield f"| Store: a claim beside {job.claim_window:,} queued jobs | {waiting * 1000:.0f} ms more |"
    yield f"| Server: plan a job | {job.plan_seconds * 1000:.0f} ms |"


def measured_rows(measured: dict[str, Any], costs: Costs) -> Iterator[str]:
    yield "| What | One worker, s | Two, s | Times as fast | Goal | The model says |"
    yield "| --- | --- | --- | --- | --- | --- |"
    share = measured.get("measured_at_a_share")
    kinds = [("both processors free", measured["measured"], 1.0)]
    if share:
        kinds.append((f"workers held to {share['share']:g} of one", share, float(share["share"])))
    for name, found, part in kinds:
        for what, goal in (("render", 1.8), ("whole", 1.6)):
            predicted = _predicted_speed_up(costs, part) if what == "whole" else 2.0
            told = "rendering alone" if what == "render" else "whole export"
            yield (
                f"| {told}, {name} | {found[f'{what}_seconds']:.1f} "
                f"| {found[f'{what}_seconds_of_two']:.1f} | {found[f'{what}_speed_up']:.2f} "
                f"| ≥ {goal} | {predicted:.2f} |"
            )


def _predicted_speed_up(costs: Costs, share: float) -> float:
    """Of two workers over one on a machine with two processors."""
    slowed = replace(
        costs,
        render_seconds_a_fragment=costs.render_seconds_a_fragment / share,
        send_seconds_a_byte=costs.send_seconds_a_byte / share,
    )
    size = costs.fragment_bytes * _FRAGMENTS
    is_one_machine = share == 1.0
    one, two = (
        exports_at_once(
            Site(workers, server_processors=2, network=1e12, is_one_machine=is_one_machine),
            slowed,
            1,
            size,
        ).seconds
        for workers in (1, 2)
    )
    return one / two


def terabyte_rows(table: dict[Plan, dict[int, Prediction]]) -> Iterator[str]:
    yield "| Workers | " + " | ".join(f"{plan.name} | limit" for plan in table) + " |"
    yield "| --- |" + " --- | --- |" * len(table)
    for workers in _WORKERS:
        cells = (
            f"{_duration(one.seconds)}, {one.size_bytes / one.seconds / 1e9:.2f} GB/s "
            f"| {one.limit} {one.busy[one.limit]:.0%}"
            for one in (found[workers] for found in table.values())
        )
        yield f"| {workers} | {' | '.join(cells)} |"


def night_rows(costs: Costs, job: JobCosts) -> Iterator[str]:
    yield "| Servers | Workers | Until the last file | Jobs a second | Limit | Database busy |"
    yield "| --- | --- | --- | --- | --- | --- |"
    night = Night(SUBSCRIPTIONS, _FILE_BYTES, arrival_seconds=_ARRIVAL_SECONDS)
    for plan in _NIGHTS:
        site = Site(plan.workers, servers=plan.servers)
        found = one_night(site, costs, job, night)
        limit = f"{found.limit} {found.busy[found.limit]:.0%}"
        yield (
            f"| {plan.servers} | {plan.workers} | {_duration(found.seconds)} "
            f"| {SUBSCRIPTIONS / found.seconds:.1f} | {limit} | {found.busy['database']:.0%} |"
        )


def plotted(table: dict[Plan, dict[int, Prediction]]) -> dict[str, Any]:
    return {
        "workers": list(_WORKERS),
        "lines": {
            plan.name: [found[workers].size_bytes / found[workers].seconds for workers in _WORKERS]
            for plan, found in table.items()
        },
        "limits": {
            plan.name: [found[workers].limit for workers in _WORKERS]
            for plan, found in table.items()
        },
    }


def lines(rows: Iterator[str] | Sequence[str]) -> str:
    return "\n".join([*rows, ""])


def _duration(seconds: float) -> str:
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    return f"{hours} h {minutes:02} min" if hours else f"{minutes} min {left:02} s"


if __name__ == "__main__":
    main()
