"""The picture of the results: how far each goal was reached, and every peer's time and memory.

Arguments: the results as JSON, the PNG to write.
"""

import json
import statistics
import sys
from importlib import import_module
from pathlib import Path
from typing import Any

# It is installed in its own environment only.
matplotlib: Any = import_module("matplotlib")
matplotlib.use("Agg")
pyplot: Any = import_module("matplotlib.pyplot")
ticker: Any = import_module("matplotlib.ticker")

results = json.loads(Path(sys.argv[1]).read_text(encoding="utf-8"))
outcomes = results["outcomes"]

#: Met, missed; ours, theirs.
MET, MISSED, OURS, THEIRS = "#2f8f5b", "#c8553d", "#22577a", "#9fb3c1"

goals = [
    (f"{outcome['case']}: {one['goal']}", one) for outcome in outcomes for one in outcome["reached"]
]
everyone: Any = next((one for one in outcomes if one["case"].endswith("every peer")), None)
sides: dict[str, list[dict[str, float]]] = everyone["runs"] if everyone else {}

figure: Any
figure, axes = pyplot.subplots(
    1 + bool(sides),
    1,
    figsize=(11, 2 + 0.27 * len(goals) + 0.9 * len(sides)),
    height_ratios=[max(1, len(goals)), *([2.4 * len(sides)] if sides else [])],
    squeeze=False,
    layout="constrained",
)


def share(one: dict[str, Any]) -> float:
    """How much of what the goal allows was needed: at most 1 meets it."""
    value, limit = one["value"], one["limit"]
    if not one["is_at_most"]:
        value, limit = limit, value
    if limit == 0:
        return 0.0 if value == 0 else 2.0
    return value / limit


def number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def draw_goals(axis: Any) -> None:
    labels = [label for label, _ in goals]
    shares = [min(2.0, share(one)) for _, one in goals]
    colours = [MET if one["is_met"] else MISSED for _, one in goals]
    axis.barh(labels, shares, color=colours)
    axis.axvline(1.0, color="black", linewidth=1)
    axis.invert_yaxis()
    axis.set_xlim(0, 2)
    axis.set_xlabel("of what the goal allows: up to the line meets it (cut off at 2)")
    axis.tick_params(axis="y", labelsize=8)
    for place, (_, one) in enumerate(goals):
        sign = "≤" if one["is_at_most"] else "≥"
        told = f"{number(one['value'])}  ({sign} {number(one['limit'])})"
        axis.text(2.03, place, told, va="center", fontsize=8)


def draw_peers(axis: Any) -> None:
    height = 0.27
    kinds = (
        ("wall", "wall_seconds", OURS),
        ("CPU", "cpu_seconds", THEIRS),
        ("memory", "peak_megabytes", "#d9a441"),
    )
    base = {
        key: statistics.median(run[key] for run in next(iter(sides.values())))
        for _, key, _ in kinds
    }
    for offset, (name, key, colour) in enumerate(kinds):
        values = [
            statistics.median(run[key] for run in runs) / base[key] for runs in sides.values()
        ]
        places = [place + (offset - 1) * height for place in range(len(sides))]
        axis.barh(places, values, height=height, color=colour, label=name)
    axis.set_yticks(range(len(sides)), sides)
    axis.set_xscale("log")
    axis.xaxis.set_major_formatter(ticker.ScalarFormatter())
    axis.xaxis.set_minor_formatter(ticker.NullFormatter())
    axis.axvline(1.0, color="black", linewidth=1)
    axis.invert_yaxis()
    axis.set_xlabel(f"{everyone['case']}: times as much as Tailrace ({everyone['notes'][0]})")
    axis.legend()


draw_goals(axes[0][0])
if sides:
    draw_peers(axes[1][0])
figure.suptitle(
    f"Tailrace, {results['scale']} scale, {results['when']}, {results['machine']}", fontsize=9
)
figure.savefig(sys.argv[2], dpi=110)
