"""`tailrace channel`: channels, and the statuses that members of their programs go through."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tailrace.cli.asset import NameArgument, create_asset, found_assets, given, print_assets
from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group

if TYPE_CHECKING:
    from tailrace.domain.asset_entries import StatusEntry

app = group("Create and list channels.")


@app.command(
    epilog=example(
        "tailrace channel create Roadshow --type event --home ./tailrace-home \\",
        '    --status "Not in Program:0" --status Invited:10 --status Attended:20:success',
    )
)
def create(
    name: NameArgument,
    statuses: Annotated[
        list[str],
        typer.Option(
            "--status",
            help="A status as NAME:STEP or NAME:STEP:success; repeat it, lowest step first.",
            show_default=False,
        ),
    ],
    home: HomeOption = None,
    store: StoreOption = None,
    channel_type: Annotated[
        str,
        typer.Option("--type", help="Programs that it is for: program, event, nurture or email."),
    ] = "program",
    description: Annotated[
        str | None, typer.Option("--description", help="What people read.", show_default=False)
    ] = None,
    is_json: JsonOption = False,
) -> None:
    """Make a channel. Standard ones, such as Webinar, are made with the first program in them."""
    from tailrace.domain.asset_entries import ChannelEntry

    entry = ChannelEntry(
        name=name,
        type=channel_type,
        statuses=tuple(_status(text) for text in statuses),
        **given(description=description),  # pyright: ignore[reportArgumentType] - a text
    )
    create_asset(home, store, entry, what="channel", is_json=is_json)


@app.command("list", epilog=example("tailrace channel list --home ./tailrace-home"))
def list_channels(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show the channels and their statuses, by step."""
    found = found_assets(home, store, lambda application, own: application.assets.channels(own))
    channels: list[dict[str, object]] = [
        {
            "id": one.id,
            "name": one.name,
            "type": one.applicable_program_type,
            "statuses": [
                {"name": status.name, "step": status.step, "success": status.success}
                for status in one.statuses
            ],
            "shown": " > ".join(status.name for status in one.statuses),
        }
        for one in found
    ]
    if is_json:
        for one in channels:
            del one["shown"]
    columns = {"id": "ID", "name": "NAME", "type": "FOR", "shown": "STATUSES"}
    print_assets(channels, columns, is_json=is_json)


def _status(text: str) -> StatusEntry:
    from tailrace.domain.asset_entries import StatusEntry

    name, _, rest = text.partition(":")
    step, _, success = rest.partition(":")
    if not name or not step.isdecimal() or success not in ("", "success"):
        raise typer.BadParameter(f"'{text}' is not NAME:STEP or NAME:STEP:success.")
    return StatusEntry(name=name, step=int(step), success=bool(success))
