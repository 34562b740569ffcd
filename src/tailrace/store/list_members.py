"""Members of one static list: added, removed, told to the log, listed (sections 6.6 and 7.3)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from sqlalchemy import delete, select

from tailrace.domain.asset_names import AssetName
from tailrace.domain.errors import ObjectNotFoundError
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.hot_activities import record_activities
from tailrace.store.lead_activities import ADD_TO_LIST, REMOVE_FROM_LIST, list_activity
from tailrace.store.lead_lookup import VALUES_PER_QUERY
from tailrace.store.tables import lead, program, static_list, static_list_member

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Select

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.lead_activities import ChangeCause

#: A bound against a program nested in itself by hand-edited data.
_MAXIMUM_NESTING = 20


class MemberList:
    """One static list, within a transaction."""

    def __init__(
        self, connection: Connection, subscription_id: SubscriptionId, list_id: int
    ) -> None:
        """Raises ObjectNotFoundError where there is no such list."""
        self._connection = connection
        self._subscription_id = subscription_id
        self.id = list_id
        query = select(static_list.c.name, static_list.c.program_id).where(
            static_list.c.subscription_id == subscription_id, static_list.c.id == list_id
        )
        row = connection.execute(query).first()
        if row is None:
            raise ObjectNotFoundError
        self.name: str = row.name
        self._program_id: int | None = row.program_id

    @property
    def stored_name(self) -> str:
        """The name as the activity log holds it, with its programs."""
        chain: list[str] = []
        program_id = self._program_id
        while program_id is not None and len(chain) <= _MAXIMUM_NESTING:
            query = select(program.c.name, program.c.parent_id).where(
                program.c.subscription_id == self._subscription_id, program.c.id == program_id
            )
            row = self._connection.execute(query).one()
            chain.append(row.name)
            program_id = row.parent_id
        return AssetName(tuple(reversed(chain)), self.name).stored

    def existing_leads(self, ids: Collection[int]) -> set[int]:
        """Those of `ids` that are leads."""
        query = select(lead.c.id).where(lead.c.subscription_id == self._subscription_id)
        return {
            one
            for some in _pieces(ids)
            for one in self._connection.execute(query.where(lead.c.id.in_(some))).scalars()
        }

    def members(self, ids: Collection[int]) -> set[int]:
        """Those of `ids` that are in the list."""
        return {
            one
            for some in _pieces(ids)
            for one in self._connection.execute(
                self._members().where(static_list_member.c.lead_id.in_(some))
            ).scalars()
        }

    def page(self, after: int, limit: int) -> list[int]:
        """Ids of members in order, those after the lead `after`."""
        query = self._members().where(static_list_member.c.lead_id > after)
        ordered = query.order_by(static_list_member.c.lead_id).limit(limit)
        return list(self._connection.execute(ordered).scalars())

    def add(self, ids: Sequence[int], cause: ChangeCause) -> None:
        """Add leads that exist; who is a member already stays one, and nothing is said of it."""
        members = self.members(ids)
        new = [one for one in dict.fromkeys(ids) if one not in members]
        added_at = _microseconds(cause.at)
        insert_rows(
            self._connection,
            static_list_member,
            ("subscription_id", "list_id", "lead_id", "added_at"),
            [(self._subscription_id, self.id, one, added_at) for one in new],
        )
        self._record(ADD_TO_LIST, new, cause)

    def remove(self, ids: Sequence[int], cause: ChangeCause) -> None:
        """Remove members."""
        for some in _pieces(ids):
            self._connection.execute(
                delete(static_list_member).where(
                    static_list_member.c.subscription_id == self._subscription_id,
                    static_list_member.c.list_id == self.id,
                    static_list_member.c.lead_id.in_(some),
                )
            )
        self._record(REMOVE_FROM_LIST, list(dict.fromkeys(ids)), cause)

    def _record(self, type_id: int, ids: Sequence[int], cause: ChangeCause) -> None:
        if ids:
            name = self.stored_name
            activities = [list_activity(type_id, one, self.id, name, cause) for one in ids]
            record_activities(self._connection, self._subscription_id, activities)

    def _members(self) -> Select[Any]:
        return select(static_list_member.c.lead_id).where(
            static_list_member.c.subscription_id == self._subscription_id,
            static_list_member.c.list_id == self.id,
        )


def _pieces(ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), VALUES_PER_QUERY):
        yield ordered[start : start + VALUES_PER_QUERY]


def _microseconds(at: datetime) -> int:
    return int(at.timestamp()) * 1_000_000
