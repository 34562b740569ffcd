"""`tailrace program`: programs."""

from __future__ import annotations

from typing import Annotated

import typer

from tailrace.cli.asset import (
    DescriptionOption,
    IdOption,
    NameArgument,
    create_asset,
    found_assets,
    given,
    header,
    print_assets,
)
from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group
from tailrace.domain.assets import ProgramType

app = group("Create and list programs.")

TypeOption = Annotated[
    ProgramType | None,
    typer.Option("--type", help="Default: what the channel is for.", show_default=False),
]


@app.command(
    epilog=example(
        "tailrace program create Nurture --channel Nurture --home ./tailrace-home",
        'tailrace program create "Spring Webinar" --channel Webinar --program Nurture \\',
        "    --tag Region=EMEA --home ./tailrace-home",
    )
)
def create(
    name: NameArgument,
    channel: Annotated[
        str,
        typer.Option(
            "--channel",
            help="Its channel: one made with `channel create`, or a standard one.",
            show_default=False,
        ),
    ],
    home: HomeOption = None,
    store: StoreOption = None,
    program: Annotated[
        str | None,
        typer.Option("--program", help="The program that it is nested in.", show_default=False),
    ] = None,
    program_type: TypeOption = None,
    status: Annotated[
        str | None,
        typer.Option(
            "--status",
            help="on or off for Engagement, unlocked, locked or completed for Email.",
            show_default=False,
        ),
    ] = None,
    tags: Annotated[
        list[str] | None,
        typer.Option("--tag", help="A tag as TYPE=VALUE; repeat it for more.", show_default=False),
    ] = None,
    description: DescriptionOption = None,
    own_id: IdOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make a program, which leads can become members of."""
    from tailrace.domain.asset_entries import ProgramEntry

    options = given(
        program=program,
        type=program_type,
        status=status,
        tags=_tags(tags or []),
        description=description,
        id=own_id,
    )
    entry = ProgramEntry(name=name, channel=channel, **options)  # pyright: ignore[reportArgumentType] - options have the types of their members
    create_asset(home, store, entry, what="program", is_json=is_json)


@app.command("list", epilog=example("tailrace program list --home ./tailrace-home"))
def list_programs(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show the programs."""
    programs = [
        {
            **header(one),
            "channel": one.channel,
            "type": one.type.value,
            "status": one.status,
            "tags": {tag.type: tag.value for tag in one.tags},
        }
        for one in found_assets(
            home, store, lambda application, own: application.assets.programs(own)
        )
    ]
    columns = {
        "id": "ID",
        "name": "NAME",
        "program": "INSIDE",
        "channel": "CHANNEL",
        "type": "TYPE",
        "status": "STATUS",
    }
    print_assets(programs, columns, is_json=is_json)


def _tags(texts: list[str]) -> dict[str, str] | None:
    pairs = [text.partition("=") for text in texts]
    for tag_type, equals, value in pairs:
        if not (tag_type and equals and value):
            raise typer.BadParameter(f"'{tag_type}{equals}{value}' is not TYPE=VALUE.")
    return {tag_type: value for tag_type, _, value in pairs} or None
