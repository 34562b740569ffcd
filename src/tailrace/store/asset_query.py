"""Assets as values: by id, by name, by folder, by date, a page at a time."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Any, Generic, TypeVar

import msgspec
from sqlalchemy import Table, and_, false, or_, select

from tailrace.domain.assets import (
    DEFAULT_FOLDER,
    Asset,
    AssetFolder,
    Campaign,
    CampaignType,
    Cost,
    Form,
    FormStatus,
    Program,
    ProgramType,
    SmartList,
    StaticList,
    Tag,
)
from tailrace.domain.programs import Channel, ProgressionStatus
from tailrace.store.tables import campaign, channel, form, program, smart_list, static_list

if TYPE_CHECKING:
    from collections.abc import Callable, Collection
    from datetime import datetime

    from sqlalchemy import ColumnElement, Connection, Row

    from tailrace.domain.assets import FolderReference
    from tailrace.domain.export_job import SubscriptionId

SomeAsset = TypeVar("SomeAsset", bound=Asset)

#: Ids above are no ids of ours, and no column holds them.
LARGEST_ID = 2**31 - 1

_SECOND = timedelta(seconds=1)


@dataclass(frozen=True, slots=True)
class AssetConditions:
    """Which assets are wanted: all conditions hold, those that are None do not count."""

    ids: Collection[int] | None = None
    names: Collection[str] | None = None
    #: Names of the programs directly around them.
    program_names: Collection[str] | None = None
    folder: FolderReference | None = None
    #: Created or updated in this second or later; in this second or before.
    earliest: datetime | None = None
    latest: datetime | None = None
    status: str | None = None
    campaign_type: CampaignType | None = None
    is_active: bool | None = None


@dataclass(frozen=True, slots=True)
class AssetPage:
    """Which stretch of what was found, by ascending id."""

    #: None for all.
    count: int | None = None
    offset: int = 0
    after_id: int = 0


@dataclass(frozen=True, slots=True)
class AssetKind(Generic[SomeAsset]):
    """Where assets of one kind rest, and how a row becomes one."""

    table: Table
    build: Callable[[Row[Any], dict[str, Any]], SomeAsset]

    @property
    def folder_column(self) -> ColumnElement[int | None]:
        return self.table.c.parent_id if self.table is program else self.table.c.program_id


def find_assets(
    connection: Connection,
    subscription_id: SubscriptionId,
    kind: AssetKind[SomeAsset],
    wanted: AssetConditions,
    page: AssetPage | None = None,
) -> list[SomeAsset]:
    """The assets of a kind that the conditions hold for, by ascending id."""
    page = page or AssetPage()
    table, around = kind.table, program.alias("around")
    joined = table.outerjoin(
        around,
        and_(
            around.c.subscription_id == table.c.subscription_id, around.c.id == kind.folder_column
        ),
    )
    query = (
        select(table, around.c.id.label("folder_id"), around.c.name.label("folder_name"))
        .select_from(joined)
        .where(
            table.c.subscription_id == subscription_id,
            table.c.id > page.after_id,
            *_conditions(kind, wanted, around),
        )
        .order_by(table.c.id)
        .limit(page.count)
        .offset(page.offset)
    )
    return [kind.build(row, _header(row)) for row in connection.execute(query)]


def find_asset(
    connection: Connection,
    subscription_id: SubscriptionId,
    kind: AssetKind[SomeAsset],
    asset_id: int,
) -> SomeAsset | None:
    """The asset with this id, if there is one."""
    found = find_assets(connection, subscription_id, kind, AssetConditions(ids=(asset_id,)))
    return found[0] if found else None


def find_channels(
    connection: Connection, subscription_id: SubscriptionId, name: str | None = None
) -> list[Channel]:
    """The channels by ascending id: all, or the one of this name."""
    query = (
        select(channel).where(channel.c.subscription_id == subscription_id).order_by(channel.c.id)
    )
    if name is not None:
        query = query.where(channel.c.name == name)
    return [
        Channel(
            id=row.id,
            name=row.name,
            description=row.description,
            applicable_program_type=row.applicable_program_type,
            statuses=msgspec.json.decode(row.statuses, type=tuple[ProgressionStatus, ...]),
            created_at=row.created_at,
            updated_at=row.updated_at,
        )
        for row in connection.execute(query)
    ]


def _conditions(
    kind: AssetKind[SomeAsset], wanted: AssetConditions, around: Any
) -> list[ColumnElement[bool]]:
    columns = kind.table.c
    found: list[ColumnElement[bool]] = []
    if wanted.ids is not None:
        found.append(columns.id.in_([one for one in wanted.ids if 0 < one <= LARGEST_ID]))
    if wanted.names is not None:
        found.append(columns.name.in_(wanted.names))
    if wanted.program_names is not None:
        found.append(around.c.name.in_(wanted.program_names))
    if wanted.folder is not None:
        found.append(_in_folder(kind.folder_column, wanted.folder))
    if wanted.earliest is not None or wanted.latest is not None:
        dates = (columns.created_at, columns.updated_at)
        found.append(or_(*(_within(one, wanted.earliest, wanted.latest) for one in dates)))
    if wanted.status is not None:
        found.append(columns.status == wanted.status)
    if wanted.campaign_type is not None:
        found.append(columns.type == wanted.campaign_type.value)
    if wanted.is_active is not None:
        found.append(columns.is_active == wanted.is_active)
    return found


def _in_folder(column: ColumnElement[int | None], folder: FolderReference) -> ColumnElement[bool]:
    if folder.is_program:
        return column == folder.id if 0 < folder.id <= LARGEST_ID else false()
    return column.is_(None) if folder.id == DEFAULT_FOLDER.id else false()


def _within(
    column: ColumnElement[datetime], earliest: datetime | None, latest: datetime | None
) -> ColumnElement[bool]:
    """Both ends inclusive, at whole seconds."""
    bounds: list[ColumnElement[bool]] = []
    if earliest is not None:
        bounds.append(column >= earliest)
    if latest is not None:
        bounds.append(column < latest + _SECOND)
    return and_(*bounds)


def _header(row: Row[Any]) -> dict[str, Any]:
    """What every asset has."""
    is_inside = row.folder_id is not None
    folder = AssetFolder(row.folder_id, row.folder_name, is_program=True)
    return {
        "id": row.id,
        "name": row.name,
        "description": row.description,
        "created_at": row.created_at,
        "updated_at": row.updated_at,
        "folder": folder if is_inside else DEFAULT_FOLDER,
    }


class StoredTag(msgspec.Struct, frozen=True, rename="camel"):
    """A tag as the table keeps it."""

    tag_type: str
    tag_value: str


class StoredCost(msgspec.Struct, frozen=True, rename="camel"):
    """A cost as the table keeps it."""

    start_date: str
    cost: int
    note: str = ""


def _program(row: Row[Any], header: dict[str, Any]) -> Program:
    tags = msgspec.json.decode(row.tags, type=list[StoredTag])
    costs = msgspec.json.decode(row.costs, type=list[StoredCost])
    return Program(
        **header,
        channel=row.channel,
        type=ProgramType(row.type),
        status=row.status,
        tags=tuple(Tag(one.tag_type, one.tag_value) for one in tags),
        costs=tuple(Cost(one.start_date, one.cost, one.note) for one in costs),
    )


def _static_list(_row: Row[Any], header: dict[str, Any]) -> StaticList:
    return StaticList(**header)


def _smart_list(row: Row[Any], header: dict[str, Any]) -> SmartList:
    return SmartList(**header, rule=row.rule)


def _form(row: Row[Any], header: dict[str, Any]) -> Form:
    fields = msgspec.json.decode(row.fields, type=tuple[str, ...])
    return Form(**header, status=FormStatus(row.status), fields=fields)


def _campaign(row: Row[Any], header: dict[str, Any]) -> Campaign:
    return Campaign(**header, type=CampaignType(row.type), is_active=row.is_active)


PROGRAMS = AssetKind(program, _program)
STATIC_LISTS = AssetKind(static_list, _static_list)
SMART_LISTS = AssetKind(smart_list, _smart_list)
FORMS = AssetKind(form, _form)
CAMPAIGNS = AssetKind(campaign, _campaign)
