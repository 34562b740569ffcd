"""`tailrace field`: the subscription's own lead fields."""

from __future__ import annotations

from typing import Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group
from tailrace.domain.lead_fields import DataType

app = group("Create and list lead fields.")


@app.command(
    epilog=example(
        'tailrace field create favouriteColour --display-name "Favourite Colour" --type string \\',
        "    --length 40 --home ./tailrace-home",
    )
)
def create(
    name: Annotated[str, typer.Argument(help="REST API name.", show_default=False)],
    home: HomeOption = None,
    store: StoreOption = None,
    display_name: Annotated[
        str | None,
        typer.Option("--display-name", help="What people read. Default: the API name."),
    ] = None,
    data_type: Annotated[DataType, typer.Option("--type", help="Data type.")] = DataType.STRING,
    length: Annotated[
        int | None, typer.Option("--length", min=1, help="The longest value in characters.")
    ] = None,
    is_json: JsonOption = False,
) -> None:
    """Add a custom lead field, which leads can be loaded and exported with from now on."""
    from tailrace.cli.home import opened_home
    from tailrace.cli.output import print_json, print_line

    with opened_home(home, store=store) as application:
        field = application.subscriptions.create_lead_field(
            application.subscriptions.default_id(),
            name=name,
            display_name=display_name or name,
            data_type=data_type,
            length=length,
        )
    if is_json:
        print_json(
            {
                "id": field.id,
                "name": field.name,
                "displayName": field.display_name,
                "dataType": field.data_type.value,
                "length": field.length,
            }
        )
    else:
        print_line(f"Lead field {field.name} ({field.data_type.value}) has the id {field.id}.")


@app.command("list", epilog=example("tailrace field list --custom --home ./tailrace-home"))
def list_fields(
    home: HomeOption = None,
    store: StoreOption = None,
    is_custom: Annotated[bool, typer.Option("--custom", help="Only those added here.")] = False,
    is_json: JsonOption = False,
) -> None:
    """Show the lead fields that an export may name."""
    from tailrace.cli.home import existing_home
    from tailrace.cli.output import print_json, print_table

    with existing_home(home, store=store) as application:
        catalogue = application.subscriptions.lead_fields(application.subscriptions.default_id())
    rows = [
        {
            "name": field.name,
            "displayName": field.display_name,
            "dataType": field.data_type.value,
            "length": field.length,
            "isCustom": field.is_custom,
        }
        for field in catalogue
        if field.is_custom or not is_custom
    ]
    if is_json:
        print_json(rows)
    else:
        headings = ("NAME", "DISPLAY NAME", "TYPE", "LENGTH", "CUSTOM")
        print_table(headings, [tuple(row.values()) for row in rows])
