"""`tailrace user`: API users."""

from __future__ import annotations

from typing import Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group
from tailrace.domain.permissions import DEFAULT_ROLE

app = group("Create and list API users.")


@app.command(
    epilog=example('tailrace user create bi@example.com --role "Read-Only" --home ./tailrace-home')
)
def create(
    email: Annotated[str, typer.Argument(help="E-mail address.", show_default=False)],
    home: HomeOption = None,
    store: StoreOption = None,
    role: Annotated[str, typer.Option("--role", help="Role; see `role list`.")] = DEFAULT_ROLE,
    is_json: JsonOption = False,
) -> None:
    """Make an API user; `service create --user` gives it credentials."""
    from tailrace.cli.home import opened_home
    from tailrace.cli.output import print_json, print_line

    with opened_home(home, store=store) as application:
        application.api_users.create(application.subscriptions.default_id(), email, role)
    if is_json:
        print_json({"user": email, "role": role})
    else:
        print_line(f"API user {email} with role {role}.")


@app.command("list", epilog=example("tailrace user list --home ./tailrace-home --json"))
def list_users(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show every API user and its role."""
    from tailrace.cli.home import existing_home
    from tailrace.cli.output import print_json, print_table

    with existing_home(home, store=store) as application:
        users = application.api_users.all(application.subscriptions.default_id())
    if is_json:
        print_json([{"user": email, "role": role} for email, role in users])
    else:
        print_table(("API USER", "ROLE"), users)
