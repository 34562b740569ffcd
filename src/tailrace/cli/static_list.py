"""`tailrace list`: static lists."""

from __future__ import annotations

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

app = group("Create and list static lists.")


@app.command(epilog=example('tailrace list create "All Customers" --home ./tailrace-home'))
def create(
    name: NameArgument,
    home: HomeOption = None,
    store: StoreOption = None,
    program: ProgramOption = None,
    description: DescriptionOption = None,
    own_id: IdOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make a static list. Leads join it over the API or by `tailrace load assets`."""
    from tailrace.domain.asset_entries import ListEntry

    options = given(program=program, description=description, id=own_id)
    entry = ListEntry(name=name, **options)  # pyright: ignore[reportArgumentType] - options have the types of their members
    create_asset(home, store, entry, what="list", is_json=is_json)


@app.command("list", epilog=example("tailrace list list --home ./tailrace-home"))
def list_lists(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show the static lists."""
    lists = [
        header(one)
        for one in found_assets(
            home, store, lambda application, own: application.assets.static_lists(own)
        )
    ]
    columns = {"id": "ID", "name": "NAME", "program": "PROGRAM", "updatedAt": "UPDATED"}
    print_assets(lists, columns, is_json=is_json)
