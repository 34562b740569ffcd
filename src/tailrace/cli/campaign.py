"""`tailrace campaign`: smart campaigns, which are described here, not run."""

from __future__ import annotations

from typing import Annotated

import typer

from tailrace.cli.asset import (
    DescriptionOption,
    IdOption,
    NameArgument,
    ProgramOption,
    create_asset,
    found_assets,
    given,
    header,
    print_assets,
)
from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group
from tailrace.domain.assets import CampaignType

app = group("Create and list smart campaigns.")


@app.command(
    epilog=example(
        'tailrace campaign create "Score visits" --type trigger --active --home ./tailrace-home'
    )
)
def create(
    name: NameArgument,
    home: HomeOption = None,
    store: StoreOption = None,
    program: ProgramOption = None,
    campaign_type: Annotated[
        CampaignType, typer.Option("--type", help="What starts it.")
    ] = CampaignType.BATCH,
    is_active: Annotated[bool, typer.Option("--active", help="Whether it is active.")] = False,
    description: DescriptionOption = None,
    own_id: IdOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make a smart campaign, which activities can name. It does nothing by itself."""
    from tailrace.domain.asset_entries import CampaignEntry

    options = given(program=program, description=description, id=own_id)
    entry = CampaignEntry(name=name, type=campaign_type, active=is_active, **options)  # pyright: ignore[reportArgumentType] - options have the types of their members
    create_asset(home, store, entry, what="campaign", is_json=is_json)


@app.command("list", epilog=example("tailrace campaign list --home ./tailrace-home"))
def list_campaigns(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show the smart campaigns."""
    campaigns = [
        {**header(one), "type": one.type.value, "active": one.is_active}
        for one in found_assets(
            home, store, lambda application, own: application.assets.campaigns(own)
        )
    ]
    columns = {
        "id": "ID",
        "name": "NAME",
        "program": "PROGRAM",
        "type": "TYPE",
        "active": "ACTIVE",
    }
    print_assets(campaigns, columns, is_json=is_json)
