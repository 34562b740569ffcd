"""What the commands for programs, channels, lists, forms and campaigns have in common."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from tailrace.app import Application
    from tailrace.domain.asset_entries import (
        CampaignEntry,
        ChannelEntry,
        FormEntry,
        ListEntry,
        ProgramEntry,
        SmartListEntry,
    )
    from tailrace.domain.assets import Asset
    from tailrace.domain.export_job import SubscriptionId

    SingleEntry = (
        ProgramEntry | ChannelEntry | ListEntry | FormEntry | CampaignEntry | SmartListEntry
    )

Found = TypeVar("Found")

NameArgument = Annotated[str, typer.Argument(help="Its name.", show_default=False)]

ProgramOption = Annotated[
    str | None,
    typer.Option("--program", help="The program that it is in. Default: none.", show_default=False),
]

DescriptionOption = Annotated[
    str | None, typer.Option("--description", help="What people read.", show_default=False)
]

IdOption = Annotated[
    int | None,
    typer.Option(
        "--id", min=2, help="An id that it has elsewhere already. Default: the next free one."
    ),
]


def given(**options: object) -> dict[str, object]:
    """The options that were used: what is left out stays as it is."""
    return {name: value for name, value in options.items() if value not in (None, [])}


def create_asset(
    home: Path | None, store: str | None, entry: SingleEntry, *, what: str, is_json: bool
) -> None:
    """Store an entry, which must be of something new, and say so."""
    from tailrace.cli.home import opened_home
    from tailrace.cli.output import print_json, print_line

    with opened_home(home, store=store) as application:
        made = application.assets.create(application.subscriptions.default_id(), entry)
    if is_json:
        print_json({"id": made, "name": entry.name})
    else:
        print_line(f"The {what} '{entry.name}' has the id {made}.")


def found_assets(
    home: Path | None, store: str | None, find: Callable[[Application, SubscriptionId], list[Found]]
) -> list[Found]:
    """What `find` finds in the home."""
    from tailrace.cli.home import existing_home

    with existing_home(home, store=store) as application:
        return find(application, application.subscriptions.default_id())


def print_assets(
    assets: Sequence[Mapping[str, object]], columns: Mapping[str, str], *, is_json: bool
) -> None:
    """All members as JSON, or those that `columns` gives a heading as a table."""
    from tailrace.cli.output import print_json, print_table

    if is_json:
        print_json(assets)
        return
    rows = [[_short(one[name]) for name in columns] for one in assets]
    print_table(list(columns.values()), rows)


def header(asset: Asset) -> dict[str, object]:
    """What every asset shows."""
    from tailrace.domain.instants import format_instant

    return {
        "id": asset.id,
        "name": asset.name,
        "program": asset.folder.name if asset.folder.is_program else None,
        "description": asset.description,
        "createdAt": format_instant(asset.created_at),
        "updatedAt": format_instant(asset.updated_at),
    }


def _short(value: object) -> object:
    # Ids are names here, not quantities to be grouped; a line break would break the table.
    if isinstance(value, bool) or value is None:
        return value
    return str(value).replace("\n", " ").replace("\t", " ")
