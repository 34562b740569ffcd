"""The rows of an activity export: from the files of one snapshot of the lake."""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.export_request import ActivityFilter
from tailrace.extract.activity_filter import WantedActivities
from tailrace.extract.activity_fragments import FRAGMENT_BYTES, plan_fragments, scan_files

if TYPE_CHECKING:
    from collections.abc import Generator, Sequence

    import polars as pl

    from tailrace.domain.export_request import ExportRequest
    from tailrace.extract.activity_fragments import ActivityFragment
    from tailrace.lake.snapshot import LakeSnapshot

#: The order of the file. GUIDs are unique, so it is one order (contract section 4).
_ORDER = ("activityDate", "marketoGUID")


class ActivitySource:
    """A RowSource of activities.

    `stored_primary_names` are the names that the request's primary attribute values mean in the
    log; they count only if the request gives some (contract section 5.3).
    """

    def __init__(
        self,
        snapshot: LakeSnapshot,
        request: ExportRequest,
        stored_primary_names: frozenset[str] = frozenset(),
        *,
        fragment_bytes: int = FRAGMENT_BYTES,
    ) -> None:
        if not isinstance(request.filter, ActivityFilter):
            raise TypeError("not a request for activities")
        self._snapshot = snapshot
        self._fragment_bytes = fragment_bytes
        self._fields = [column.field for column in request.columns]
        self._wanted = WantedActivities(request.filter, stored_primary_names)

    def fragments(self) -> Sequence[ActivityFragment]:
        """Parts of the snapshot's files in order of (activityDate, marketoGUID)."""
        return plan_fragments(
            self._snapshot.files, self._wanted, fragment_bytes=self._fragment_bytes
        )

    def read(self, fragment: ActivityFragment) -> Generator[pl.DataFrame]:
        """The wanted rows of the fragment as one frame."""
        needed = dict.fromkeys((*self._fields, *_ORDER))
        rows = scan_files(fragment.paths).filter(self._wanted.predicate & fragment.range.predicate)
        yield rows.select(*needed).collect().sort(*_ORDER).select(self._fields)
