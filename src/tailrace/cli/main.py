"""The `tailrace` command: which commands there are. What each does is in the module it names.

Nothing heavy is imported here, nor at the top of those modules: `--help` must answer at once.
"""

from __future__ import annotations

import gc
import sys

import typer

from tailrace import __version__
from tailrace.cli import (
    activity_type,
    backup,
    campaign,
    certificate,
    channel,
    demo,
    doctor,
    field,
    form,
    load,
    load_assets,
    program,
    redirect,
    role,
    seed,
    serve,
    service,
    smart_list,
    static_list,
    subscription,
    user,
)
from tailrace.cli.errors import exit_code_of
from tailrace.cli.options import example
from tailrace.cli.output import complain, print_line

app = typer.Typer(
    name="tailrace",
    help="A self-hosted bulk extract server for leads and their activity log.",
    no_args_is_help=True,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)

app.command("serve", epilog=serve.EPILOG)(serve.serve)
load.app.command("assets", epilog=load_assets.EPILOG)(load_assets.assets)
app.add_typer(load.app, name="load")
app.command("seed", epilog=seed.EPILOG)(seed.seed)
app.command("demo", epilog=demo.EPILOG)(demo.demo)
app.command("doctor", epilog=doctor.EPILOG)(doctor.doctor)
app.command("backup", epilog=backup.BACKUP_EPILOG)(backup.backup)
app.command("restore", epilog=backup.RESTORE_EPILOG)(backup.restore)
app.add_typer(certificate.app, name="certificate")
app.command(
    "redirect",
    epilog=redirect.EPILOG,
    # What follows the client's name is the client's.
    context_settings={"allow_interspersed_args": False},
)(redirect.redirect)
app.add_typer(service.app, name="service")
app.add_typer(user.app, name="user")
app.add_typer(role.app, name="role")
app.add_typer(subscription.app, name="subscription")
app.add_typer(field.app, name="field")
app.add_typer(activity_type.app, name="activity-type")
app.add_typer(channel.app, name="channel")
app.add_typer(program.app, name="program")
app.add_typer(campaign.app, name="campaign")
app.add_typer(static_list.app, name="list")
app.add_typer(form.app, name="form")
app.add_typer(smart_list.app, name="smart-list")


@app.command(epilog=example("tailrace version"))
def version() -> None:
    """Print the version."""
    print_line(__version__)


#: Objects between two looks of the garbage collector. Starting makes hundreds of thousands that
#: stay: with Python's 700 a seventh of the time goes into looking at them.
_COLLECTOR_THRESHOLD = 50_000


def run() -> None:
    """The console script: run the command line and leave with an exit code of `cli.errors`."""
    gc.set_threshold(_COLLECTOR_THRESHOLD)
    exit_code = exit_code_of(app, complain)
    # The process ends: what it still holds goes with it, and need not be searched for cycles.
    gc.freeze()
    sys.exit(exit_code)
