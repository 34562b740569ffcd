"""`tailrace role`: named sets of permissions."""

from __future__ import annotations

from typing import Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group
from tailrace.domain.permissions import Permission

PermissionOption = Annotated[
    list[Permission], typer.Option("--permission", help="May be given several times.")
]

app = group("Create and list roles: sets of permissions.")


@app.command(
    epilog=example(
        'tailrace role create exporter --permission "Read-Only Lead" \\',
        '    --permission "Read-Only Activity" --home ./tailrace-home',
    )
)
def create(
    name: Annotated[str, typer.Argument(help="Name of the role.", show_default=False)],
    permission: PermissionOption,
    home: HomeOption = None,
    store: StoreOption = None,
    is_json: JsonOption = False,
) -> None:
    """Make a role; each permission's own name is a built-in role as well."""
    from tailrace.cli.home import opened_home
    from tailrace.cli.output import print_json, print_line

    permissions = sorted(set(permission))
    with opened_home(home, store=store) as application:
        subscription_id = application.subscriptions.default_id()
        application.api_users.create_role(subscription_id, name, permissions)
    if is_json:
        print_json({"role": name, "permissions": permissions})
    else:
        print_line(f"Role {name}: {', '.join(permissions)}.")


@app.command("list", epilog=example("tailrace role list --home ./tailrace-home"))
def list_roles(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show every role, built in or made, and its permissions."""
    from tailrace.cli.home import existing_home
    from tailrace.cli.output import print_json, print_table

    with existing_home(home, store=store) as application:
        roles = application.api_users.roles(application.subscriptions.default_id())
    if is_json:
        print_json([{"role": name, "permissions": sorted(of)} for name, of in roles.items()])
    else:
        rows = [(name, ", ".join(sorted(of))) for name, of in roles.items()]
        print_table(("ROLE", "PERMISSIONS"), rows)
