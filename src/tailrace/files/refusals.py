"""What object storage refuses to do, as an error of ours, with a reason fit for a line of a log."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING

from tailrace.domain.errors import FilesUnavailableError
from tailrace.object_storage import REFUSALS, reason_of

if TYPE_CHECKING:
    from collections.abc import Generator


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
    except (*REFUSALS, ValueError) as error:
        raise FilesUnavailableError(reason_of(error)) from error
