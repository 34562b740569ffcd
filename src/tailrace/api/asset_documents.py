"""Assets as the asset API shows them: one type a kind, members in Marketo's order.

Two shapes of folder are no slip: programs and forms say `value`, lists and campaigns say `id`
(contract section 6.9).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, TypedDict

from msgspec import UNSET, Struct, UnsetType

from tailrace.domain.assets import WORKSPACE_NAME, CampaignType, ProgramType
from tailrace.domain.instants import format_instant

if TYPE_CHECKING:
    from datetime import datetime

    from tailrace.domain.assets import (
        Asset,
        AssetFolder,
        Campaign,
        Form,
        Program,
        SmartList,
        StaticList,
    )
    from tailrace.domain.programs import Channel

#: Assets have no page of their own here; the fragment names one as Marketo's addresses do.
_ADDRESS = "https://app.tailrace.invalid/#{code}{id}{suffix}"

_PROGRAM_CODES = {
    ProgramType.DEFAULT: "PG",
    ProgramType.EVENT: "ME",
    ProgramType.WEBINAR: "ME",
    ProgramType.ENGAGEMENT: "NP",
    ProgramType.EMAIL: "EBP",
}


class FolderId(Struct, frozen=True):
    """The folder of a list or campaign."""

    id: int
    #: `Folder` or `Program`.
    type: str


class FolderValue(Struct, frozen=True, rename="camel"):
    """The folder of a program or form."""

    type: str
    value: int
    folder_name: str


class ProgramTag(Struct, frozen=True, rename="camel"):
    tag_type: str
    tag_value: str


class ProgramCost(Struct, frozen=True, rename="camel"):
    start_date: str
    cost: int
    note: str


class ProgramItem(Struct, frozen=True, rename="camel"):
    id: int
    name: str
    description: str
    created_at: str
    updated_at: str
    url: str
    type: str
    channel: str
    folder: FolderValue
    status: str
    workspace: str = WORKSPACE_NAME
    head_start: bool = False
    #: Where tags and costs are told at all; null where there are none.
    tags: list[ProgramTag] | UnsetType | None = UNSET
    costs: list[ProgramCost] | UnsetType | None = UNSET


class StaticListItem(Struct, frozen=True, rename="camel"):
    id: int
    name: str
    created_at: str
    updated_at: str
    folder: FolderId
    computed_url: str
    description: str | UnsetType = UNSET


class SmartListItem(Struct, frozen=True, rename="camel"):
    id: int
    name: str
    created_at: str
    updated_at: str
    url: str
    folder: FolderId
    workspace: str = WORKSPACE_NAME
    description: str | UnsetType = UNSET
    rules: SmartListRules | UnsetType = UNSET


class SmartListRules(Struct, frozen=True, rename="camel"):
    #: `All`, `Any`, or `Advanced` where rules are nested.
    filter_match_type: str
    triggers: list[str]
    filters: list[SmartListFilter]


class SmartListFilter(Struct, frozen=True, rename="camel"):
    #: Its place among the filters, from 1.
    id: int
    name: str
    rule_type_id: int
    #: `Lead Attribute`, `List Membership` or `Activity`.
    rule_type: str
    operator: str
    conditions: list[SmartListCondition]


class SmartListCondition(Struct, frozen=True, rename="camel"):
    activity_attribute_id: int
    activity_attribute_name: str
    operator: str
    values: list[str]
    is_primary: bool


class KnownVisitor(Struct, frozen=True):
    type: str = "form"
    template: str | None = None


class ThankYou(Struct, frozen=True):
    followupType: str = "none"  # noqa: N815 - spelt as the wire has it, beside `default`
    followupValue: str | None = None  # noqa: N815 - as above
    default: bool = True


class FormItem(Struct, frozen=True, rename="camel"):
    id: int
    name: str
    description: str
    created_at: str
    updated_at: str
    url: str
    status: str
    folder: FolderValue
    theme: str = "simple"
    language: str = "English"
    locale: str = "en_US"
    progressive_profiling: bool = False
    label_position: str = "left"
    font_family: str = "Helvetica"
    font_size: str = "13px"
    known_visitor: KnownVisitor = KnownVisitor()
    thank_you_list: tuple[ThankYou, ...] = (ThankYou(),)
    button_location: int = 120
    button_label: str = "Submit"
    waiting_label: str = "Please Wait"


class ProgressionStatusItem(Struct, frozen=True):
    name: str
    step: int
    description: str | None
    hidden: bool
    success: bool


class ChannelItem(Struct, frozen=True, rename="camel"):
    id: int
    name: str
    applicable_program_type: str
    progression_statuses: list[ProgressionStatusItem]
    created_at: str
    updated_at: str


class SmartCampaignItem(Struct, frozen=True, rename="camel"):
    id: int
    name: str
    description: str
    created_at: str
    updated_at: str
    folder: FolderId
    status: str
    type: str
    is_system: bool
    is_active: bool
    is_requestable: bool
    computed_url: str
    is_communication_limit_enabled: bool = False
    qualification_rule_type: str = "once"
    workspace: str = WORKSPACE_NAME
    #: Of the program around it.
    parent_program_id: int | UnsetType = UNSET


class AssetId(Struct, frozen=True):
    """What is left of a deleted asset."""

    id: int


def asset_instant(instant: datetime) -> str:
    """An instant as the asset API alone writes it (contract section 2.8)."""
    return f"{format_instant(instant)}+0000"


def program_item(
    program: Program, *, has_tags: bool = False, has_costs: bool = False, is_full: bool = False
) -> ProgramItem:
    """A program; with `is_full` it has both members, filled as the other two say."""
    tags = [ProgramTag(one.type, one.value) for one in program.tags] if has_tags else None
    costs = [ProgramCost(one.start_date, one.cost, one.note) for one in program.costs]
    return ProgramItem(
        **_header(program),
        description=program.description or "",
        url=_address(_PROGRAM_CODES[program.type], program),
        type=program.type.value,
        channel=program.channel,
        folder=_folder_value(program.folder),
        status=program.status,
        tags=(tags or None) if is_full else UNSET,
        costs=((costs or None) if has_costs else None) if is_full else UNSET,
    )


def static_list_item(one: StaticList) -> StaticListItem:
    return StaticListItem(
        **_header(one),
        folder=_folder_id(one.folder),
        computed_url=_address("ST", one),
        description=one.description or UNSET,
    )


def smart_list_item(one: SmartList, rules: SmartListRules | None = None) -> SmartListItem:
    return SmartListItem(
        **_header(one),
        url=_address("SL", one),
        folder=_folder_id(one.folder),
        description=one.description or UNSET,
        rules=rules or UNSET,
    )


def form_item(form: Form) -> FormItem:
    return FormItem(
        **_header(form),
        description=form.description or "",
        url=_address("FO", form, "B2"),
        status=form.status.value,
        folder=_folder_value(form.folder),
    )


def smart_campaign_item(campaign: Campaign) -> SmartCampaignItem:
    is_trigger = campaign.type is CampaignType.TRIGGER
    folder = campaign.folder
    return SmartCampaignItem(
        **_header(campaign),
        description=campaign.description or "",
        folder=_folder_id(folder),
        status="Active" if campaign.is_active else "Inactive",
        type=campaign.type.value,
        is_system=False,
        is_active=campaign.is_active,
        is_requestable=is_trigger and campaign.is_active,
        computed_url=_address("SC", campaign),
        parent_program_id=folder.id if folder.is_program else UNSET,
    )


def channel_item(channel: Channel) -> ChannelItem:
    return ChannelItem(
        id=channel.id,
        name=channel.name,
        applicable_program_type=channel.applicable_program_type,
        progression_statuses=[
            ProgressionStatusItem(one.name, one.step, one.description, one.hidden, one.success)
            for one in channel.statuses
        ],
        created_at=asset_instant(channel.created_at),
        updated_at=asset_instant(channel.updated_at),
    )


class _Header(TypedDict):
    """What every asset begins with."""

    id: int
    name: str
    created_at: str
    updated_at: str


def _header(asset: Asset) -> _Header:
    return {
        "id": asset.id,
        "name": asset.name,
        "created_at": asset_instant(asset.created_at),
        "updated_at": asset_instant(asset.updated_at),
    }


def _address(code: str, asset: Asset, suffix: str = "A1") -> str:
    return _ADDRESS.format(code=code, id=asset.id, suffix=suffix)


def _folder_type(folder: AssetFolder) -> str:
    return "Program" if folder.is_program else "Folder"


def _folder_id(folder: AssetFolder) -> FolderId:
    return FolderId(folder.id, _folder_type(folder))


def _folder_value(folder: AssetFolder) -> FolderValue:
    return FolderValue(_folder_type(folder), folder.id, folder.name)
