"""Opening a home for one command, whether or not a server runs on it."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tailrace.cli.errors import CommandError, UsageError

if TYPE_CHECKING:
    from collections.abc import Generator
    from contextlib import AbstractContextManager
    from pathlib import Path

    from tailrace.app import Application
    from tailrace.settings import Settings


def settings_of(home: Path | None, **options: object) -> Settings:
    """The settings of this process: what was given on the command line, else the environment.

    Raises UsageError naming the option or the variable that holds a wrong value.
    """
    from pydantic import ValidationError

    from tailrace.settings import Settings

    options["home"] = home
    given = {name: value for name, value in options.items() if value is not None}
    try:
        return Settings.model_validate(given)
    except ValidationError as error:
        first = error.errors()[0]
        name = str(first["loc"][0])
        where = f"--{name.replace('_', '-')}" if name in given else f"TAILRACE_{name.upper()}"
        raise UsageError(f"{where}: {first['msg']}.") from error


def opened_home(home: Path | None, **options: object) -> AbstractContextManager[Application]:
    """The application on a home, made if need be; nothing runs in the background yet.

    Raises UsageError for wrong settings, HomeError for a home that cannot be used, CommandError
    when its database refuses.
    """
    return _opened(settings_of(home, **options), must_exist=False)


def existing_home(home: Path | None, **options: object) -> AbstractContextManager[Application]:
    """As `opened_home`, for commands that make sense only on what is there already.

    A mistyped path raises HomeError rather than being answered from a new, empty home.
    """
    return _opened(settings_of(home, **options), must_exist=True)


@contextmanager
def _opened(settings: Settings, *, must_exist: bool) -> Generator[Application]:
    from sqlalchemy.exc import DatabaseError

    from tailrace.app import open_application
    from tailrace.cli.log_output import configure_logs
    from tailrace.domain.errors import StoreUnavailableError

    configure_logs(settings.log_level, settings.log_format)
    try:
        application = open_application(settings, must_exist=must_exist)
        try:
            yield application
        finally:
            application.close()
    except DatabaseError as error:
        raise CommandError(f"The database of '{settings.home}' refused: {error.orig}.") from error
    except StoreUnavailableError as error:
        reason = getattr(error.__cause__, "orig", error.__cause__)
        raise CommandError(f"The database of '{settings.home}' refused: {reason}.") from error
