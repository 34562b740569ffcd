"""Members of lists and programs as an administrator wants them; nothing is told to the log."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from sqlalchemy import bindparam, insert, select, update

from tailrace.domain.asset_entries import Outcome
from tailrace.domain.errors import AssetEntryError, ProgramStatusNotFoundError, ScalarTypeError
from tailrace.domain.instants import parse_instant
from tailrace.domain.lead_fields import LARGEST_INTEGER, LeadFieldCatalogue
from tailrace.domain.lead_lookup import folded
from tailrace.domain.lead_values import clean_text
from tailrace.domain.programs import MEMBER_FIELDS_BY_NAME, Membership, find_status, first_status
from tailrace.store.bulk_insert import insert_rows
from tailrace.store.lead_lookup import lookup_conditions
from tailrace.store.program_members import Roster, membership_columns
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.tables import lead, program_member, static_list_member

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Iterator, Sequence
    from datetime import datetime

    from msgspec import UnsetType
    from sqlalchemy import Connection

    from tailrace.domain.asset_entries import ProgramMemberEntry
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.domain.programs import ProgressionStatus

    #: A lead by id or e-mail address.
    LeadReference = int | str

_VALUES_PER_QUERY = 500


class LeadFinder:
    """The leads that references name, looked up all at once."""

    def __init__(
        self,
        connection: Connection,
        subscription_id: SubscriptionId,
        references: Iterable[LeadReference],
    ) -> None:
        wanted = set(references)
        numbers = sorted(
            one for one in wanted if isinstance(one, int) and 0 < one <= LARGEST_INTEGER
        )
        self._ids = set(_existing(connection, subscription_id, numbers))
        self._by_address: dict[str, list[int]] = {}
        addresses = sorted({folded(one.strip()) for one in wanted if isinstance(one, str)})
        for lead_id, address in _with_address(connection, subscription_id, addresses):
            self._by_address.setdefault(folded(address), []).append(lead_id)

    def id_of(self, reference: LeadReference, field: str) -> int:
        """The id of the one lead. Raises AssetEntryError where there is none, or are several."""
        if isinstance(reference, int):
            if reference not in self._ids:
                raise AssetEntryError(field, f"there is no lead {reference}")
            return reference
        found = self._by_address.get(folded(reference.strip()), [])
        if len(found) != 1:
            count = "no lead has" if not found else f"{len(found)} leads have"
            raise AssetEntryError(field, f"{count} the e-mail address '{reference}'")
        return found[0]


def add_to_list(
    connection: Connection,
    subscription_id: SubscriptionId,
    list_id: int,
    lead_ids: Sequence[int],
    now: datetime,
) -> int:
    """Put leads on a list; how many were not on it before."""
    known: set[int] = set()
    for some in _pieces(lead_ids):
        query = select(static_list_member.c.lead_id).where(
            static_list_member.c.subscription_id == subscription_id,
            static_list_member.c.list_id == list_id,
            static_list_member.c.lead_id.in_(some),
        )
        known.update(connection.execute(query).scalars())
    new = [one for one in dict.fromkeys(lead_ids) if one not in known]
    added_at = int(now.timestamp()) * 1_000_000
    insert_rows(
        connection,
        static_list_member,
        ("subscription_id", "list_id", "lead_id", "added_at"),
        [(subscription_id, list_id, one, added_at) for one in new],
    )
    return len(new)


class ProgramMemberBatch:
    """Members of one program: read at once, changed one after another, written at once."""

    def __init__(
        self,
        connection: Connection,
        subscription_id: SubscriptionId,
        program_id: int,
        lead_ids: Collection[int],
        now: datetime,
    ) -> None:
        self._connection = connection
        self._key = {"subscription_id": subscription_id, "program_id": program_id}
        self._roster = Roster(connection, subscription_id, program_id)
        self._now = now
        self._stored: dict[int, Membership] = {}
        self._acquired_by: dict[int, int | None] = {}
        for some in _pieces(lead_ids):
            self._stored |= self._roster.memberships(some)
            self._acquired_by |= self._roster.acquiring_programs(some)
        self._wanted = dict(self._stored)

    def apply(self, lead_id: int, entry: ProgramMemberEntry) -> Outcome:
        """Make a lead a member, or its membership what the entry says. Raises AssetEntryError."""
        known = self._wanted.get(lead_id)
        base = self._new(lead_id) if known is None else known
        wanted = _applied(base, entry, self._roster.statuses, self._now)
        if wanted == known:
            return Outcome.UNCHANGED
        self._wanted[lead_id] = replace(wanted, updated_at=max(wanted.updated_at, self._now))
        return Outcome.CREATED if known is None else Outcome.CHANGED

    def write(self) -> None:
        """Write what has changed."""
        new = [one for lead_id, one in self._wanted.items() if lead_id not in self._stored]
        changed = [
            one for lead_id, one in self._wanted.items() if self._stored.get(lead_id, one) != one
        ]
        if new:
            subscription_id = self._roster.subscription_id
            kind = SequenceKind.PROGRAM_MEMBER
            first = take_numbers(self._connection, subscription_id, kind, len(new))
            numbered = [replace(one, id=number) for number, one in enumerate(new, first)]
            self._connection.execute(
                insert(program_member),
                [
                    {**self._key, "lead_id": one.lead_id, **membership_columns(one)}
                    for one in numbered
                ],
            )
        if changed:
            statement = update(program_member).filter_by(**self._key)
            self._connection.execute(
                statement.where(program_member.c.lead_id == bindparam("of_lead")),
                [{"of_lead": one.lead_id, **membership_columns(one)} for one in changed],
            )

    def _new(self, lead_id: int) -> Membership:
        statuses, program_id = self._roster.statuses, self._roster.program.id
        first = first_status(statuses)
        usual = next(one for one in statuses if one is not first)
        fresh = Membership(
            id=0,
            program_id=program_id,
            lead_id=lead_id,
            status_name="",
            reached_success=False,
            reached_success_at=None,
            acquired_by=self._acquired_by.get(lead_id) == program_id,
            is_exhausted=False,
            member_since=self._now,
            updated_at=self._now,
            data={},
        )
        return _in_status(fresh, usual, self._now)


def _applied(
    base: Membership,
    entry: ProgramMemberEntry,
    statuses: tuple[ProgressionStatus, ...],
    now: datetime,
) -> Membership:
    """The membership with what the entry says of it."""
    wanted = base
    if isinstance(entry.membership_date, str):
        since = _instant(entry.membership_date)
        wanted = replace(wanted, member_since=since, updated_at=max(since, wanted.updated_at))
    if isinstance(entry.status, str):
        wanted = _in_status(wanted, _status(statuses, entry.status), now)
    if isinstance(entry.acquired_by, bool):
        wanted = replace(wanted, acquired_by=entry.acquired_by)
    data = dict(base.data)
    _put(data, "registrationCode", entry.registration_code)
    _put(data, "webinarUrl", entry.webinar_url)
    return replace(wanted, data=data)


def _status(statuses: tuple[ProgressionStatus, ...], name: str) -> ProgressionStatus:
    try:
        status = find_status(statuses, name)
    except ProgramStatusNotFoundError as error:
        known = ", ".join(f"'{one.name}'" for one in statuses)
        raise AssetEntryError("status", f"'{name}' is none of the channel's: {known}") from error
    if status == first_status(statuses):
        raise AssetEntryError("status", f"'{status.name}' is that of leads that are no members")
    return status


def _in_status(one: Membership, status: ProgressionStatus, now: datetime) -> Membership:
    if one.status_name == status.name:
        return one
    return replace(
        one,
        status_name=status.name,
        reached_success=one.reached_success or status.success,
        reached_success_at=one.reached_success_at or (now if status.success else None),
    )


def _put(data: dict[str, str], name: str, value: str | UnsetType | None) -> None:
    if value is None or value == "":
        data.pop(name, None)
    elif isinstance(value, str):
        text = clean_text(value)
        length = MEMBER_FIELDS_BY_NAME[name].length
        if length is not None and len(text) > length:
            raise AssetEntryError(name, f"it has more than {length} characters")
        data[name] = text


def _instant(text: str) -> datetime:
    try:
        return parse_instant(text)
    except ScalarTypeError as error:
        raise AssetEntryError("membershipDate", f"'{text}' is no ISO 8601 instant") from error


def _pieces(ids: Collection[int]) -> Iterator[list[int]]:
    ordered = sorted(set(ids))
    for start in range(0, len(ordered), _VALUES_PER_QUERY):
        yield ordered[start : start + _VALUES_PER_QUERY]


def _existing(
    connection: Connection, subscription_id: SubscriptionId, ids: Collection[int]
) -> Iterator[int]:
    for some in _pieces(ids):
        query = select(lead.c.id).where(
            lead.c.subscription_id == subscription_id, lead.c.id.in_(some)
        )
        yield from connection.execute(query).scalars()


def _with_address(
    connection: Connection, subscription_id: SubscriptionId, addresses: Sequence[str]
) -> Iterator[tuple[int, str]]:
    email = LeadFieldCatalogue.of(())["email"]
    for condition in lookup_conditions(subscription_id, email, addresses):
        query = select(lead.c.id, lead.c.email).where(
            lead.c.subscription_id == subscription_id, condition
        )
        for row in connection.execute(query):
            yield row.id, row.email
