"""`tailrace subscription`: limits, quota, retention and switched-on filters."""

from __future__ import annotations

from dataclasses import asdict
from typing import Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group

app = group("Show and set limits, quota and retention.")


@app.command(epilog=example("tailrace subscription show --home ./tailrace-home"))
def show(home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False) -> None:
    """Show every setting, its value and what it means."""
    from tailrace.cli.home import existing_home
    from tailrace.cli.output import print_json, print_table
    from tailrace.domain.subscription_settings import SETTINGS

    with existing_home(home, store=store) as application:
        settings = application.subscriptions.settings(application.subscriptions.default_id())
    values = asdict(settings)
    if is_json:
        print_json(values)
    else:
        rows = [(name, _shown(values[name]), one.help) for name, one in SETTINGS.items()]
        print_table(("SETTING", "VALUE", "MEANING"), rows)


@app.command(
    "set", epilog=example("tailrace subscription set quota_megabytes 2000 --home ./tailrace-home")
)
def set_value(
    name: Annotated[str, typer.Argument(help="A setting that `show` lists.", show_default=False)],
    value: Annotated[str, typer.Argument(help="Its new value.", show_default=False)],
    home: HomeOption = None,
    store: StoreOption = None,
    is_json: JsonOption = False,
) -> None:
    """Set one setting; a running server follows it from its next call on."""
    from tailrace.cli.home import opened_home
    from tailrace.cli.output import print_json, print_line

    with opened_home(home, store=store) as application:
        subscription_id = application.subscriptions.default_id()
        application.subscriptions.set(subscription_id, name, value)
        values = asdict(application.subscriptions.settings(subscription_id))
    if is_json:
        print_json({name: values[name]})
    else:
        print_line(f"{name} is {_shown(values[name])}.")


def _shown(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    # A delimiter of one blank would not be seen.
    return f"'{value}'" if isinstance(value, str) else str(value)
