"""Loading asset files: one transaction a file, so that a bad entry leaves nothing behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from functools import cache, partial
from typing import TYPE_CHECKING, TypeVar, cast

from tailrace.domain.asset_entries import (
    CampaignEntry,
    ChannelEntry,
    EntryKind,
    FieldEntry,
    FormEntry,
    ListEntry,
    ListMemberEntry,
    Outcome,
    ProgramEntry,
    ProgramMemberEntry,
    SmartListEntry,
)
from tailrace.domain.errors import AdministrationError, AssetEntryError
from tailrace.ingest.asset_file import Located, read_asset_file
from tailrace.store.asset_writing import AssetWriter
from tailrace.store.member_writing import LeadFinder, ProgramMemberBatch, add_to_list
from tailrace.store.turns import records_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from tailrace.app import Application
    from tailrace.domain.asset_entries import Entry
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.member_writing import LeadReference


Result = TypeVar("Result")


@dataclass(frozen=True, slots=True)
class AssetLoadReport:
    """What became of the entries of all files, by kind."""

    counts: dict[EntryKind, Counter[Outcome]] = field(
        default_factory=dict[EntryKind, "Counter[Outcome]"]
    )

    def add(self, kind: EntryKind, outcome: Outcome) -> None:
        self.counts.setdefault(kind, Counter())[outcome] += 1


def load_assets(
    application: Application, paths: Sequence[Path], kind: EntryKind | None = None
) -> AssetLoadReport:
    """Load files one after another; what a file before the bad one held stays.

    Raises AdministrationError naming the file, the entry, its field and what is wrong.
    """
    report = AssetLoadReport()
    subscription_id = application.subscriptions.default_id()
    for path in paths:
        entries = read_asset_file(path, kind)
        with application.database.write(records_of(subscription_id)) as connection:
            load = _Load(connection, subscription_id, application.clock(), entries)
            outcomes = list(load.outcomes())
        for entry_kind, outcome in outcomes:
            report.add(entry_kind, outcome)
    return report


class _Load:
    """One file within one transaction."""

    def __init__(
        self,
        connection: Connection,
        subscription_id: SubscriptionId,
        now: datetime,
        entries: Sequence[Located],
    ) -> None:
        # Assets are dated to the second, as everything else is.
        moment = now.replace(microsecond=0)
        self._entries = entries
        self._connection = connection
        self._subscription_id = subscription_id
        self._now = moment
        self._assets = AssetWriter(connection, subscription_id, moment)
        self._leads = LeadFinder(
            connection, subscription_id, (lead for one in entries for lead in _leads_of(one.entry))
        )

    def outcomes(self) -> Iterator[tuple[EntryKind, Outcome]]:
        """Store every entry, kind after kind, so that what others need is there before them."""
        for kind in EntryKind:
            of_kind = [one for one in self._entries if one.kind is kind]
            for outcome in self._outcomes(kind, of_kind):
                yield kind, outcome

    def _outcomes(self, kind: EntryKind, entries: list[Located]) -> Iterable[Outcome]:
        if kind is EntryKind.LIST_MEMBERS:
            return self._list_members(entries)
        if kind is EntryKind.PROGRAM_MEMBERS:
            return self._program_members(entries)
        ordered = _outer_first(entries) if kind is EntryKind.PROGRAMS else entries
        return [_told(one, self._asset) for one in ordered]

    def _asset(self, entry: Entry) -> Outcome:
        match entry:
            case FieldEntry():
                return self._assets.field(entry)
            case ChannelEntry():
                return self._assets.channel(entry)
            case ProgramEntry():
                return self._assets.program(entry)
            case CampaignEntry():
                return self._assets.campaign(entry)
            case FormEntry():
                return self._assets.form(entry)
            case SmartListEntry():
                return self._assets.smart_list(entry)
            case _:
                return self._list(cast("ListEntry", entry))

    def _list(self, entry: ListEntry) -> Outcome:
        outcome = self._assets.static_list(entry)
        if entry.members:
            list_id = self._assets.list_id(entry.name, entry.program)
            ids = [self._leads.id_of(one, "members") for one in entry.members]
            if self._add(list_id, ids) and outcome is Outcome.UNCHANGED:
                return Outcome.CHANGED
        return outcome

    def _list_members(self, entries: list[Located]) -> Iterator[Outcome]:
        """All members of a list at once: there may be very many."""
        list_id = cache(self._assets.list_id)

        def place(entry: Entry) -> tuple[int, int]:
            member = cast("ListMemberEntry", entry)
            return list_id(member.list, member.program), self._leads.id_of(member.lead, "lead")

        members: dict[int, list[int]] = {}
        for one in entries:
            place_id, lead_id = _told(one, place)
            members.setdefault(place_id, []).append(lead_id)
        for place_id, lead_ids in members.items():
            added = self._add(place_id, lead_ids)
            yield from [Outcome.CREATED] * added
            yield from [Outcome.UNCHANGED] * (len(lead_ids) - added)

    def _program_members(self, entries: list[Located]) -> Iterator[Outcome]:
        """All members of a program at once."""
        program_id = cache(self._assets.program_id)

        def place(entry: Entry) -> tuple[int, int]:
            member = cast("ProgramMemberEntry", entry)
            return program_id(member.program), self._leads.id_of(member.lead, "lead")

        members: dict[int, list[tuple[int, Located]]] = {}
        for one in entries:
            place_id, lead_id = _told(one, place)
            members.setdefault(place_id, []).append((lead_id, one))
        for place_id, named in members.items():
            batch = ProgramMemberBatch(
                self._connection,
                self._subscription_id,
                place_id,
                [lead_id for lead_id, _ in named],
                self._now,
            )
            for lead_id, one in named:
                yield _told(one, partial(_apply, batch, lead_id))
            batch.write()

    def _add(self, list_id: int, lead_ids: Sequence[int]) -> int:
        return add_to_list(self._connection, self._subscription_id, list_id, lead_ids, self._now)


def _apply(batch: ProgramMemberBatch, lead_id: int, entry: Entry) -> Outcome:
    return batch.apply(lead_id, cast("ProgramMemberEntry", entry))


def _told(one: Located, act: Callable[[Entry], Result]) -> Result:
    """What `act` makes of an entry; its errors name where the entry stands."""
    try:
        return act(one.entry)
    except AssetEntryError as error:
        raise AdministrationError(f"{one.where}, {error.field}: {error.reason}.") from error


def _leads_of(entry: Entry) -> Iterator[LeadReference]:
    match entry:
        case ListEntry():
            yield from entry.members
        case ListMemberEntry() | ProgramMemberEntry():
            yield entry.lead
        case _:
            return


def _outer_first(entries: Sequence[Located]) -> list[Located]:
    """Programs in an order in which each comes after the one around it, if that is in the file."""
    waiting = list(entries)
    ordered: list[Located] = []
    while waiting:
        names = {_program(one).name for one in waiting}
        free = [one for one in waiting if _program(one).program not in names]
        if not free:
            one = waiting[0]
            raise AdministrationError(f"{one.where}, program: programs are inside each other.")
        ordered += free
        waiting = [one for one in waiting if one not in free]
    return ordered


def _program(one: Located) -> ProgramEntry:
    return cast("ProgramEntry", one.entry)
