"""What an administrator says of an asset: one type a kind, read from files and options alike.

A member that is left out keeps what the asset has, or its default where the asset is new.
"""

from __future__ import annotations

from enum import StrEnum
from typing import TYPE_CHECKING, Any

import msgspec
from msgspec import UNSET, UnsetType

from tailrace.domain.assets import CampaignType, FormStatus, ProgramType
from tailrace.domain.lead_fields import DataType

if TYPE_CHECKING:
    from collections.abc import Mapping


class EntryKind(StrEnum):
    """Kinds of entry by the name that files have for them, in the order they are stored."""

    FIELDS = "fields"
    CHANNELS = "channels"
    PROGRAMS = "programs"
    CAMPAIGNS = "campaigns"
    LISTS = "lists"
    FORMS = "forms"
    SMART_LISTS = "smartLists"
    LIST_MEMBERS = "listMembers"
    PROGRAM_MEMBERS = "programMembers"


class Entry(msgspec.Struct, frozen=True, kw_only=True, rename="camel", forbid_unknown_fields=True):
    """Something that a file or a command names."""


class FieldEntry(Entry, frozen=True, kw_only=True):
    #: REST name.
    name: str
    display_name: str | None = None
    type: DataType = DataType.STRING
    length: int | None = None


class StatusEntry(Entry, frozen=True, kw_only=True):
    name: str
    step: int
    description: str | None = None
    hidden: bool = False
    success: bool = False


class ChannelEntry(Entry, frozen=True, kw_only=True):
    name: str
    #: `program`, `event`, `nurture` or `email`.
    type: str = "program"
    statuses: tuple[StatusEntry, ...]
    description: str | UnsetType | None = UNSET


class AssetEntry(Entry, frozen=True, kw_only=True):
    name: str
    #: Kept as it is, for assets of a subscription that there is elsewhere, too.
    id: int | UnsetType = UNSET
    description: str | UnsetType | None = UNSET
    #: Instants of ISO 8601.
    created_at: str | UnsetType = UNSET
    updated_at: str | UnsetType = UNSET


class CostEntry(Entry, frozen=True, kw_only=True):
    #: `YYYY-MM-DD`.
    start_date: str
    cost: int
    note: str = ""


class ProgramEntry(AssetEntry, frozen=True, kw_only=True):
    #: Name of the program that it is nested in.
    program: str | UnsetType | None = UNSET
    #: Required of a new one.
    channel: str | UnsetType = UNSET
    type: ProgramType | UnsetType = UNSET
    status: str | UnsetType = UNSET
    #: By type.
    tags: dict[str, str] | UnsetType = UNSET
    costs: tuple[CostEntry, ...] | UnsetType = UNSET


class PlacedEntry(AssetEntry, frozen=True, kw_only=True):
    #: Name of the program around it: two assets of one name are told apart by it.
    program: str | None = None


class CampaignEntry(PlacedEntry, frozen=True, kw_only=True):
    type: CampaignType | UnsetType = UNSET
    active: bool | UnsetType = UNSET


class ListEntry(PlacedEntry, frozen=True, kw_only=True):
    #: Leads by id or e-mail address; they join those that are members already.
    members: tuple[int | str, ...] = ()


class FormEntry(PlacedEntry, frozen=True, kw_only=True):
    status: FormStatus | UnsetType = UNSET
    #: REST names of lead fields.
    fields: tuple[str, ...] | UnsetType = UNSET


class SmartListEntry(PlacedEntry, frozen=True, kw_only=True):
    #: See `domain.smart_list`; required of a new one.
    rule: Any = UNSET


class ListMemberEntry(Entry, frozen=True, kw_only=True):
    list: str
    #: Name of the program around the list.
    program: str | None = None
    #: Id or e-mail address.
    lead: int | str


class ProgramMemberEntry(Entry, frozen=True, kw_only=True):
    program: str
    #: Id or e-mail address.
    lead: int | str
    #: That of its channel which follows `Not in Program`, for a new member.
    status: str | UnsetType = UNSET
    acquired_by: bool | UnsetType = UNSET
    membership_date: str | UnsetType = UNSET
    registration_code: str | UnsetType | None = UNSET
    webinar_url: str | UnsetType | None = UNSET


ENTRY_TYPES: Mapping[EntryKind, type[Entry]] = {
    EntryKind.FIELDS: FieldEntry,
    EntryKind.CHANNELS: ChannelEntry,
    EntryKind.PROGRAMS: ProgramEntry,
    EntryKind.CAMPAIGNS: CampaignEntry,
    EntryKind.LISTS: ListEntry,
    EntryKind.FORMS: FormEntry,
    EntryKind.SMART_LISTS: SmartListEntry,
    EntryKind.LIST_MEMBERS: ListMemberEntry,
    EntryKind.PROGRAM_MEMBERS: ProgramMemberEntry,
}


class Outcome(StrEnum):
    """What became of an entry."""

    CREATED = "created"
    CHANGED = "changed"
    UNCHANGED = "unchanged"
