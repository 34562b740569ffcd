"""Cutting an activity export into fragments: disjoint, in file order, of bounded memory.

Theory of operation: the order of the file is (activityDate, marketoGUID). Files that cannot hold
a wanted row are dropped by their statistics. Files whose times overlap must be read together;
such a group is one fragment, with as many of its neighbours as fit. A group that is too large is
cut into ranges of the sort key after reading nothing but that key: rows are counted in buckets
of time, those of an overfull bucket in finer ones, and those of an overfull second by GUID.
However the rows are spread over files, the fragments together are the same rows in one order.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import polars as pl

from tailrace.lake.data_file import row_bytes
from tailrace.lake.key_ranges import KeyRange, cut

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from tailrace.extract.activity_filter import WantedActivities
    from tailrace.extract.activity_reading import Candidate
    from tailrace.lake.table_storage import TableStorage

#: Plain bytes of the rows of a fragment; about three fragments are in memory at a time.
FRAGMENT_BYTES = 72 * 1024 * 1024

#: Up to this size the largest row stands for all when rows are weighed: no text is read for it.
_USUAL_ROW_BYTES = 1024


@dataclass(frozen=True, slots=True)
class ActivityFragment:
    """The wanted rows of some files in a range of the sort key."""

    paths: tuple[str, ...]
    range: KeyRange
    #: Whether the range rules out no row of the files: then nobody has to look for any.
    is_whole: bool


def plan_fragments(
    storage: TableStorage,
    candidates: Iterable[Candidate],
    wanted: WantedActivities,
    *,
    fragment_bytes: int,
) -> list[ActivityFragment]:
    """The fragments of an export from a snapshot's files, in file order."""
    fragments: list[ActivityFragment] = []
    gathered: list[Candidate] = []
    for group in _overlapping(candidates):
        if _plain_bytes(gathered) + _plain_bytes(group) > fragment_bytes:
            fragments += _whole(gathered)
            gathered = []
        if _plain_bytes(group) > fragment_bytes:
            fragments += _cut_group(storage, group, wanted, fragment_bytes)
        else:
            gathered += group
    return fragments + _whole(gathered)


def _overlapping(candidates: Iterable[Candidate]) -> Iterator[list[Candidate]]:
    """Groups, in order of time, of files that share no second with another group's."""
    group: list[Candidate] = []
    end = 0
    for candidate in sorted(candidates, key=lambda one: (one.first_second, one.path)):
        if group and candidate.first_second > end:
            yield group
            group = []
        end = max(end, candidate.last_second) if group else candidate.last_second
        group.append(candidate)
    if group:
        yield group


def _whole(group: Sequence[Candidate]) -> list[ActivityFragment]:
    if not group:
        return []
    paths = tuple(one.path for one in group)
    return [ActivityFragment(paths, _range(group), all(one.is_within_span for one in group))]


def _cut_group(
    storage: TableStorage,
    group: Sequence[Candidate],
    wanted: WantedActivities,
    fragment_bytes: int,
) -> Iterator[ActivityFragment]:
    rows = storage.scan(one.path for one in group).filter(wanted.predicate)
    largest = max(one.largest_row_bytes for one in group)
    weight = pl.len() * largest if largest <= _USUAL_ROW_BYTES else row_bytes().sum()
    for part in cut(
        rows,
        _range(group),
        weight=weight,
        expected_weight=_plain_bytes(group),
        bound=fragment_bytes,
    ):
        inside = (one for one in group if _meets(one, part))
        yield ActivityFragment(tuple(one.path for one in inside), part, is_whole=False)


def _meets(candidate: Candidate, part: KeyRange) -> bool:
    return candidate.first_second <= part.last_second and part.first_second <= candidate.last_second


def _range(group: Sequence[Candidate]) -> KeyRange:
    return KeyRange(min(one.first_second for one in group), max(one.last_second for one in group))


def _plain_bytes(group: Iterable[Candidate]) -> int:
    return sum(one.plain_bytes for one in group)
