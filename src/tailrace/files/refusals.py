"""What object storage refuses to do, as an error of ours, with a reason fit for a line of a log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from obstore.exceptions import BaseError

from tailrace.domain.errors import FilesUnavailableError

if TYPE_CHECKING:
    from collections.abc import Generator

#: What is longer is a document, of which nobody reads more.
_REASON_CHARACTERS = 400


@contextmanager
def refusals_told(*, tells_absence: bool = False) -> Generator[None]:
    """Raise FilesUnavailableError for what the library raises in the block.

    With `tells_absence`, FileNotFoundError stays as it is.
    """
    try:
        yield
    except FileNotFoundError as error:
        if tells_absence:
            raise
        raise FilesUnavailableError(reason_of(error)) from error
    except (BaseError, OSError, ValueError) as error:
        raise FilesUnavailableError(reason_of(error)) from error


def reason_of(error: BaseException) -> str:
    """The first line of what the library says: the request, how often, and the status."""
    return str(error).partition("\n")[0][:_REASON_CHARACTERS]
