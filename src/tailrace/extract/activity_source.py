"""The rows of an activity export: from the files of one snapshot of the lake."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from tailrace.domain.export_request import ActivityFilter
from tailrace.extract.activity_filter import WantedActivities
from tailrace.extract.activity_fragments import FRAGMENT_BYTES, plan_fragments
from tailrace.extract.activity_reading import Reading, candidates_of
from tailrace.extract.file_order import ORDER, in_file_order

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Sequence

    import polars as pl

    from tailrace.domain.export_request import ExportRequest
    from tailrace.extract.activity_fragments import ActivityFragment
    from tailrace.lake.snapshot import LakeSnapshot
    from tailrace.lake.table_storage import TableStorage

#: Rows without these take half of the memory that their fragment is planned with, or less.
_LONG_TEXTS = frozenset({"primaryAttributeValue", "attributes"})


@dataclass(frozen=True, slots=True)
class ActivityReader:
    """Reads the fragments of one activity export, wherever the data files can be reached."""

    storage: TableStorage
    wanted: WantedActivities
    fields: tuple[str, ...]

    def read(self, fragment: ActivityFragment) -> Generator[pl.DataFrame]:
        """The wanted rows of the fragment as one frame."""
        # Nothing here holds on to what was read while the frame is rendered.
        yield in_file_order(self._found(fragment), self.fields)

    def _found(self, fragment: ActivityFragment) -> pl.DataFrame:
        needed = dict.fromkeys((*self.fields, *ORDER))
        picked = self.wanted.predicate
        if not fragment.is_whole:
            picked &= fragment.range.predicate
        with self.storage.refusals_told():
            return self.storage.scan(fragment.paths).filter(picked).select(*needed).collect()


class ActivitySource:
    """A RowSource of activities.

    `stored_primary_names` are the names that the request's primary attribute values mean in the
    log; they count only if the request gives some (contract section 5.3). `on_planned` is told
    what will be read.
    """

    def __init__(
        self,
        snapshot: LakeSnapshot,
        request: ExportRequest,
        stored_primary_names: frozenset[str] = frozenset(),
        *,
        fragment_bytes: int = FRAGMENT_BYTES,
        on_planned: Callable[[Reading], None] = lambda _: None,
    ) -> None:
        if not isinstance(request.filter, ActivityFilter):
            raise TypeError("not a request for activities")
        self._snapshot = snapshot
        self._fragment_bytes = fragment_bytes
        self._on_planned = on_planned
        self._wanted = WantedActivities(request.filter, stored_primary_names)
        fields = tuple(column.field for column in request.columns)
        self._reader = ActivityReader(snapshot.storage, self._wanted, fields)

    @property
    def reads_at_once(self) -> int:
        """Two where the columns that fragments are mostly made of are not asked for."""
        return 1 if _LONG_TEXTS.intersection(self._reader.fields) else 2

    def fragments(self) -> Sequence[ActivityFragment]:
        """Parts of the snapshot's files in order of (activityDate, marketoGUID)."""
        storage = self._snapshot.storage
        with storage.refusals_told():
            candidates = candidates_of(self._snapshot, self._wanted)
            self._on_planned(Reading.of(self._snapshot.files, candidates))
            return plan_fragments(
                storage, candidates, self._wanted, fragment_bytes=self._fragment_bytes
            )

    def identity(self, fragment: ActivityFragment) -> str:
        """Data files never change: it is what is picked from which of them."""
        fields = list(self._reader.fields)
        return repr((fragment.paths, fragment.range, self._wanted.identity, fields))

    def reader(self) -> ActivityReader:
        """Whoever reaches the data files can read them."""
        return self._reader

    def read(self, fragment: ActivityFragment) -> Generator[pl.DataFrame]:
        """The wanted rows of the fragment as one frame."""
        return self._reader.read(fragment)
