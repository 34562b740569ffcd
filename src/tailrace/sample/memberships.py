"""Who is in the sample lists made by counting, and who came in through which program."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, cast

import polars as pl
from sqlalchemy import select

from tailrace.store.channels import statuses_of_channel
from tailrace.store.tables import program

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.programs import ProgressionStatus
    from tailrace.store.bulk_insert import PlainValue

MEMBER_COLUMNS = ("subscription_id", "list_id", "lead_id", "added_at")

PROGRAM_MEMBER_COLUMNS = (
    "subscription_id",
    "program_id",
    "lead_id",
    "id",
    "status_name",
    "reached_success",
    "reached_success_at",
    "acquired_by",
    "member_since",
    "updated_at",
)

#: Members of the first list: more than fit on two pages.
_LARGEST_LIST = 700
_USUAL_MOST = 40


def counted_members(place: int, lead_count: int) -> list[int]:
    """Numbers of the leads in the list at a place: every tenth list is empty, the first large."""
    size = _LARGEST_LIST if place == 0 else 0 if place % 10 == 0 else 1 + place * 13 % _USUAL_MOST
    return [(place * 37 + step) % lead_count for step in range(min(size, lead_count))]


@dataclass(frozen=True, slots=True)
class ProgramMembers:
    """A lead that a program brought in is its member."""

    #: By program.
    statuses: Mapping[int, tuple[ProgressionStatus, ...]]
    #: Id of the first lead's membership, should it have one.
    first_id: int

    def rows(
        self, subscription_id: SubscriptionId, first_lead: int, leads: pl.DataFrame
    ) -> list[tuple[PlainValue, ...]]:
        """The memberships of some leads, in the order of `PROGRAM_MEMBER_COLUMNS`."""
        created = pl.col("createdAt").str.to_datetime(time_zone="UTC").dt.epoch("us")
        acquired = leads.filter(pl.col("acquisitionProgramId").is_not_null())
        found: list[tuple[PlainValue, ...]] = []
        columns = acquired.select("id", "acquisitionProgramId", created)
        joined = cast("Iterable[tuple[int, int, int]]", columns.iter_rows())
        for lead_id, program_id, at in joined:
            statuses = self.statuses[program_id][1:]
            status = statuses[lead_id % len(statuses)]
            found.append(
                (
                    subscription_id,
                    program_id,
                    lead_id,
                    self.first_id + lead_id - first_lead,
                    status.name,
                    status.success,
                    at if status.success else None,
                    True,
                    at,
                    at,
                )
            )
        return found


def program_statuses(
    connection: Connection, subscription_id: SubscriptionId
) -> dict[int, tuple[ProgressionStatus, ...]]:
    """The statuses of every program's members."""
    rows = connection.execute(
        select(program.c.id, program.c.channel).where(program.c.subscription_id == subscription_id)
    ).all()
    by_channel = {
        name: statuses_of_channel(connection, subscription_id, name)
        for name in {row.channel for row in rows}
    }
    return {row.id: by_channel[row.channel] for row in rows}
