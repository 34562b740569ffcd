"""Loading asset files: one transaction a file, so that a bad entry leaves nothing behind."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, cast

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
from tailrace.store.member_writing import LeadFinder, MemberWriter

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from datetime import datetime
    from pathlib import Path

    from sqlalchemy import Connection

    from tailrace.app import Application
    from tailrace.domain.asset_entries import Entry
    from tailrace.domain.export_job import SubscriptionId
    from tailrace.store.member_writing import LeadReference


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
        with application.database.write() as connection:
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
        self._assets = AssetWriter(connection, subscription_id, moment)
        self._members = MemberWriter(connection, subscription_id, moment)
        self._leads = LeadFinder(
            connection, subscription_id, (lead for one in entries for lead in _leads_of(one.entry))
        )

    def outcomes(self) -> Iterator[tuple[EntryKind, Outcome]]:
        """Store every entry, kind after kind, so that what others need is there before them."""
        for kind in EntryKind:
            of_kind = [one for one in self._entries if one.kind is kind]
            ordered = _outer_first(of_kind) if kind is EntryKind.PROGRAMS else of_kind
            for one in ordered:
                yield kind, self._store(one)

    def _store(self, one: Located) -> Outcome:
        try:
            return self._writers[one.kind](one.entry)
        except AssetEntryError as error:
            raise AdministrationError(f"{one.where}, {error.field}: {error.reason}.") from error

    @property
    def _writers(self) -> dict[EntryKind, Callable[[Entry], Outcome]]:
        assets = self._assets
        return {
            EntryKind.FIELDS: lambda entry: assets.field(cast("FieldEntry", entry)),
            EntryKind.CHANNELS: lambda entry: assets.channel(cast("ChannelEntry", entry)),
            EntryKind.PROGRAMS: lambda entry: assets.program(cast("ProgramEntry", entry)),
            EntryKind.CAMPAIGNS: lambda entry: assets.campaign(cast("CampaignEntry", entry)),
            EntryKind.LISTS: lambda entry: self._list(cast("ListEntry", entry)),
            EntryKind.FORMS: lambda entry: assets.form(cast("FormEntry", entry)),
            EntryKind.SMART_LISTS: lambda entry: assets.smart_list(cast("SmartListEntry", entry)),
            EntryKind.LIST_MEMBERS: lambda entry: self._list_member(cast("ListMemberEntry", entry)),
            EntryKind.PROGRAM_MEMBERS: lambda entry: self._program_member(
                cast("ProgramMemberEntry", entry)
            ),
        }

    def _list(self, entry: ListEntry) -> Outcome:
        outcome = self._assets.static_list(entry)
        if entry.members:
            list_id = self._assets.list_id(entry.name, entry.program)
            ids = [self._leads.id_of(one, "members") for one in entry.members]
            if self._members.add_to_list(list_id, ids) and outcome is Outcome.UNCHANGED:
                return Outcome.CHANGED
        return outcome

    def _list_member(self, entry: ListMemberEntry) -> Outcome:
        list_id = self._assets.list_id(entry.list, entry.program)
        added = self._members.add_to_list(list_id, [self._leads.id_of(entry.lead, "lead")])
        return Outcome.CREATED if added else Outcome.UNCHANGED

    def _program_member(self, entry: ProgramMemberEntry) -> Outcome:
        program_id = self._assets.program_id(entry.program)
        lead_id = self._leads.id_of(entry.lead, "lead")
        return self._members.program_member(program_id, lead_id, entry)


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
