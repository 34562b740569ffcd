"""Leads in one program: their statuses and values changed and told to the log (section 7.6).

Theory of operation: the records of a call are applied in order to memberships in memory, so that a
second record of a lead sees what the first one did; rows and activities are written at the end,
all within the caller's transaction.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import msgspec
from sqlalchemy import bindparam, delete, insert, select, update

from tailrace.domain.errors import (
    LeadNotFoundError,
    LeadNotInProgramError,
    LeadPastStatusError,
    MembershipNotFoundError,
    ObjectNotFoundError,
    TailraceError,
)
from tailrace.domain.programs import (
    Membership,
    ProgressionStatus,
    check_progress,
    find_status,
    first_status,
    moved_to,
    status_of,
)
from tailrace.store.asset_query import PROGRAMS, find_asset
from tailrace.store.channels import statuses_of_channel
from tailrace.store.hot_activities import NewActivity, record_activities
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.tables import lead, program_member

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence
    from datetime import datetime

    from sqlalchemy import Connection, Row

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.member_request import DataRecord, NamedLead

    #: Applies a record to a lead; whether the lead has joined by it.
    _Apply = Callable[[int], bool]

CHANGE_STATUS = 104
CHANGE_MEMBER_DATA = 123


@dataclass(frozen=True, slots=True)
class MemberOutcome:
    """What became of one record."""

    lead_id: int | None
    #: Why it was skipped; None for one that was applied.
    error: TailraceError | None = None
    is_created: bool = False


class Roster:
    """The members of one program, within a transaction."""

    def __init__(
        self, connection: Connection, subscription_id: SubscriptionId, program_id: int
    ) -> None:
        """Raises ObjectNotFoundError where there is no such program."""
        found = find_asset(connection, subscription_id, PROGRAMS, program_id)
        if found is None:
            raise ObjectNotFoundError
        self._connection = connection
        self.subscription_id = subscription_id
        self.program = found
        self.statuses = statuses_of_channel(connection, subscription_id, found.channel)

    def status_named(self, name: str) -> str:
        """The status as its channel spells it. Raises ProgramStatusNotFoundError."""
        return find_status(self.statuses, name).name

    def change_status(
        self,
        leads: Sequence[NamedLead],
        status_name: str,
        *,
        at: datetime,
        source: str,
        may_join: bool,
    ) -> list[MemberOutcome]:
        """Move leads to a status; those that are no members join, if they may.

        Raises ProgramStatusNotFoundError, and then nothing has changed.
        """
        wanted = find_status(self.statuses, status_name)
        change = _Change(self, _ids(leads), at, source)
        outcomes = [
            self._outcome(named, lambda lead_id: change.move(lead_id, wanted, may_join=may_join))
            for named in leads
        ]
        change.write(self._connection, self.subscription_id)
        return outcomes

    def change_data(
        self, records: Sequence[DataRecord], *, at: datetime, source: str
    ) -> list[MemberOutcome]:
        """Give members new values of the fields that are theirs."""
        change = _Change(self, _ids(one.lead for one in records), at, source)

        def apply(record: DataRecord, lead_id: int) -> bool:
            if record.error is not None:
                raise record.error
            return change.set_values(lead_id, record.values)

        outcomes = [
            self._outcome(one.lead, lambda lead_id, one=one: apply(one, lead_id)) for one in records
        ]
        change.write(self._connection, self.subscription_id)
        return outcomes

    def remove(
        self, leads: Sequence[NamedLead], *, at: datetime, source: str
    ) -> list[MemberOutcome]:
        """Take leads out of the program."""
        change = _Change(self, _ids(leads), at, source)
        outcomes = [self._outcome(named, change.remove) for named in leads]
        change.write(self._connection, self.subscription_id)
        return outcomes

    def memberships(self, lead_ids: Iterable[int]) -> dict[int, Membership]:
        """The memberships of those of the leads that are members."""
        query = select(program_member).where(
            program_member.c.subscription_id == self.subscription_id,
            program_member.c.program_id == self.program.id,
            program_member.c.lead_id.in_(list(lead_ids)),
        )
        return {row.lead_id: membership_of(row) for row in self._connection.execute(query)}

    def acquiring_programs(self, lead_ids: Iterable[int]) -> dict[int, int | None]:
        """The program that brought each lead in, for those of the leads that there are."""
        query = select(lead.c.id, lead.c.acquisitionProgramId).where(
            lead.c.subscription_id == self.subscription_id, lead.c.id.in_(list(lead_ids))
        )
        return {row.id: row.acquisitionProgramId for row in self._connection.execute(query)}

    def _outcome(self, named: NamedLead, apply: _Apply) -> MemberOutcome:
        if not isinstance(named, int):
            return MemberOutcome(None, named)
        try:
            return MemberOutcome(named, is_created=apply(named))
        except TailraceError as error:
            return MemberOutcome(named, error)


class _Change:
    """What one call does to some members, until it is written."""

    def __init__(self, roster: Roster, lead_ids: Sequence[int], at: datetime, source: str) -> None:
        self._roster = roster
        self._at = at
        self._source = source
        self._leads = roster.acquiring_programs(lead_ids)
        self._stored = roster.memberships(lead_ids)
        self._now: dict[int, Membership] = dict(self._stored)
        self._activities: list[NewActivity] = []
        #: Leads that join; their memberships have no ids yet.
        self._moves: list[tuple[int, ProgressionStatus, ProgressionStatus]] = []

    def move(self, lead_id: int, wanted: ProgressionStatus, *, may_join: bool) -> bool:
        """Whether the lead has joined by it."""
        statuses = self._roster.statuses
        known = self._now.get(lead_id)
        self._check_lead(lead_id)
        if known is None and not may_join:
            raise LeadNotInProgramError
        current = first_status(statuses) if known is None else status_of(known, statuses)
        check_progress(current, wanted)
        if wanted.name == first_status(statuses).name:
            raise LeadPastStatusError
        base = self._new_membership(lead_id) if known is None else known
        self._now[lead_id] = moved_to(base, wanted, self._at)
        self._moves.append((lead_id, current, wanted))
        return known is None

    def set_values(self, lead_id: int, values: Mapping[str, str | None]) -> bool:
        known = self._member(lead_id)
        changed = {name: one for name, one in values.items() if known.data.get(name) != one}
        if not changed:
            return False
        merged = {**known.data, **changed}
        data = {name: one for name, one in merged.items() if one is not None}
        self._now[lead_id] = replace(known, data=data, updated_at=self._at)
        self._activities += [
            self._activity(
                lead_id,
                CHANGE_MEMBER_DATA,
                {
                    "Attribute Name": name,
                    "Old Value": known.data.get(name),
                    "New Value": one,
                    "Source": self._source,
                },
            )
            for name, one in changed.items()
        ]
        return False

    def remove(self, lead_id: int) -> bool:
        self._check_lead(lead_id)
        known = self._now.pop(lead_id, None)
        if known is None:
            raise LeadNotInProgramError
        statuses = self._roster.statuses
        self._tell_move(known, status_of(known, statuses), first_status(statuses))
        return False

    def write(self, connection: Connection, subscription_id: SubscriptionId) -> None:
        """Write rows and activities."""
        self._number_new(connection, subscription_id)
        for lead_id, old, new in self._moves:
            self._tell_move(self._now[lead_id], old, new)
        gone = [one for one in self._stored if one not in self._now]
        changed = [
            one
            for lead_id, one in self._now.items()
            if lead_id in self._stored and one != self._stored[lead_id]
        ]
        new = [one for lead_id, one in self._now.items() if lead_id not in self._stored]
        key = {"subscription_id": subscription_id, "program_id": self._roster.program.id}
        if gone:
            connection.execute(
                delete(program_member).filter_by(**key).where(program_member.c.lead_id.in_(gone))
            )
        if new:
            rows = [{**key, "lead_id": one.lead_id, **membership_columns(one)} for one in new]
            connection.execute(insert(program_member), rows)
        if changed:
            connection.execute(
                update(program_member)
                .filter_by(**key)
                .where(program_member.c.lead_id == bindparam("of_lead")),
                [{"of_lead": one.lead_id, **membership_columns(one)} for one in changed],
            )
        record_activities(connection, subscription_id, self._activities)

    def _member(self, lead_id: int) -> Membership:
        self._check_lead(lead_id)
        known = self._now.get(lead_id)
        if known is None:
            raise MembershipNotFoundError
        return known

    def _check_lead(self, lead_id: int) -> None:
        if lead_id not in self._leads:
            raise LeadNotFoundError

    def _new_membership(self, lead_id: int) -> Membership:
        program_id = self._roster.program.id
        return Membership(
            id=0,
            program_id=program_id,
            lead_id=lead_id,
            status_name="",
            reached_success=False,
            reached_success_at=None,
            acquired_by=self._leads[lead_id] == program_id,
            is_exhausted=False,
            member_since=self._at,
            updated_at=self._at,
            data={},
        )

    def _number_new(self, connection: Connection, subscription_id: SubscriptionId) -> None:
        new = [lead_id for lead_id in self._now if lead_id not in self._stored]
        if not new:
            return
        first = take_numbers(connection, subscription_id, SequenceKind.PROGRAM_MEMBER, len(new))
        for number, lead_id in enumerate(new, first):
            self._now[lead_id] = replace(self._now[lead_id], id=number)

    def _tell_move(self, one: Membership, old: ProgressionStatus, new: ProgressionStatus) -> None:
        reached = one.reached_success_at
        attributes = {
            "Acquired By": one.acquired_by,
            "New Status": new.name,
            "New Status ID": new.id or None,
            "Old Status": old.name,
            "Old Status ID": old.id or None,
            "Program Member ID": one.id,
            "Reached Success Date": None if reached is None else f"{reached:%Y-%m-%d %H:%M:%S}",
            "Reason": self._source,
            "Registration Code": one.data.get("registrationCode"),
            "Success": new.success,
            "Webinar URL": one.data.get("webinarUrl"),
        }
        self._activities.append(self._activity(one.lead_id, CHANGE_STATUS, attributes))

    def _activity(
        self, lead_id: int, type_id: int, attributes: Mapping[str, str | int | bool | None]
    ) -> NewActivity:
        return NewActivity(
            lead_id=lead_id,
            type_id=type_id,
            at=self._at,
            attributes=attributes,
            primary_value_id=self._roster.program.id,
            primary_value=self._roster.program.name,
        )


def membership_of(row: Row[Any]) -> Membership:
    """The membership in a row of the table."""
    return Membership(
        id=row.id,
        program_id=row.program_id,
        lead_id=row.lead_id,
        status_name=row.status_name,
        reached_success=row.reached_success,
        reached_success_at=row.reached_success_at,
        acquired_by=row.acquired_by,
        is_exhausted=row.is_exhausted,
        member_since=row.member_since,
        updated_at=row.updated_at,
        data=msgspec.json.decode(row.data, type=dict[str, str]),
    )


def membership_columns(one: Membership) -> dict[str, object]:
    """The columns of a membership beside its key."""
    return {
        "id": one.id,
        "status_name": one.status_name,
        "reached_success": one.reached_success,
        "reached_success_at": one.reached_success_at,
        "acquired_by": one.acquired_by,
        "is_exhausted": one.is_exhausted,
        "member_since": one.member_since,
        "updated_at": one.updated_at,
        "data": msgspec.json.encode(one.data).decode(),
    }


def _ids(leads: Iterable[NamedLead]) -> list[int]:
    return list(dict.fromkeys(one for one in leads if isinstance(one, int)))
