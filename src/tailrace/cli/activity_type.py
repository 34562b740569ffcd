"""`tailrace activity-type`: the subscription's own types of activity."""

from __future__ import annotations

from typing import Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group
from tailrace.domain.activity_types import FIRST_CUSTOM_TYPE_ID, ActivityAttribute, ActivityType

app = group("Create and list activity types.")

#: Data types that an attribute may have (contract section 6.2).
_DATA_TYPES = ("string", "text", "integer", "float", "boolean", "datetime", "date", "list")


@app.command(
    epilog=example(
        'tailrace activity-type create "Attend Webinar" --primary "Webinar ID:integer" \\',
        '    --attribute "Minutes:integer" --attribute "Room:string" --home ./tailrace-home',
    )
)
def create(
    name: Annotated[str, typer.Argument(help="Name of the type.", show_default=False)],
    home: HomeOption = None,
    store: StoreOption = None,
    type_id: Annotated[
        int | None,
        typer.Option(
            "--id", help=f"Its id. Default: the next free one from {FIRST_CUSTOM_TYPE_ID + 1} on."
        ),
    ] = None,
    description: Annotated[str, typer.Option("--description", help="What it stands for.")] = "",
    primary: Annotated[
        str | None,
        typer.Option("--primary", help="Primary attribute as NAME:TYPE.", metavar="NAME:TYPE"),
    ] = None,
    attribute: Annotated[
        list[str] | None,
        typer.Option(
            "--attribute",
            help=f"NAME:TYPE, several times; TYPE is one of {', '.join(_DATA_TYPES)}.",
            metavar="NAME:TYPE",
        ),
    ] = None,
    is_json: JsonOption = False,
) -> None:
    """Add an activity type, which activities can be loaded and exported with from now on."""
    from tailrace.cli.home import opened_home
    from tailrace.cli.output import print_json, print_line

    primary_attribute = None if primary is None else _attribute(primary)
    attributes = tuple(_attribute(text) for text in attribute or ())
    with opened_home(home, store=store) as application:
        subscription_id = application.subscriptions.default_id()
        definition = ActivityType(
            id=type_id or application.subscriptions.next_activity_type_id(subscription_id),
            name=name,
            description=description,
            primary_attribute=primary_attribute,
            attributes=attributes,
        )
        application.subscriptions.create_activity_type(subscription_id, definition)
    if is_json:
        print_json({"id": definition.id, "name": name})
    else:
        print_line(f"Activity type '{name}' has the id {definition.id}.")


@app.command("list", epilog=example("tailrace activity-type list --home ./tailrace-home"))
def list_types(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show the activity types that an export may name, and how many activities each has."""
    from tailrace.cli.home import existing_home
    from tailrace.cli.output import print_json, print_table

    with existing_home(home, store=store) as application:
        subscription_id = application.subscriptions.default_id()
        types = application.subscriptions.activity_types(subscription_id)
        counts = application.activity_counts(subscription_id)
    if is_json:
        print_json(
            [
                {"id": one.id, "name": one.name, "activities": counts.get(one.id, 0)}
                for one in types.values()
            ]
        )
    else:
        rows = [(str(one.id), one.name, counts.get(one.id, 0)) for one in types.values()]
        print_table(("ID", "NAME", "ACTIVITIES"), rows)


def _attribute(text: str) -> ActivityAttribute:
    name, separator, data_type = text.rpartition(":")
    if not separator or not name or data_type not in _DATA_TYPES:
        raise typer.BadParameter(
            f"'{text}' is not NAME:TYPE, with TYPE of {', '.join(_DATA_TYPES)}."
        )
    return ActivityAttribute(name=name, data_type=data_type)
