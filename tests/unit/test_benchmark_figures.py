"""The figures of the benchmarks: what is said of several runs, and where a report puts it."""

from __future__ import annotations

import pytest

from benchmarks import figures
from benchmarks.measurement import Measurement
from benchmarks.outcome import Outcome, Reached, Side, alternate, at_least, at_most
from benchmarks.profiles import by_kind, table
from benchmarks.report import between_marks, lines, markdown


def run_of(wall_seconds: float, peak_megabytes: float = 1.0) -> Measurement:
    return Measurement(wall_seconds, wall_seconds * 2, peak_megabytes)


def test_ratio__is_the_median_of_the_rounds_not_the_ratio_of_medians() -> None:
    # The second round was slow for both, the third for one alone.
    assert figures.ratio([1.0, 8.0, 4.0], [2.0, 16.0, 2.0]) == 0.5


def test_ratio__wants_as_many_rounds_of_each() -> None:
    with pytest.raises(ValueError, match="zip"):
        figures.ratio([1.0], [1.0, 2.0])


@pytest.mark.parametrize(("share", "expected"), [(0.0, 1), (0.5, 51), (0.99, 100), (1.0, 100)])
def test_percentile__is_a_value_that_was_seen(share: float, expected: int) -> None:
    assert figures.percentile([*range(100, 0, -1)], share) == expected


def test_spread__is_the_least_and_the_largest() -> None:
    assert figures.spread([3.0, 1.0, 2.0]) == (1.0, 3.0)


@pytest.mark.parametrize(
    ("reached", "is_met"),
    [
        (at_most("", 1.0, 1.0), True),
        (at_most("", 1.01, 1.0), False),
        (at_least("", 1.0, 1.0), True),
        (at_least("", 0.99, 1.0), False),
    ],
)
def test_goal__is_met_up_to_its_limit(reached: Reached, is_met: bool) -> None:
    assert reached.is_met is is_met


def test_rounds__alternate_and_the_first_is_not_counted() -> None:
    order: list[str] = []

    def side(name: str) -> Side:
        def run() -> Measurement:
            order.append(name)
            return run_of(len(order))

        return Side(name, run, lambda: order.append(f"clear {name}"))

    runs = alternate([side("a"), side("b")], rounds=2)
    assert order == ["a", "clear a", "b", "clear b"] * 3
    assert [run.wall_seconds for run in runs["a"]] == [5, 9]


def test_processes_one_after_the_other__add_up_but_for_memory() -> None:
    assert run_of(1.0, 30) + run_of(2.0, 20) == Measurement(3.0, 6.0, 30)


def test_report__tells_runs_goals_and_who_was_missing() -> None:
    outcome = Outcome(
        "a case",
        {"ours": [run_of(1.0), run_of(3.0)], "theirs": [run_of(4.0), run_of(4.0)]},
        [at_most("wall / theirs", 0.5, 0.55), at_least("rows a second", 900, 1000)],
        ["10 rows", "skipped: not installed"],
    )
    assert next(iter(lines(outcome))) == "\na case; 10 rows"
    text = markdown([outcome])
    assert "| a case | wall / theirs | ≤ 0.55 | 0.5 | met |" in text
    assert "| a case | rows a second | ≥ 1,000 | 900 | **missed** |" in text
    assert "| a case | ours | 2.00 | 1.00-3.00 | 4.00 | 1 |" in text
    assert "- a case: skipped: not installed" in text


def test_marks__keep_what_is_around_them() -> None:
    page = "before\n<!-- results: begin -->\nold\n<!-- results: end -->\nafter\n"
    new = "before\n<!-- results: begin -->\nnew\n<!-- results: end -->\nafter\n"
    assert between_marks(page, "results", "new\n") == new
    with pytest.raises(ValueError, match="no place for results"):
        between_marks("nothing", "results", "new\n")


def test_profile__counts_samples_by_kind_of_work() -> None:
    said = """# Overhead | Shared Object | Symbol
    30.50%|libzstd.so|[.] ZSTD_decompressSequences
    20.00%|_polars_runtime.abi3.so|[.] polars_io::csv::write::serialize
     9.50%|[kernel.kallsyms]|[k] copy_folio_from_iter_atomic
     1.00%|nothing.so|[.] unheard_of
"""
    shares = by_kind(said)
    assert shares == {
        "decompress (zstd)": 30.5,
        "render and read CSV and text": 20.0,
        "write files: page cache, blocks": 9.5,
        "other": 1.0,
    }
    assert "| other | 1 | 0 |" in table({"export": shares, "load": {}})
