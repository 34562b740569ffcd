"""Programs, forms, static lists and smart lists: found by id or by the names they go by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from sqlalchemy import Table, select

from tailrace.domain.activity_types import AssetGroup
from tailrace.domain.asset_names import AssetName
from tailrace.domain.errors import AmbiguousNameError, ObjectNotFoundError
from tailrace.store.tables import form, program, smart_list, static_list

if TYPE_CHECKING:
    from sqlalchemy import Connection

    from tailrace.domain.export_job import SubscriptionId

#: A bound against a program nested in itself by hand-edited data.
_MAXIMUM_NESTING = 20


@dataclass(frozen=True, slots=True)
class _NamedAsset:
    id: int
    name: AssetName


def static_list_id(connection: Connection, subscription_id: SubscriptionId, name: str) -> int:
    """The one static list called `name`, or `Program.List`.

    Raises ObjectNotFoundError or AmbiguousNameError (contract section 5.2).
    """
    return _id_by_name(_assets(connection, subscription_id, static_list), name)


def smart_list_id(connection: Connection, subscription_id: SubscriptionId, name: str) -> int:
    """The one smart list called `name`, or `Program.List`. Raises as `static_list_id` does."""
    return _id_by_name(_assets(connection, subscription_id, smart_list), name)


def has_static_list(connection: Connection, subscription_id: SubscriptionId, list_id: int) -> bool:
    query = select(static_list.c.id).where(
        static_list.c.subscription_id == subscription_id, static_list.c.id == list_id
    )
    return connection.execute(query).first() is not None


def smart_list_rule(
    connection: Connection, subscription_id: SubscriptionId, list_id: int
) -> str | None:
    """The JSON text of a smart list's rule, or None where there is no such list."""
    query = select(smart_list.c.rule).where(
        smart_list.c.subscription_id == subscription_id, smart_list.c.id == list_id
    )
    return connection.execute(query).scalar()


def names_of_group(
    connection: Connection, subscription_id: SubscriptionId, group: AssetGroup
) -> list[AssetName]:
    """The names of every asset that a primary attribute filter of this group may mean.

    Lead fields go by their display names alone and need no look-up (contract section 5.3).
    """
    tables = {
        AssetGroup.MARKETING_PROGRAM: program,
        AssetGroup.STATIC_LIST: static_list,
        AssetGroup.WEB_FORM: form,
    }
    if group not in tables:
        return []
    return [asset.name for asset in _assets(connection, subscription_id, tables[group])]


def _id_by_name(assets: list[_NamedAsset], name: str) -> int:
    exact = {asset.id for asset in assets if name in (asset.name.name, asset.name.stored)}
    matching = exact or {asset.id for asset in assets if name in asset.name.spellings}
    if not matching:
        raise ObjectNotFoundError
    if len(matching) > 1:
        raise AmbiguousNameError(name)
    return matching.pop()


def _assets(
    connection: Connection, subscription_id: SubscriptionId, table: Table
) -> list[_NamedAsset]:
    chains = _program_chains(connection, subscription_id)
    is_program = table is program
    rows = connection.execute(select(table).where(table.c.subscription_id == subscription_id))
    return [
        _NamedAsset(
            row.id,
            AssetName(
                program_chain=chains[row.id][:-1] if is_program else chains.get(row.program_id, ()),
                name=row.name,
                is_program=is_program,
            ),
        )
        for row in rows
    ]


def _program_chains(
    connection: Connection, subscription_id: SubscriptionId
) -> dict[int | None, tuple[str, ...]]:
    """The names from the outermost program down to each program itself, by program id."""
    rows = connection.execute(
        select(program.c.id, program.c.name, program.c.parent_id).where(
            program.c.subscription_id == subscription_id
        )
    )
    programs = {row.id: (row.name, row.parent_id) for row in rows}

    def chain(program_id: int, depth: int) -> tuple[str, ...]:
        name, parent_id = programs[program_id]
        if parent_id is None or depth == _MAXIMUM_NESTING:
            return (name,)
        return (*chain(parent_id, depth + 1), name)

    return {program_id: chain(program_id, 0) for program_id in programs}
