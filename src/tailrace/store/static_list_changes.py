"""Static lists made, renamed and deleted, each within the caller's transaction."""

from __future__ import annotations

from typing import TYPE_CHECKING

from sqlalchemy import delete, insert, select, update

from tailrace.domain.assets import DEFAULT_FOLDER, FolderReference
from tailrace.domain.errors import (
    AssetInUseError,
    AssetNameTakenError,
    ParentFolderNotFoundError,
    SmartListWithoutRulesError,
)
from tailrace.domain.smart_list import decode_rule, lists_named
from tailrace.store.asset_query import (
    PROGRAMS,
    STATIC_LISTS,
    AssetConditions,
    find_asset,
    find_assets,
)
from tailrace.store.sequences import SequenceKind, take_numbers
from tailrace.store.tables import lead_import, smart_list, static_list, static_list_member

if TYPE_CHECKING:
    from datetime import datetime

    from sqlalchemy import Connection

    from tailrace.domain.assets import StaticList
    from tailrace.domain.export_job import SubscriptionId


def create_static_list(
    connection: Connection,
    subscription_id: SubscriptionId,
    *,
    folder: FolderReference,
    name: str,
    description: str | None,
    now: datetime,
) -> int:
    """The id of a new list. Raises ParentFolderNotFoundError or AssetNameTakenError."""
    if not _exists(connection, subscription_id, folder):
        raise ParentFolderNotFoundError
    _check_free(connection, subscription_id, folder, name)
    list_id = take_numbers(connection, subscription_id, SequenceKind.ASSET, 1)
    connection.execute(
        insert(static_list).values(
            subscription_id=subscription_id,
            id=list_id,
            name=name,
            description=description,
            program_id=folder.id if folder.is_program else None,
            created_at=now,
        )
    )
    return list_id


def change_static_list(
    connection: Connection,
    subscription_id: SubscriptionId,
    known: StaticList,
    *,
    name: str,
    description: str | None,
    now: datetime,
) -> None:
    """Give a list this name and description. Raises AssetNameTakenError."""
    if (name, description) == (known.name, known.description):
        return
    if name != known.name:
        _check_free(connection, subscription_id, known.folder.reference, name)
    connection.execute(
        update(static_list)
        .where(static_list.c.subscription_id == subscription_id, static_list.c.id == known.id)
        .values(name=name, description=description, updated_at=now)
    )


def delete_static_list(
    connection: Connection, subscription_id: SubscriptionId, list_id: int
) -> None:
    """Delete a list and its memberships.

    Raises AssetInUseError while a smart list asks for its members or an import adds some.
    """
    if list_id in _used_lists(connection, subscription_id):
        raise AssetInUseError
    for table, column in (
        (static_list_member, static_list_member.c.list_id),
        (static_list, static_list.c.id),
    ):
        connection.execute(
            delete(table).where(table.c.subscription_id == subscription_id, column == list_id)
        )


def _exists(
    connection: Connection, subscription_id: SubscriptionId, folder: FolderReference
) -> bool:
    if not folder.is_program:
        return folder.id == DEFAULT_FOLDER.id
    return find_asset(connection, subscription_id, PROGRAMS, folder.id) is not None


def _check_free(
    connection: Connection, subscription_id: SubscriptionId, folder: FolderReference, name: str
) -> None:
    wanted = AssetConditions(names=[name], folder=folder)
    if find_assets(connection, subscription_id, STATIC_LISTS, wanted):
        raise AssetNameTakenError(name)


def _used_lists(connection: Connection, subscription_id: SubscriptionId) -> set[int]:
    """Ids of the lists that something else needs."""
    unfinished = select(lead_import.c.list_id).where(
        lead_import.c.subscription_id == subscription_id,
        lead_import.c.list_id.is_not(None),
        lead_import.c.finished_at.is_(None),
    )
    rules = select(smart_list.c.rule).where(smart_list.c.subscription_id == subscription_id)
    return {
        *connection.execute(unfinished).scalars(),
        *(list_id for text in connection.execute(rules).scalars() for list_id in _lists_in(text)),
    }


def _lists_in(text: str) -> set[int]:
    """Ids of the lists that the rule of a smart list names."""
    try:
        return set(lists_named(decode_rule(text)))
    except SmartListWithoutRulesError:
        return set()
