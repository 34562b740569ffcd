"""What an activity export reads of a snapshot: the files and row groups that may hold wanted rows.

Statistics in the log rule out files; what each file of ours says of its row groups in its footer
rules out those, and bounds what its wanted rows take in memory without reading any.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import partial
from typing import TYPE_CHECKING

from tailrace.domain.instants import second_of
from tailrace.lake.data_file import ROW_GROUP_ROWS, plain_size

if TYPE_CHECKING:
    from collections.abc import Sequence

    from tailrace.extract.activity_filter import WantedActivities
    from tailrace.lake.key_ranges import KeyRange
    from tailrace.lake.snapshot import DataFile, LakeSnapshot
    from tailrace.lake.table_storage import TableStorage


@dataclass(frozen=True, slots=True)
class Candidate:
    """A file that may hold wanted rows, as far as the log and its footer tell."""

    path: str
    first_second: int
    last_second: int
    #: Whether all its rows are of the time that is wanted.
    is_within_span: bool
    #: No less than what its wanted rows take in memory.
    plain_bytes: int
    largest_row_bytes: int
    row_groups: int
    #: About how many bytes of the file its row groups with wanted rows are.
    size_bytes: int


@dataclass(frozen=True, slots=True)
class Reading:
    """How much of a snapshot an export reads, columns that it does not want aside."""

    files: int
    files_read: int
    row_groups: int
    row_groups_read: int
    size_bytes: int
    read_bytes: int

    @classmethod
    def of(cls, files: Sequence[DataFile], candidates: Sequence[Candidate]) -> Reading:
        return cls(
            files=len(files),
            files_read=len(candidates),
            row_groups=sum(_row_groups(file) for file in files),
            row_groups_read=sum(one.row_groups for one in candidates),
            size_bytes=sum(file.size_bytes for file in files),
            read_bytes=sum(one.size_bytes for one in candidates),
        )


def candidates_of(snapshot: LakeSnapshot, wanted: WantedActivities) -> list[Candidate]:
    """The files that may hold wanted rows."""
    storage = snapshot.storage
    files = (file for file in snapshot.files if wanted.may_be_in(file))
    possible = storage.asked_of_each(partial(_candidate, storage, wanted), files)
    return [one for one in possible if one.row_groups]


def _candidate(storage: TableStorage, wanted: WantedActivities, file: DataFile) -> Candidate:
    size = plain_size(storage, file.path)
    plain_bytes, row_groups = size.total_bytes, _row_groups(file)
    if size.row_groups is not None:
        wanted_groups = [group for group in size.row_groups if wanted.may_be_in(group)]
        plain_bytes = sum(group.plain_bytes for group in wanted_groups)
        row_groups = len(wanted_groups)
    first, last, span = file.first_date, file.last_date, wanted.span
    return Candidate(
        path=file.path,
        first_second=max(span.first_second, second_of(first)) if first else span.first_second,
        last_second=min(span.last_second, second_of(last)) if last else span.last_second,
        is_within_span=_is_within(file, span),
        plain_bytes=plain_bytes,
        largest_row_bytes=size.largest_row_bytes,
        row_groups=row_groups,
        size_bytes=file.size_bytes * plain_bytes // max(size.total_bytes, 1),
    )


def _is_within(file: DataFile, span: KeyRange) -> bool:
    if file.first_date is None or file.last_date is None:
        return False
    return (
        span.first_second <= second_of(file.first_date)
        and second_of(file.last_date) <= span.last_second
    )


def _row_groups(file: DataFile) -> int:
    """How many the file has, as far as the log tells."""
    return -(-(file.row_count or 1) // ROW_GROUP_ROWS)
