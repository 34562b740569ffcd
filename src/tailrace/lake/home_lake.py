"""Where the lake of a home is: in the home, or at an address that the home remembers.

Theory of operation: a command that wrote to another lake than the server reads would hide what it
wrote. So a home whose lake is elsewhere holds a file that says where, and every command goes by
it. Another address is taken only where the place is this home's already, as after a copy of all
objects, the one that says whose they are among them.
"""

from __future__ import annotations

import hashlib
from typing import TYPE_CHECKING, Protocol

from tailrace.domain.errors import HomeError
from tailrace.durability import sync_path
from tailrace.lake.directory_storage import LakeDirectory
from tailrace.lake.table_storage import LOG_DIRECTORY

if TYPE_CHECKING:
    from pathlib import Path

    from tailrace.domain.export_job import SubscriptionId
    from tailrace.lake.table_storage import TableStorage

#: The directory of the home that holds its lake, unless that is elsewhere; locks lie there, too.
LAKE_NAME = "lake"

#: The file that says where it is.
ADDRESS_NAME = "lake-address"


class Lake(Protocol):
    """The tables of all subscriptions of a home. A small value without secrets, to be pickled."""

    def table(self, subscription_id: SubscriptionId) -> TableStorage:
        """The table of a subscription's activities."""
        ...

    def claim(self) -> None:
        """Take possession. Raises HomeError if the place is another home's, or out of reach."""
        ...

    def is_claimed(self) -> bool:
        """Whether the place is this home's by now. Raises HomeError if it is out of reach."""
        ...

    def check(self) -> None:
        """Raises LakeUnavailableError if the place does not answer within some seconds."""
        ...


def lake_owner(key: bytes) -> str:
    """Whose the lake of a home with this key is; tells nothing of the key."""
    return hashlib.sha256(b"lake\n" + key).hexdigest()


def lake_address(home: Path, given: str | None, *, files: str | None) -> str | None:
    """Where the lake of the home is, if not in it: `given`, or what the home remembers.

    Raises HomeError if the home has a lake of its own, or the address is one with that of `files`.
    """
    remembered = _remembered(home)
    if given is not None and remembered is None and _has_tables(home):
        raise HomeError(f"The lake of the home '{home}' is its directory '{LAKE_NAME}'.")
    address = given or remembered
    if address is not None and files is not None and _are_within(address, files):
        raise HomeError(
            f"The lake at '{address}' and the result files at '{files}' need a place each."
        )
    return address


def lake_of(home: Path, address: str | None, *, owner: str, retry_seconds: float) -> Lake:
    """The lake at an address, or in the home. Nothing is asked or made yet."""
    if address is None:
        return LakeDirectory((home / LAKE_NAME).absolute())
    # Most homes need no object storage, and commands are to start at once.
    from tailrace.lake.object_storage import LakePlace

    return LakePlace(address.rstrip("/"), owner, retry_seconds)


def remember_address(home: Path, address: str, lake: Lake) -> None:
    """Have the home remember where its lake is, which is `lake`.

    Raises HomeError if it was elsewhere so far, and this place is not this home's.
    """
    before = _remembered(home)
    if before == address:
        return
    if before is not None and not lake.is_claimed():
        raise HomeError(
            f"The lake of the home '{home}' is at '{before}', and '{address}' is no copy of it."
        )
    partial = home / f"{ADDRESS_NAME}.part"
    partial.write_text(f"{address}\n", encoding="utf-8")
    sync_path(partial)
    partial.rename(home / ADDRESS_NAME)
    sync_path(home)


def _remembered(home: Path) -> str | None:
    path = home / ADDRESS_NAME
    return path.read_text(encoding="utf-8").strip() if path.exists() else None


def _are_within(address: str, other: str) -> bool:
    """Whether one of two addresses is the other, or below it."""
    one, two = (f"{place.rstrip('/')}/" for place in (address, other))
    return one.startswith(two) or two.startswith(one)


def _has_tables(home: Path) -> bool:
    return any((home / LAKE_NAME).glob(f"*/*/{LOG_DIRECTORY}"))
