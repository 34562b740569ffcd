"""A snapshot: the files of one version of the table, with what the log says about each.

It comes from the Delta log alone, so its cost does not grow with the data; nothing here lists a
directory or opens a data file.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import polars as pl

from tailrace.lake.table_storage import path_of

if TYPE_CHECKING:
    from deltalake import DeltaTable

    from tailrace.lake.table_storage import TableStorage

#: The application of the Delta transactions by which hot activities reach the table; the number
#: of the last one is the GUID up to which they are all there.
SETTLING_APPLICATION = "tailrace.settle"


@dataclass(frozen=True, slots=True)
class DataFile:
    """A file and its statistics. None where its writer gave none, or where no row has a value."""

    path: str
    size_bytes: int
    #: When its writer wrote it.
    written_at: datetime
    row_count: int | None
    first_date: datetime | None
    last_date: datetime | None
    least_guid: int | None
    largest_guid: int | None
    least_type_id: int | None
    largest_type_id: int | None
    least_primary_id: int | None
    largest_primary_id: int | None


@dataclass(frozen=True, slots=True)
class LakeSnapshot:
    #: Version of the Delta table.
    version: int
    files: tuple[DataFile, ...]
    #: Where the files are.
    storage: TableStorage
    #: Hot activities up to this GUID are in these files.
    settled_to: int = 0


def snapshot_of(table: DeltaTable, storage: TableStorage) -> LakeSnapshot:
    """What the opened version of the table consists of."""
    actions = pl.DataFrame(table.get_add_actions(flatten=True))
    files = (_data_file(storage, row) for row in actions.iter_rows(named=True))
    return LakeSnapshot(
        version=table.version(),
        files=tuple(sorted(files, key=lambda file: file.path)),
        storage=storage,
        settled_to=table.transaction_version(SETTLING_APPLICATION) or 0,
    )


def _data_file(storage: TableStorage, action: dict[str, Any]) -> DataFile:
    return DataFile(
        path=path_of(storage, action["path"]),
        size_bytes=action["size_bytes"],
        written_at=datetime.fromtimestamp(action["modification_time"] / 1000, UTC),
        row_count=action.get("num_records"),
        first_date=action.get("min.activityDate"),
        last_date=action.get("max.activityDate"),
        least_guid=action.get("min.marketoGUID"),
        largest_guid=action.get("max.marketoGUID"),
        least_type_id=action.get("min.activityTypeId"),
        largest_type_id=action.get("max.activityTypeId"),
        least_primary_id=action.get("min.primaryAttributeValueId"),
        largest_primary_id=action.get("max.primaryAttributeValueId"),
    )
