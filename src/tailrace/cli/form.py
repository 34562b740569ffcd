"""`tailrace form`: forms."""

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
from tailrace.domain.assets import FormStatus

app = group("Create and list forms.")


@app.command(
    epilog=example(
        'tailrace form create "Contact Us" --field email --field firstName --home ./tailrace-home'
    )
)
def create(
    name: NameArgument,
    home: HomeOption = None,
    store: StoreOption = None,
    program: ProgramOption = None,
    fields: Annotated[
        list[str] | None,
        typer.Option(
            "--field", help="A lead field that it asks for; repeat it for more.", show_default=False
        ),
    ] = None,
    status: Annotated[
        FormStatus, typer.Option("--status", help="Its status.")
    ] = FormStatus.APPROVED,
    description: DescriptionOption = None,
    own_id: IdOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make a form, which activities can name."""
    from tailrace.domain.asset_entries import FormEntry

    options = given(
        program=program,
        fields=None if fields is None else tuple(fields),
        description=description,
        id=own_id,
    )
    entry = FormEntry(name=name, status=status, **options)  # pyright: ignore[reportArgumentType] - options have the types of their members
    create_asset(home, store, entry, what="form", is_json=is_json)


@app.command("list", epilog=example("tailrace form list --home ./tailrace-home"))
def list_forms(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show the forms."""
    forms = [
        {**header(one), "status": one.status.value, "fields": list(one.fields)}
        for one in found_assets(home, store, lambda application, own: application.assets.forms(own))
    ]
    columns = {"id": "ID", "name": "NAME", "program": "PROGRAM", "status": "STATUS"}
    print_assets(forms, columns, is_json=is_json)
