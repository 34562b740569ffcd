"""What came out, for people and for the plot: lines on the terminal, Markdown, JSON."""

from __future__ import annotations

from dataclasses import asdict
from typing import TYPE_CHECKING, Any

from benchmarks import figures
from benchmarks.peers import ROOT

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from benchmarks.measurement import Measurement
    from benchmarks.outcome import Outcome, Reached

_PAGE = ROOT / "docs" / "performance.md"


def lines(outcome: Outcome) -> Iterator[str]:
    """One case on the terminal."""
    yield f"\n{outcome.case}" + "".join(f"; {note}" for note in outcome.notes[:1])
    if outcome.runs:
        yield f"  {'':26}{'wall s':>9}{'min-max':>16}{'CPU s':>9}{'peak MB':>9}"
    for side, runs in outcome.runs.items():
        wall, spread, cpu, peak = _row(runs)
        yield f"  {side:26}{wall:>9}{spread:>16}{cpu:>9}{peak:>9}"
    for one in outcome.reached:
        met = "met" if one.is_met else "MISSED"
        yield f"  {met:8}{one.goal}: {_number(one.value)} (goal {_goal(one)})"
    for note in outcome.notes[1:]:
        yield f"  {note}"


def markdown(outcomes: Sequence[Outcome]) -> str:
    """Two tables: the goals, and the runs behind them."""
    return "\n".join([*_goal_table(outcomes), "", *_run_table(outcomes), ""])


def document(outcomes: Sequence[Outcome], about: dict[str, Any]) -> dict[str, Any]:
    """Everything, as JSON can hold it."""
    return {
        **about,
        "outcomes": [
            {
                "case": outcome.case,
                "runs": {
                    side: [asdict(run) for run in runs] for side, runs in outcome.runs.items()
                },
                "reached": [{**asdict(one), "is_met": one.is_met} for one in outcome.reached],
                "notes": outcome.notes,
            }
            for outcome in outcomes
        ],
    }


def replace_in_page(name: str, content: str) -> None:
    """Puts the content where the page of the documentation has its place."""
    text = _PAGE.read_text(encoding="utf-8")
    _PAGE.write_text(between_marks(text, name, content), encoding="utf-8")


def between_marks(text: str, name: str, content: str) -> str:
    """The text with what is between its two marks of that name replaced. Raises ValueError."""
    begin, end = f"<!-- {name}: begin -->\n", f"<!-- {name}: end -->"
    before, _, rest = text.partition(begin)
    _, mark, after = rest.partition(end)
    if not mark:
        raise ValueError(f"there is no place for {name}")
    return f"{before}{begin}{content}{end}{after}"


def _goal_table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "| Case | What | Goal | Reached | |"
    yield "| --- | --- | --- | --- | --- |"
    for outcome in outcomes:
        for one in outcome.reached:
            met = "met" if one.is_met else "**missed**"
            yield (f"| {outcome.case} | {one.goal} | {_goal(one)} | {_number(one.value)} | {met} |")
    yield from _notes(outcomes)


def _notes(outcomes: Iterable[Outcome]) -> Iterator[str]:
    noted = [(outcome.case, note) for outcome in outcomes for note in outcome.notes]
    if noted:
        yield ""
    for case, note in noted:
        yield f"- {case}: {note}"


def _run_table(outcomes: Sequence[Outcome]) -> Iterator[str]:
    yield "| Case | Who | Wall, s | Least to most | CPU, s | Peak, MB |"
    yield "| --- | --- | --- | --- | --- | --- |"
    for outcome in outcomes:
        for side, runs in outcome.runs.items():
            yield f"| {outcome.case} | {side} | {' | '.join(_row(runs))} |"


def _row(runs: Sequence[Measurement]) -> tuple[str, str, str, str]:
    walls = [run.wall_seconds for run in runs]
    least, most = figures.spread(walls)
    return (
        f"{figures.median(walls):.2f}",
        f"{least:.2f}-{most:.2f}",
        f"{figures.median([run.cpu_seconds for run in runs]):.2f}",
        f"{max(run.peak_megabytes for run in runs):,.0f}",
    )


def _goal(one: Reached) -> str:
    return f"{'≤' if one.is_at_most else '≥'} {_number(one.limit)}"


def _number(value: float) -> str:
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"
