"""The one place where an error becomes a sentence on standard error and an exit code.

Exit codes: 0 done, 1 refused or failed (the sentence says why), 2 wrong usage, 130 interrupted.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

from tailrace.domain.errors import TailraceError

if TYPE_CHECKING:
    from collections.abc import Callable

REFUSED = 1
WRONG_USAGE = 2
#: 128 + SIGINT, as shells have it.
INTERRUPTED = 130


class CommandError(Exception):
    """A command that did not do what it was asked; its text is a sentence for its user."""

    exit_code = REFUSED


class UsageError(CommandError):
    """A value on the command line or in the environment that no command could work with."""

    exit_code = WRONG_USAGE


def exit_code_of(command: Callable[[], object], complain: Callable[[str], object]) -> int:
    """Run `command`; what it raises on purpose goes to `complain` as one sentence.

    Defects are not caught: their traceback is what a report needs.
    """
    try:
        command()
    except CommandError as error:
        complain(str(error))
        return error.exit_code
    except TailraceError as error:
        complain(str(error))
        return REFUSED
    except OSError as error:
        complain(_describe(error))
        return REFUSED
    except KeyboardInterrupt:
        return INTERRUPTED
    return 0


def _describe(error: OSError) -> str:
    what = error.strerror or str(error)
    return f"{error.filename}: {what}." if error.filename else f"{what}."
