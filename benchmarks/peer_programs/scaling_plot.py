"""The picture of the predictions: bytes a second by number of workers, and where each plan ends.

Arguments: the predictions as JSON, the PNG to write.
"""

import json
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
workers: list[int] = results["workers"]

figure: Any
axis: Any
figure, axis = pyplot.subplots(figsize=(9, 5), layout="constrained")
for name, rates in results["lines"].items():
    gigabytes = [rate / 1e9 for rate in rates]
    axis.plot(workers, gigabytes, marker="o", label=name)
    limit = results["limits"][name][-1]
    axis.annotate(
        limit,
        (workers[-1], gigabytes[-1]),
        textcoords="offset points",
        xytext=(-4, 6),
        ha="right",
        fontsize=8,
    )
first = next(iter(results["lines"].values()))[0] / 1e9
axis.plot(
    workers,
    [first * count for count in workers],
    color="grey",
    linestyle=":",
    label="as many times as fast",
)
axis.set_xscale("log", base=2)
axis.set_yscale("log")
axis.xaxis.set_major_formatter(ticker.ScalarFormatter())
axis.yaxis.set_major_formatter(ticker.FormatStrFormatter("%g"))
axis.set_xticks(workers)
axis.set_xlabel("workers, a processor each")
axis.set_ylabel("GB of CSV a second, all exports")
axis.set_title("Predicted by simulation; at its end, what limits each", fontsize=10)
axis.legend()
figure.savefig(sys.argv[2], dpi=110)
