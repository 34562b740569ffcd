"""`tailrace backup` and `tailrace restore`: a consistent copy of a home, and a home out of one."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from tailrace.cli.options import HomeOption, JsonOption, example

if TYPE_CHECKING:
    from tailrace.operation.backup import CopyReport

BACKUP_EPILOG = example("tailrace backup ./backups/2026-02-01 --home ./tailrace-home")
RESTORE_EPILOG = example("tailrace restore ./backups/2026-02-01 --home ./restored-home")

TargetArgument = Annotated[
    Path, typer.Argument(help="Directory to make; it must not exist.", show_default=False)
]
SourceArgument = Annotated[
    Path, typer.Argument(help="Directory that a backup made.", show_default=False)
]


def backup(target: TargetArgument, home: HomeOption = None, is_json: JsonOption = False) -> None:
    """Copy a home, whether or not a server runs on it.

    The copy is of one moment: what was acknowledged before is in it, once. It holds people's data
    and the key to every token, so keep it as you keep the home. Of a home whose store is PostgreSQL
    there is none: pg_dump is for that. Nor is there one of a home whose lake is on object storage.
    """
    from tailrace.cli.home import existing_home
    from tailrace.operation.backup import BackupSource, back_up

    with existing_home(home) as application:
        source = BackupSource(
            home=application.settings.home,
            database=application.database,
            subscription_ids=application.subscriptions.ids(),
            activity_log=application.activity_log,
            clock=application.clock,
            has_files=application.settings.files is None,
            has_lake=application.settings.lake is None,
        )
        report = back_up(source, target)
    _print(report, f"Backed up {source.home} to {target}", is_json=is_json)


def restore(source: SourceArgument, home: HomeOption = None, is_json: JsonOption = False) -> None:
    """Make a home out of a backup, every file verified; it must not exist, or be empty.

    Export jobs that were queued or processing at the moment of the backup run when it is served.
    """
    from tailrace.cli.home import settings_of
    from tailrace.operation.restore import restore as make_home

    target = settings_of(home).home
    report = make_home(source, target)
    _print(report, f"Restored {target} from {source}", is_json=is_json)


def _print(report: CopyReport, done: str, *, is_json: bool) -> None:
    from tailrace.cli.output import print_json, print_line

    if is_json:
        print_json({"files": report.file_count, "bytes": report.size_bytes})
    else:
        print_line(f"{done}: {report.file_count:,} files, {report.size_bytes:,} bytes.")
