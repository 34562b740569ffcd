"""`tailrace smart-list`: smart lists, by the rules that pick their leads."""

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

app = group("Create and list smart lists.")


@app.command(
    epilog=example(
        "tailrace smart-list create Germans --home ./tailrace-home \\",
        """    --rule '{"field": "country", "operator": "is", "values": ["Germany"]}'""",
    )
)
def create(
    name: NameArgument,
    rule: Annotated[
        str,
        typer.Option("--rule", help="Which leads it picks, as JSON.", show_default=False),
    ],
    home: HomeOption = None,
    store: StoreOption = None,
    program: ProgramOption = None,
    description: DescriptionOption = None,
    own_id: IdOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make a smart list, which an export can be filtered by."""
    import msgspec

    from tailrace.domain.asset_entries import SmartListEntry

    try:
        document: object = msgspec.json.decode(rule)
    except msgspec.DecodeError as error:
        raise typer.BadParameter(f"--rule is not JSON: {error}") from error
    options = given(program=program, description=description, id=own_id)
    entry = SmartListEntry(name=name, rule=document, **options)  # pyright: ignore[reportArgumentType] - options have the types of their members
    create_asset(home, store, entry, what="smart list", is_json=is_json)


@app.command("list", epilog=example("tailrace smart-list list --home ./tailrace-home"))
def list_smart_lists(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show the smart lists; with `--json` their rules, too."""
    import json

    smart_lists = [
        {**header(one), "rule": json.loads(one.rule)}
        for one in found_assets(
            home, store, lambda application, own: application.assets.smart_lists(own)
        )
    ]
    columns = {"id": "ID", "name": "NAME", "program": "PROGRAM", "updatedAt": "UPDATED"}
    print_assets(smart_lists, columns, is_json=is_json)
