"""`tailrace service`: custom services and their credentials."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, StoreOption, example, group

if TYPE_CHECKING:
    from tailrace.store.identity import ServiceCredentials

app = group("Manage custom services, which hold credentials.")

ClientId = Annotated[str, typer.Argument(help="The service's client id.", show_default=False)]


@app.command(
    epilog=example(
        "tailrace service create --home ./tailrace-home --user etl@example.com --json",
        'tailrace service create --user bi@example.com --role "Read-Only"',
    )
)
def create(
    user: Annotated[
        str,
        typer.Option("--user", help="E-mail address of its API user, who is made if need be."),
    ],
    home: HomeOption = None,
    store: StoreOption = None,
    role: Annotated[
        str | None,
        typer.Option("--role", help="Role of a new API user. Default: every permission."),
    ] = None,
    name: Annotated[str, typer.Option("--name", help="What people call it.")] = "custom service",
    is_json: JsonOption = False,
) -> None:
    """Make a custom service and print its credentials, which are shown only this once."""
    from tailrace.cli.home import opened_home

    with opened_home(home, store=store) as application:
        subscription_id = application.subscriptions.default_id()
        credentials = application.identity.create_service(
            subscription_id, user, role_name=role, name=name
        )
    print_credentials(credentials, is_json=is_json)


@app.command("list", epilog=example("tailrace service list --home ./tailrace-home"))
def list_services(
    home: HomeOption = None, store: StoreOption = None, is_json: JsonOption = False
) -> None:
    """Show every custom service, its API user and role, and whether it was revoked."""
    from tailrace.cli.home import existing_home
    from tailrace.cli.output import print_json, print_table
    from tailrace.domain.instants import format_instant

    with existing_home(home, store=store) as application:
        services = application.identity.services(application.subscriptions.default_id())
    rows = [
        {
            "clientId": service.client_id,
            "name": service.name,
            "user": service.user,
            "role": service.role,
            "createdAt": format_instant(service.created_at),
            "revokedAt": service.revoked_at and format_instant(service.revoked_at),
        }
        for service in services
    ]
    if is_json:
        print_json(rows)
    else:
        headings = ("CLIENT ID", "NAME", "API USER", "ROLE", "CREATED", "REVOKED")
        print_table(headings, [tuple(row.values()) for row in rows])


@app.command(
    epilog=example(
        "tailrace service rotate 5a4bb6d1-6bd4-4a0c-b3a3-9f5cf2ac8d1e --home ./tailrace-home --json"
    )
)
def rotate(
    client_id: ClientId,
    home: HomeOption = None,
    store: StoreOption = None,
    is_json: JsonOption = False,
) -> None:
    """Give a service a new secret; the old one and its tokens stop working at once."""
    from tailrace.cli.home import existing_home

    with existing_home(home, store=store) as application:
        credentials = application.identity.rotate_service(client_id)
    print_credentials(credentials, is_json=is_json)


@app.command(
    epilog=example(
        "tailrace service revoke 5a4bb6d1-6bd4-4a0c-b3a3-9f5cf2ac8d1e --home ./tailrace-home"
    )
)
def revoke(
    client_id: ClientId,
    home: HomeOption = None,
    store: StoreOption = None,
    is_json: JsonOption = False,
) -> None:
    """End a service: its secret and tokens stop working at once, its API user's jobs stay."""
    from tailrace.cli.home import existing_home
    from tailrace.cli.output import print_json, print_line

    with existing_home(home, store=store) as application:
        application.identity.revoke_service(client_id)
    if is_json:
        print_json({"clientId": client_id, "revoked": True})
    else:
        print_line(f"Service {client_id} is revoked.")


def print_credentials(credentials: ServiceCredentials, *, is_json: bool) -> None:
    from tailrace.cli.output import print_json, print_line

    if is_json:
        print_json(
            {
                "clientId": credentials.client_id,
                "clientSecret": credentials.client_secret,
                "user": credentials.user,
            }
        )
        return
    print_line(f"  client id      {credentials.client_id}")
    print_line(f"  client secret  {credentials.client_secret}")
    print_line(f"  API user       {credentials.user}")
